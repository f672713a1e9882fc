'use strict';

// The page of `npm start`, in Chromium. The screenshots go to target/screenshots.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { launch, skip } = require('../examples/browser');
const { Running } = require('../support/process');
const { root } = require('./extract');

const screenshots = path.join(root, 'target/screenshots');

let browser;
before(async () => {
  if (!skip) browser = await launch();
  fs.mkdirSync(screenshots, { recursive: true });
});
after(() => browser?.close());

for (const transport of ['native', 'stream', 'offload']) {
  test(`the page says what serves it, and shows its numbers as they grow (transport ${transport})`, { skip, timeout: 120_000 }, async (t) => {
    const server = new Running(['node', path.join(root, 'scripts/start.js')], { env: { RUST_HTTP_TRANSPORT: transport } });
    t.after(() => server.kill());
    const [, url] = await server.said(/(http:\S+\/):/);
    const page = await browser.newPage({ viewport: { width: 800, height: 1000 } });
    t.after(() => page.close());
    const wrong = [];
    page.on('pageerror', (error) => wrong.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    await page.goto(url);
    await page.waitForFunction(() => globalThis.document.getElementById('transport').textContent !== '');
    assert.equal(await page.textContent('#transport'), transport);
    assert.equal(await page.textContent('#version'), `rust-http ${require('../../package.json').version}, ${process.platform} ${process.arch}`);
    assert.equal(await page.textContent('#node'), process.version);
    const requests = async () => Number((await page.textContent('#requests')).replaceAll(',', ''));
    const first = await requests();
    assert.ok(first >= 4, `${first} requests`);
    await page.click('#ask');
    await page.waitForFunction(() => globalThis.document.getElementById('asked').textContent !== '', undefined, { timeout: 60_000 });
    assert.match(await page.textContent('#asked'), /^1,000 right answers in \d+ ms$/);
    await page.waitForFunction((wanted) => Number(globalThis.document.getElementById('requests').textContent.replaceAll(',', '')) === wanted, first + 1000);
    // At rest again: the line has risen and fallen.
    await page.waitForFunction(() => globalThis.document.getElementById('rate').textContent === '0');
    const line = await page.getAttribute('#line', 'd');
    const heights = line.slice(1).split('L').map((point) => Number(point.split(',')[1]));
    assert.ok(heights.length >= 3 && Math.min(...heights) < 100 && heights.at(-1) === 130, line);
    assert.equal(await page.textContent('#parseErrors'), '0');
    await page.screenshot({ path: path.join(screenshots, `start-${transport}.png`), fullPage: true });
    assert.deepEqual(wrong, []);
  });
}
