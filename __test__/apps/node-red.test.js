'use strict';

const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { once } = require('node:events');
const WebSocket = require('ws');
const { launch, skip: noBrowser } = require('../examples/browser');
const { directory, raw, request, sameInAll, skip, twoArms } = require('./arms');
const { freePort } = require('../support/port');

const nodeRed = path.join(__dirname, 'node_modules/node-red/red.js');
const settings = {
  uiHost: '127.0.0.1', flowFile: 'flows.json', credentialSecret: 'of the test', telemetry: { enabled: false }, editorTheme: { tours: false, projects: { enabled: false } },
  externalModules: { palette: { allowInstall: false } }, diagnostics: { enabled: false }, logging: { console: { level: 'info' } },
};

let browser;
before(async () => {
  if (!skip && !noBrowser) browser = await launch();
});
after(() => browser?.close());

/** Opens the editor, deploys from elsewhere, and checks that the editor is notified. */
async function edit(url, deploy) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(60000);
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('requestfailed', (failed) => wrong.push(`${failed.url()} ${failed.failure().errorText}`));
  const sockets = [];
  page.on('websocket', (socket) => sockets.push(new URL(socket.url()).pathname));
  await page.goto(url);
  await page.waitForSelector('.red-ui-palette-node');
  const nodes = await page.locator('.red-ui-palette-node').count();
  await deploy();
  // Over its WebSocket.
  await page.waitForFunction(() => globalThis.document.body.textContent.includes('The flows on the server have been updated'));
  await page.close();
  return { nodes, sockets: [...new Set(sockets)], wrong };
}

test('Node-RED: its editor in Chromium, deployed flows that serve, ask and talk', { skip: skip || noBrowser }, async (t) => {
  const found = await sameInAll(t, twoArms, async (start) => {
    const dir = directory(t, 'node-red');
    const port = await freePort();
    fs.writeFileSync(path.join(dir, 'settings.js'), `module.exports = ${JSON.stringify({ ...settings, uiPort: port })};\n`);
    const app = start([nodeRed, '--settings', path.join(dir, 'settings.js'), '--userDir', dir], { cwd: dir, env: { HOME: dir } });
    await app.said(/Started flows/);
    const flows = fs.readFileSync(path.join(__dirname, 'programs/node-red-flows.json'), 'utf8').replace('PORT', String(port));
    const masks = [[new RegExp(`\\b${port}\\b`, 'g'), 'PORT'], [/"rev":"[0-9a-f]+"/, '"rev"'], [/^(?:etag|last-modified): .*$/gmi, 'tag'], [/\?v=[\w-]+/g, '?v'], [/"_msgid":"[0-9a-f]+"/g, '"id"']];
    let deployed;
    const seen = await edit(`http://127.0.0.1:${port}/`, async () => {
      deployed = await raw(port, request('POST', '/flows', { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': 'full' }, flows), masks);
      await app.said(/Started flows/, 2);
    });
    const ask = (...args) => raw(port, request(...args), masks);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
    await once(socket, 'open');
    socket.send('a flow answers');
    const [data] = await once(socket, 'message');
    socket.terminate();
    return {
      seen, deployed, echoed: data.toString(),
      page: await ask('GET', '/'),
      zipped: (await ask('GET', '/red/red.min.js', { 'Accept-Encoding': 'gzip' })).length,
      served: await ask('POST', '/sum/1', { 'Content-Type': 'application/json' }, '{"numbers":[2,3]}'),
      asked: await ask('GET', '/asks'),
      flows: await ask('GET', '/flow/tab', { Accept: 'application/json' }),
      settings: (await ask('GET', '/settings')).split('\r\n\r\n')[0].replace(/content-length: \d+/i, 'length'),
      missing: await ask('GET', '/missing'),
      exit: await app.end('SIGTERM'),
    };
  });
  assert.ok(found.seen.nodes > 30, `${found.seen.nodes} nodes`);
  assert.deepEqual(found.seen.sockets, ['/comms']);
  assert.deepEqual(found.seen.wrong, []);
  assert.match(found.served, /^HTTP\/1\.1 201 Created\r\n[^]*X-Made: by a flow\r\n[^]*\{"sum":6\}$/);
  assert.match(found.asked, /\{"sum":13\}/);
  assert.equal(found.echoed, 'a flow answers');
});
