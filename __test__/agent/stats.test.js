'use strict';
// What agent.stats() reports about connections, reuse, bytes and errors.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { until } = require('../transport/ways');

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/**
 * Runs `use` with the port of a server that passes each piece of input to `answer(peer, text)`; `peers` are its
 * connections.
 */
async function against(answer, use) {
  const peers = [];
  const server = net.createServer((peer) => {
    peers.push(peer);
    peer.on('error', () => {});
    peer.on('data', (data) => answer(peer, String(data)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(server.address().port, peers);
  } finally {
    for (const peer of peers) peer.destroy();
    server.close();
  }
}

/** Makes a request; resolves when the connection is free again or the request has failed with `error`. */
function ask(port, agent, options = {}) {
  return new Promise((resolve) => {
    const req = http.get({ host: '127.0.0.1', port, agent, ...options }, (res) => res.resume());
    let error;
    req.on('error', (reason) => { error = reason; });
    req.on('close', () => setImmediate(resolve, { req, error }));
  });
}

test('a request that gets a kept connection counts as reused', () => against((peer) => peer.write(ANSWER), async (port) => {
  const agent = new http.Agent({ keepAlive: true, transport: 'stream' });
  const nothing = {
    transport: 'stream', attached: 0, open: 0, streamed: {},
    connections: { opened: 0, open: 0, idle: 0, active: 0 }, waiting: 0, requests: 0, reused: 0, stale: 0, expired: 0, retried: 0, bytesRead: 0, bytesWritten: 0,
    parseErrors: {}, otherErrors: {},
  };
  assert.deepEqual(agent.stats(), nothing);
  const asked = ask(port, agent);
  assert.deepEqual(agent.stats().connections, { opened: 1, open: 1, idle: 0, active: 1 });
  const { req } = await asked;
  await ask(port, agent);
  await ask(port, agent);
  const { bytesRead, bytesWritten } = req.socket;
  assert.equal(bytesRead, 3 * ANSWER.length);
  const sums = { requests: 3, reused: 2, bytesRead, bytesWritten };
  assert.deepEqual(agent.stats(), { ...nothing, ...sums, connections: { opened: 1, open: 1, idle: 1, active: 0 } });
  agent.destroy();
  await once(req.socket, 'close');
  assert.deepEqual(agent.stats(), { ...nothing, ...sums, connections: { opened: 1, open: 0, idle: 0, active: 0 } });
}));

test('waiting requests are counted, and so is the kind of connection that they got', () => against((peer) => setImmediate(() => peer.write(ANSWER)), async (port) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const asked = [1, 2, 3].map(() => ask(port, agent));
  assert.deepEqual([agent.stats().waiting, agent.stats().connections.active], [2, 1]);
  await Promise.all(asked);
  const { requests, reused, waiting, connections } = agent.stats();
  assert.deepEqual({ requests, reused, waiting, opened: connections.opened }, { requests: 3, reused: 2, waiting: 0, opened: 1 });
  agent.destroy();
}));

test('after the server has closed, a waiting request gets a new connection and does not count as reused', () => against((peer) => peer.end(ANSWER.replace('\r\n', '\r\nConnection: close\r\n')), async (port) => {
  const agent = new http.Agent({ maxSockets: 1 });
  await Promise.all([1, 2, 3].map(() => ask(port, agent)));
  const { requests, reused, connections } = agent.stats();
  assert.deepEqual({ requests, reused, opened: connections.opened }, { requests: 3, reused: 0, opened: 3 });
  agent.destroy();
}));

test('kept connections that went bad are stale, once each', { skip: process.platform === 'win32' && 'the look at a socket is that of unix' },
     () => against((peer) => peer.write(ANSWER), async (port, peers) => {
       const agent = new http.Agent({ keepAlive: true });
       // Found at the next request, before the event loop has seen it.
       await ask(port, agent);
       peers[0].destroy();
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
       await ask(port, agent);
       assert.equal(agent.stats().stale, 1);
       // Unrequested bytes, seen while it is idle.
       peers[1].write('unasked');
       await until(() => agent.stats().connections.open === 0);
       const { stale, requests, reused, otherErrors, parseErrors } = agent.stats();
       assert.deepEqual({ stale, requests, reused, otherErrors, parseErrors }, { stale: 2, requests: 2, reused: 0, otherErrors: {}, parseErrors: {} });
       agent.destroy();
     }));

test('failed requests are counted by code, parse errors separately', () => against((peer, text) => {
  if (text.startsWith('GET /reset')) peer.resetAndDestroy();
  else peer.end('nonsense\r\n\r\n');
}, async (port) => {
  const agent = new http.Agent({ keepAlive: true });
  assert.match((await ask(port, agent)).error.code, /^HPE_/);
  const { code } = (await ask(port, agent)).error;
  assert.equal((await ask(port, agent, { path: '/reset' })).error.code, 'ECONNRESET');
  const closed = net.createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const nobody = closed.address().port;
  await new Promise((resolve) => { closed.close(resolve); });
  await ask(nobody, agent);
  const failing = new http.Agent();
  failing.createConnection = (options, callback) => { callback(Object.assign(new Error('no'), { code: 'ENONE' })); };
  await ask(port, failing);
  const { parseErrors, otherErrors, connections } = agent.stats();
  assert.deepEqual({ parseErrors, otherErrors }, { parseErrors: { [code]: 2 }, otherErrors: { ECONNRESET: 1, ECONNREFUSED: 1 } });
  assert.deepEqual(connections, { opened: 4, open: 0, idle: 0, active: 0 });
  assert.deepEqual(failing.stats().otherErrors, { ENONE: 1 });
}));

test('agents of other classes are left as they are', () => against((peer) => peer.end(ANSWER), async (port) => {
  const foreign = Object.freeze({
    protocol: 'http:',
    addRequest(req, options) {
      req.onSocket(net.connect({ ...options, path: undefined, port: options.path === '/bad' ? 1 : port }));
    },
  });
  assert.equal((await ask(port, foreign)).error, undefined);
  assert.equal((await ask(port, foreign, { path: '/bad' })).error.code, 'ECONNREFUSED');
}));

test('agents of https have stats too', () => {
  assert.deepEqual(new https.Agent().stats(), new http.Agent().stats());
  assert.equal(Object.keys(http.Agent.prototype).includes('stats'), false);
});
