'use strict';

const assert = require('node:assert');
const diagnostics = require('node:diagnostics_channel');
const test = require('node:test');
const { AsyncLocalStorage } = require('node:async_hooks');
const { PerformanceObserver } = require('node:perf_hooks');
const { execFileSync } = require('node:child_process');
const events = require('node:events');
const http = require('node:http');
const path = require('node:path');
const { createServer } = require('../..');
const { exchange, get, serving, statuses } = require('./exchange');

test('the http.server channels publish each request and response', async () => {
  const seen = [];
  const listeners = ['http.server.request.start', 'http.server.response.finish'].map((name) => {
    const listener = ({ request, response, socket, server }) => {
      seen.push([name, request.url, response.req === request, request.socket === socket, server.listening]);
    };
    diagnostics.channel(name).subscribe(listener);
    return [name, listener];
  });
  await serving(createServer((req, res) => res.end()), (port) => exchange(port, get('/a')));
  for (const [name, listener] of listeners) diagnostics.channel(name).unsubscribe(listener);
  assert.deepStrictEqual(seen, listeners.map(([name]) => [name, '/a', true, true, true]));
});

test('a performance observer sees an entry per request, and none after it has disconnected', async () => {
  const entries = [];
  const observer = new PerformanceObserver((list) => entries.push(...list.getEntries()));
  observer.observe({ type: 'http' });
  const server = createServer((req, res) => {
    res.writeHead(404, { 'X-A': 'b' });
    res.end();
  });
  await serving(server, async (port) => {
    await exchange(port, get('/seen'));
    observer.disconnect();
    await exchange(port, get('/unseen'));
  });
  assert.deepStrictEqual(entries.map(({ name, entryType, detail }) => [name, entryType, detail.req.url, detail.res.statusCode]), [
    ['HttpRequest', 'http', '/seen', 404],
  ]);
  assert.ok(entries[0].duration >= 0);
});

test('a context entered in a handler does not leak into other connections', async () => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const server = createServer((req, res) => {
    seen.push(storage.getStore());
    storage.run(req.url, () => setTimeout(() => res.end(storage.getStore()), 5));
  });
  await serving(server, async (port) => {
    const answers = await Promise.all(['/a', '/b', '/c'].map((url) => exchange(port, get(url))));
    assert.deepStrictEqual(answers.map(({ text }) => text.slice(-2)), ['/a', '/b', '/c']);
  });
  assert.deepStrictEqual(seen, [undefined, undefined, undefined]);
});

test('a handler that rejects is answered with 500 when captureRejections is set', async () => {
  events.captureRejections = true;
  const server = createServer(async (req, res) => {
    res.setHeader('X-Private', '1');
    if (req.url === '/sent') res.flushHeaders();
    throw new Error('rejected');
  });
  events.captureRejections = false;
  await serving(server, async (port) => {
    const { text } = await exchange(port, get());
    assert.deepStrictEqual([statuses(text), /X-Private/.test(text)], [[500], false]);
    assert.strictEqual((await exchange(port, get('/sent'))).closed, true);
  });
});

test('register puts ours wherever a program looks for http', () => {
  const program = `
    import http, { createServer } from 'node:http';
    import * as bare from 'http';
    import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(__filename)});
    const ours = require('../..');
    const places = [http, bare, require('http'), require('node:http'), bare.default];
    if (process.getBuiltinModule) places.push(process.getBuiltinModule('http'));
    const names = ['Server', 'ServerResponse', 'IncomingMessage', 'OutgoingMessage', 'createServer', 'Agent', 'request'];
    console.log(JSON.stringify([
      places.every((place) => names.every((name) => place[name] === ours[name])), createServer === ours.createServer,
      require('_http_common').HTTPParser === require('../../lib/parser/parser').HTTPParser, require('_http_server').Server === ours.Server,
      Object.getPrototypeOf(require('https').Agent) === ours.Agent,
    ]));`;
  const register = path.resolve(__dirname, '../../lib/register.js');
  const output = execFileSync(process.execPath, ['--require', register, '--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  assert.deepStrictEqual(JSON.parse(output), [true, true, true, true, true]);
});

test('register leaves no warning and no global', () => {
  const program = 'console.log(Object.keys(globalThis).join())';
  const register = path.resolve(__dirname, '../../lib/register.js');
  const run = (...args) => execFileSync(process.execPath, [...args, '--pending-deprecation', '--throw-deprecation', '--eval', program]).toString();
  assert.strictEqual(run('--require', register), run());
});

test('the names of import are those of require', async () => {
  const imported = await import('../../lib/index.mjs');
  const ours = require('../..');
  assert.deepStrictEqual(Object.keys(imported).filter((name) => name !== 'default' && imported[name] !== undefined).sort(), Object.keys(ours).sort());
  for (const name of Object.keys(ours)) assert.strictEqual(imported[name], ours[name], name);
  assert.strictEqual(imported.default, ours);
});

// What a server shows of an exchange to a 'finish' listener, and in the tick after it.
async function seenAtFinish(create) {
  const seen = [];
  const server = create((req, res) => {
    const look = (when) => { seen.push([when, res.closed, res.destroyed, res.writableFinished, res.socket === null]); };
    res.on('finish', () => {
      look('finish');
      process.nextTick(look, 'tick');
      setImmediate(look, 'immediate');
    });
    res.end('x');
  });
  server.listen(0, '127.0.0.1');
  await events.once(server, 'listening');
  const agent = new http.Agent({ keepAlive: true });
  const response = await new Promise((resolve) => { http.get({ port: server.address().port, host: '127.0.0.1', agent }, resolve); });
  response.resume();
  await events.once(response, 'end');
  await new Promise(setImmediate);
  agent.destroy();
  server.close();
  await events.once(server, 'close');
  return seen;
}

test('a listener of finish alone sees an exchange that is not closed, as in the built-in', async () => {
  assert.deepStrictEqual(await seenAtFinish(createServer), await seenAtFinish(http.createServer));
});
