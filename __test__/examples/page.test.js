'use strict';
// examples/page in a browser: upload with progress, server-sent events, WebSocket. The screenshots go to target/screenshots.

const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { launch, skip } = require('./browser');
const { start } = require('./start');

const screenshots = path.resolve(__dirname, '../../target/screenshots');
const MIB = 1024 * 1024;

let browser;
before(async () => {
  if (!skip) browser = await launch();
  fs.mkdirSync(screenshots, { recursive: true });
});
after(() => browser?.close());

/** Opens a page and collects its errors. */
async function open(t, url) {
  const page = await browser.newPage({ viewport: { width: 800, height: 720 } });
  t.after(() => page.close());
  page.setDefaultTimeout(20_000);
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text());
  });
  page.on('requestfailed', (request) => wrong.push(`${request.url()} ${request.failure().errorText}`));
  await page.goto(url);
  await page.waitForFunction(() => globalThis.document.getElementById('events').value.startsWith('connected'));
  return { page, wrong };
}

const bar = (page, id) => page.locator(`#${id}`).evaluate((element) => element.value);

for (const transport of ['native', 'stream']) {
  const env = { RUST_HTTP_TRANSPORT: transport };

  test(`an upload shows how much is sent, and receives how much has arrived (transport ${transport})`, { skip, timeout: 60_000 }, async (t) => {
    const { url } = await start(t, 'page/server.js', { env });
    const { page, wrong } = await open(t, url);
    const data = randomBytes(8 * MIB);
    await page.setInputFiles('#file', { name: 'data.bin', mimeType: 'application/octet-stream', buffer: data });
    // 4 MiB a second, so that the progress bars are seen half-way.
    const network = await page.context().newCDPSession(page);
    await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 4 * MIB });
    await page.click('#upload');
    await page.waitForFunction(() => {
      const [sent, received] = ['sent', 'received'].map((id) => globalThis.document.getElementById(id).value);
      return sent > 0.2 && sent < 1 && received > 0.2 && received < 1;
    });
    await page.screenshot({ path: path.join(screenshots, `upload-${transport}.png`) });
    await page.waitForFunction(() => globalThis.document.getElementById('digest').textContent !== '');
    assert.equal(await page.textContent('#digest'), createHash('sha256').update(data).digest('hex'));
    await page.waitForFunction(() => globalThis.document.getElementById('received').value === 1);
    assert.equal(await bar(page, 'sent'), 1);
    const heard = Number(/(\d+) heard/.exec(await page.locator('#events').evaluate((element) => element.value))[1]);
    assert.ok(heard > 20, `${heard} events`);
    await page.screenshot({ path: path.join(screenshots, `uploaded-${transport}.png`) });
    assert.deepEqual(wrong, []);
  });

  test(`a WebSocket of the page is answered in order (transport ${transport})`, { skip, timeout: 60_000 }, async (t) => {
    const { url } = await start(t, 'page/server.js', { env });
    const { page, wrong } = await open(t, url);
    const texts = ['Hello over a WebSocket', 'grüße €', 'x'.repeat(5000)];
    for (const text of texts) {
      await page.fill('#text', text);
      await page.click('#say button');
    }
    await page.waitForFunction((count) => globalThis.document.querySelectorAll('#said li').length === count, texts.length);
    assert.deepEqual(await page.locator('#said li').allTextContents(), texts);
    assert.deepEqual(wrong, []);
    await page.screenshot({ path: path.join(screenshots, `echo-${transport}.png`) });
  });

  test(`the events resume after the server was restarted (transport ${transport})`, { skip, timeout: 60_000 }, async (t) => {
    const first = await start(t, 'page/server.js', { env });
    const { page } = await open(t, first.url);
    await first.stop();
    await page.waitForFunction(() => globalThis.document.getElementById('events').value === 'connecting again');
    await start(t, 'page/server.js', { env: { ...env, PORT: String(first.port) } });
    await page.waitForFunction(() => globalThis.document.getElementById('events').value === 'connected');
    await page.setInputFiles('#file', { name: 'data.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(MIB) });
    await page.click('#upload');
    await page.waitForFunction(() => globalThis.document.getElementById('received').value === 1);
  });
}
