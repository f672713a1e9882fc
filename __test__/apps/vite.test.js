'use strict';

const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { once } = require('node:events');
const { WebSocketServer } = require('ws');
const { launch, skip: noBrowser } = require('../examples/browser');
const { directory, raw, request, sameInAll, skip, twoArms, whole } = require('./arms');
const { freePort } = require('../support/port');

const vite = path.join(__dirname, 'node_modules/vite/bin/vite.js');

let browser;
let backend;
before(async () => {
  if (skip || noBrowser) return;
  browser = await launch();
  backend = http.createServer((req, res) => req.pipe(res.writeHead(200, { 'X-Seen': `${req.method} ${req.url}` })));
  new WebSocketServer({ server: backend }).on('connection', (socket) => socket.on('message', (data) => socket.send(`you said ${data}`)));
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
});
after(async () => {
  await browser?.close();
  backend?.closeAllConnections();
  backend?.close();
});

/** Creates a project. */
function project(t) {
  const dir = directory(t, 'vite');
  fs.cpSync(path.join(__dirname, 'vite'), dir, { recursive: true });
  return dir;
}

const has = (page, id, text) => page.waitForFunction(([at, wanted]) => globalThis.document.getElementById(at)?.textContent === wanted, [id, text]);
const colour = (page) => page.locator('#text').evaluate((element) => globalThis.getComputedStyle(element).color);

// In one step: Vite may read a file between its truncation and its new content, and then shows an empty file (with the
// built-in too).
function replaceFile(dir, name, text) {
  fs.writeFileSync(`${dir}.new`, text);
  fs.renameSync(`${dir}.new`, path.join(dir, name));
}

async function edit(page, dir) {
  const seen = [];
  await has(page, 'text', 'first');
  await has(page, 'api', 'through the proxy');
  await has(page, 'talk', 'you said hello');
  seen.push(await colour(page));
  await page.evaluate(() => {
    globalThis.sinceLoaded = 'kept';
  });
  replaceFile(dir, 'src/text.mjs', "export const text = 'second';\n");
  await has(page, 'text', 'second');
  replaceFile(dir, 'src/style.css', 'p { color: rgb(3, 2, 1); }\n');
  await page.waitForFunction(() => globalThis.getComputedStyle(globalThis.document.getElementById('text')).color === 'rgb(3, 2, 1)');
  seen.push(await page.evaluate(() => globalThis.sinceLoaded));
  replaceFile(dir, 'index.html', fs.readFileSync(path.join(dir, 'index.html'), 'utf8').replace('<p id="text">', '<p id="text" title="reloaded">'));
  await page.waitForSelector('p[title=reloaded]');
  await has(page, 'text', 'second');
  seen.push(await page.evaluate(() => String(globalThis.sinceLoaded)));
  return seen;
}

test('Vite: modules, a proxy with WebSockets, and changes that Chromium shows without and with a reload', { skip: skip || noBrowser }, async (t) => {
  const { port: behind } = backend.address();
  const found = await sameInAll(t, twoArms, async (start) => {
    const dir = project(t);
    const port = await freePort();
    const app = start([vite, '--port', String(port)], { cwd: dir, env: { BACKEND: String(behind) } });
    assert.equal(await app.port(), port);
    const masks = [[new RegExp(`\\b${port}\\b`, 'g'), 'PORT'], [new RegExp(fs.realpathSync(dir), 'g'), 'DIR'], [/wsToken = "[^"]*"/g, 'wsToken'], [/\b[tv]=[0-9a-f]+/g, 'v'], [/^(?:etag|last-modified): .*$/gmi, 'tag'], [/(sourceMappingURL=data:\S+|"mtime":\d+)/g, 'map']];
    const answers = {};
    for (const target of ['/', '/src/main.mjs', '/src/style.css', '/src/text.mjs', '/missing', '/src/missing.js', '/@vite/client', '/../package.json']) {
      answers[target] = await raw(port, request('GET', target, { Host: `127.0.0.1:${port}` }), masks);
    }
    // The part that depends on this start varies in length.
    answers['/@vite/client'] = answers['/@vite/client'].replace(/^content-length: .*$/mi, 'length');
    answers.proxied = whole(await raw(port, request('POST', '/api/echo?x=1', { Host: `127.0.0.1:${port}` }, 'x'.repeat(100000)), masks));
    answers.otherHost = await raw(port, request('GET', '/', { Host: 'other.test' }), masks);
    const page = await browser.newPage();
    page.setDefaultTimeout(60000);
    await page.goto(`http://127.0.0.1:${port}/`);
    answers.seen = await edit(page, dir);
    await page.close();
    return { ...answers, exit: await app.end('SIGTERM') };
  });
  assert.match(found['/src/main.mjs'], /^HTTP\/1\.1 200 OK\r\n[^]*import\.meta\.hot/);
  assert.match(found.proxied, /x-seen: POST \/api\/echo\?x=1\r\n/i);
  assert.match(found.otherHost, /^HTTP\/1\.1 403 /);
  assert.deepEqual(found.seen, ['rgb(1, 2, 3)', 'kept', 'undefined']);
});
