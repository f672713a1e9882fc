'use strict';
// The lists of events in the section on http.request of the documentation, each as a test, with the built-in client
// compared with ours. Where the running Node's order differs from the text, this file has Node's: on an early end,
// 'error' of the response follows 'close' of the request, since a destroyed stream emits its error in a later tick; and
// 'abort' of a request without a socket follows its 'close', which was due a tick before.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const builtin = require('node:http');
const ours = require('../..');
const { PART, WHOLE, play, step } = require('./scenario');

const HANG_UP = 'error: socket hang up (ECONNRESET)';
const CUT = ['res.aborted', 'close', 'res.error: aborted (ECONNRESET)', 'res.close'];

const whole = (peer) => peer.write(WHOLE);
const part = (peer) => peer.write(PART);
const destroy = step('destroy', (req) => req.destroy());
const destroyWith = step('destroy', (req) => req.destroy(new Error('mine')));
const abort = step('abort', (req) => req.abort());

const LISTS = [
  ['a successful request', { server: whole },
    ['socket', 'response', 'res.data', 'res.end', 'res.close', 'close']],
  ['a successful request without a body', { server: (peer) => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n') },
    ['socket', 'response', 'res.end', 'res.close', 'close']],
  ['a successful request whose socket is kept',
    { server: whole, options: { keepAlive: true } },
    ['socket', 'response', 'res.data', 'res.end', 'close', 'res.close']],
  ['a connection error', { options: { lookup: (host, opts, callback) => callback(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' })), host: 'x.invalid' } },
    ['socket', 'error: no such host (ENOTFOUND)', 'close']],
  ['a connection that closes before the response', { server: (peer) => peer.end() },
    ['socket', HANG_UP, 'close']],
  ['a connection that closes within the head', { server: (peer) => peer.end('HTTP/1.1 200 OK\r\nConte') },
    ['socket', HANG_UP, 'close']],
  ['a connection that closes within the body', { server: (peer) => peer.end(PART) },
    ['socket', 'response', 'res.data', ...CUT]],
  ['a connection that is reset within the body',
    { server: part, at: { data: (req) => req.socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' })) } },
    ['socket', 'response', 'res.data', 'error: reset (ECONNRESET)', ...CUT]],
  ['destroy() before a socket is assigned', { server: whole, at: { made: destroy } },
    ['<destroy>', HANG_UP, 'close']],
  ['destroy(error) before a socket is assigned', { server: whole, at: { made: destroyWith } },
    ['<destroy>', 'error: mine (undefined)', 'close']],
  ['destroy() before the connection succeeds', { server: whole, at: { socket: destroy } },
    ['socket', '<destroy>', HANG_UP, 'close']],
  ['destroy() after the connection succeeds', { server: whole, at: { connect: destroy } },
    ['socket', '<destroy>', HANG_UP, 'close']],
  ['destroy() after the response is received', { server: part, at: { data: destroy } },
    ['socket', 'response', 'res.data', '<destroy>', ...CUT]],
  ['destroy(error) after the response is received', { server: part, at: { data: destroyWith } },
    ['socket', 'response', 'res.data', '<destroy>', 'error: mine (undefined)', ...CUT]],
  ['destroy() after the response has ended', { server: whole, at: { end: destroy } },
    ['socket', 'response', 'res.data', 'res.end', '<destroy>', 'res.close', 'close']],
  ['abort() before a socket is assigned', { server: whole, at: { made: abort } },
    ['<abort>', 'close', 'abort']],
  ['abort() before the connection succeeds', { server: whole, at: { socket: abort } },
    ['socket', '<abort>', 'abort', HANG_UP, 'close']],
  ['abort() after the connection succeeds', { server: whole, at: { connect: abort } },
    ['socket', '<abort>', 'abort', HANG_UP, 'close']],
  ['abort() after the response is received', { server: part, at: { data: abort } },
    ['socket', 'response', 'res.data', '<abort>', 'abort', ...CUT]],
  ['abort() after the response has ended', { server: whole, at: { end: abort } },
    ['socket', 'response', 'res.data', 'res.end', '<abort>', 'abort', 'res.close', 'close']],
  ['abort() called twice', { server: whole, at: { made: step('twice', (req) => { req.abort(); req.abort(); }) } },
    ['<twice>', 'close', 'abort']],
  ['100 Continue and other interim responses',
    { server: (peer) => peer.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${WHOLE}`) },
    ['socket', 'continue', 'information', 'information', 'response', 'res.data', 'res.end', 'res.close', 'close']],
  ['the timeout option', { server: (peer) => setTimeout(() => peer.write(WHOLE), 60), options: { timeout: 15 } },
    ['socket', 'timeout', 'response', 'res.data', 'res.end', 'res.close', 'close']],
  ['setTimeout()', { server: (peer) => setTimeout(() => peer.write(WHOLE), 60), at: { made: (req) => req.setTimeout(15) } },
    ['socket', 'timeout', 'response', 'res.data', 'res.end', 'res.close', 'close']],
];

for (const [name, scenario, expected] of LISTS) {
  test(`${name}: the documented events in their order`, async () => {
    const { keepAlive, ...options } = scenario.options ?? {};
    const run = (http) => play(http, { server: whole, ...scenario,
      options: keepAlive ? { ...options, agent: new http.Agent({ keepAlive }) } : options });
    const [mine, theirs] = [await run(ours), await run(builtin)];
    assert.deepEqual(theirs, expected, 'the built-in client');
    assert.deepEqual(mine, expected, 'our client');
  });
}

test('an AbortSignal does what destroy() does, with an AbortError', async () => {
  for (const http of [builtin, ours]) {
    const early = new AbortController();
    early.abort();
    assert.deepEqual(await play(http, { server: whole, options: { signal: early.signal } }),
                     ['error: The operation was aborted (ABORT_ERR)', 'close']);
    const late = new AbortController();
    assert.deepEqual(
      await play(http, { server: part, options: { signal: late.signal }, at: { data: () => late.abort() } }),
      ['socket', 'response', 'res.data', 'error: The operation was aborted (ABORT_ERR)', ...CUT]);
  }
});

test('a response without a listener is discarded, and the request closes', async () => {
  const server = ours.createServer((req, res) => res.end('x'.repeat(100_000)));
  await new Promise((resolve) => {
    server.listen(0, resolve);
  });
  const agent = new ours.Agent({ keepAlive: true });
  const req = ours.get({ port: server.address().port, agent });
  await new Promise((resolve) => {
    req.on('close', resolve);
  });
  assert.equal(req.res.complete, true);
  await new Promise(setImmediate);
  assert.equal(Object.values(agent.freeSockets).flat().length, 1);
  agent.destroy();
  server.close();
});
