'use strict';
// Connections that go bad while idle in the pool: closed by the server, reset, or with bytes that no request asked for.

const assert = require('node:assert/strict');
const { fork } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');
const { before, test } = require('node:test');
const builtin = require('node:http');
const http = require('../..');
const { exchange, listening } = require('../support/exchange');

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

/** How many requests the storm makes; the figure in the documents is for 10,000. */
const REQUESTS = Number(process.env.STALE_REQUESTS ?? 10_000);

/** Whether the built-in agent checks a kept socket before using it, as the last releases since 22 do. */
let looks = false;

/** Answers each request; `peers` are the server's ends of the connections. */
function answering() {
  const peers = [];
  // Without delay, so that the client has what is written at once, acknowledged or not.
  const server = net.createServer({ noDelay: true }, (peer) => {
    peers.push(peer);
    peer.on('error', () => {});
    peer.on('data', () => peer.write(ANSWER));
  });
  return { peers, server };
}

/** Lets the kernel deliver without the event loop seeing it. */
function blockFor(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const WAYS = [
  ['closed', (peer) => peer.destroy()],
  ['reset', (peer) => peer.resetAndDestroy()],
  ['sent bytes on', (peer) => peer.write(POISON)],
];

for (const [name, spoil] of WAYS) {
  test(`a kept connection that was ${name} is replaced before a request is sent on it`, { skip: process.platform === 'win32' && 'the look at a socket is that of unix' }, async () => {
    const { peers, server } = answering();
    const port = await listening(server);
    const agent = new http.Agent({ keepAlive: true });
    const first = await exchange(http, { port, agent });
    // In the tick of the request, before the event loop can notice.
    spoil(peers[0]);
    blockFor(5);
    const second = await exchange(http, { port, agent });
    assert.equal(second.body, 'ok');
    assert.notEqual(second.socket, first.socket);
    assert.equal(first.socket.destroyed, true);
    assert.equal(second.req.reusedSocket, false);
    agent.destroy();
    server.close();
    for (const peer of peers) peer.destroy();
  });
}

for (const transport of ['native', 'stream']) {
  for (const [name, spoil] of WAYS) {
    test(`${transport}: a kept connection that was ${name} after a request had got it is replaced before that request is sent`, { skip: process.platform === 'win32' && 'the look at a socket is that of unix' }, async () => {
      const { peers, server } = answering();
      const port = await listening(server);
      const agent = new http.Agent({ keepAlive: true, transport });
      // The core reads from the second request on.
      await exchange(http, { port, agent });
      const { socket } = await exchange(http, { port, agent });
      assert.equal(peers.length, 1);
      const replaced = exchange(http, { port, agent });
      assert.equal(agent.sockets[agent.getName({ host: '127.0.0.1', port })][0], socket);
      spoil(peers[0]);
      blockFor(5);
      const { body, req } = await replaced;
      assert.equal(body, 'ok');
      assert.equal(req.reusedSocket, false);
      assert.notEqual(req.socket, socket);
      assert.equal(socket.destroyed, true);
      const { requests, stale } = agent.stats();
      assert.deepEqual({ requests, stale }, { requests: 3, stale: 1 });
      agent.destroy();
      server.close();
      for (const peer of peers) peer.destroy();
    });
  }
}

test('a request that waits for the place of a spoiled connection gets it', { skip: process.platform === 'win32' && 'the look at a socket is that of unix' }, async () => {
  const { peers, server } = answering();
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  await exchange(http, { port, agent });
  const both = [exchange(http, { port, agent }), exchange(http, { port, agent })];
  peers[0].resetAndDestroy();
  blockFor(5);
  for (const { body } of await Promise.all(both)) assert.equal(body, 'ok');
  assert.equal(peers.length, 2);
  agent.destroy();
  server.close();
  for (const peer of peers) peer.destroy();
});

test('bytes that arrive on an idle connection end it at once, with no listener to be seen', async () => {
  const { peers, server } = answering();
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true });
  const { socket } = await exchange(http, { port, agent });
  assert.equal(socket.listenerCount('data'), 0);
  assert.equal(socket.listenerCount('readable'), 0);
  const closed = once(socket, 'close');
  peers[0].write(POISON);
  await closed;
  assert.equal(agent.totalSocketCount, 0);
  assert.deepEqual(Object.keys(agent.freeSockets), []);
  server.close();
  for (const peer of peers) peer.destroy();
});

test('bytes that follow a complete response while the request is still being written keep the connection out of the pool', async () => {
  const server = net.createServer((peer) => {
    peer.on('error', () => {});
    peer.once('data', () => {
      peer.write(ANSWER);
      setTimeout(() => peer.write(POISON), 10);
    });
  });
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true });
  const req = http.request({ port, host: '127.0.0.1', method: 'POST', agent });
  const closed = once(req, 'close');
  req.write('a');
  const [res] = await once(req, 'response');
  res.resume();
  while (req.socket.bytesRead < ANSWER.length + POISON.length && !req.socket.destroyed) await new Promise((resolve) => setTimeout(resolve, 1));
  req.end('b');
  await closed;
  await new Promise(setImmediate);
  assert.equal(req.socket.destroyed, true);
  assert.deepEqual(Object.keys(agent.freeSockets), []);
  server.close();
});

before(async () => {
  const { peers, server } = answering();
  const port = await listening(server);
  const agent = new builtin.Agent({ keepAlive: true });
  const first = await exchange(builtin, { port, agent });
  peers[0].resetAndDestroy();
  blockFor(5);
  looks = await exchange(builtin, { port, agent }).then(({ socket }) => socket !== first.socket, () => false);
  agent.destroy();
  server.close();
  for (const peer of peers) peer.destroy();
});

/** Makes requests one after the other, each after the time at which the server may close; counts failures by code. */
async function storm(module, port, count, options) {
  const agent = new module.Agent({ keepAlive: true, ...options });
  let failures = 0;
  let reused = 0;
  let next = 0;
  async function one() {
    while (next < count) {
      next++;
      const req = module.get({ port, host: '127.0.0.1', agent });
      await new Promise((resolve) => {
        req.on('response', (res) => res.resume());
        req.on('error', () => failures++);
        req.on('close', resolve);
      });
      if (req.reusedSocket) reused++;
      // The server's close may be on its way right now.
      blockFor(Math.random() * 0.2);
      if (Math.random() < 0.5) await new Promise(setImmediate);
    }
  }
  await Promise.all(Array.from({ length: 8 }, one));
  agent.destroy();
  return { failures, reused };
}

test(`a server that closes idle connections at the worst moment fails no more requests on our agent than on the built-in one (${REQUESTS} requests)`, { skip: process.platform === 'win32' && 'the look at a socket is that of unix' }, async (t) => {
  const server = fork(path.join(__dirname, 'closing-server.js'));
  const [port] = await once(server, 'message');
  const theirs = await storm(builtin, port, REQUESTS);
  const mine = await storm(http, port, REQUESTS, { transport: 'native' });
  const streamed = await storm(http, port, REQUESTS, { transport: 'stream' });
  server.disconnect();
  const per = (result) => `${(result.failures * 10_000 / REQUESTS).toFixed(1)} failures per 10,000 requests (${result.reused} on reused sockets)`;
  t.diagnostic(`built-in agent: ${per(theirs)}`);
  t.diagnostic(`our agent:      ${per(mine)}`);
  t.diagnostic(`       stream:  ${per(streamed)}`);
  assert.ok(mine.reused > 0 && streamed.reused > 0);
  // What remains is a close that is still on the wire when the request leaves: no client can see that. If both check,
  // both fail equally often, by chance.
  const most = theirs.failures + (looks ? 4 * Math.sqrt(2 * theirs.failures + 1) : 0);
  for (const { failures } of [mine, streamed]) assert.ok(failures <= most, `${failures} > ${theirs.failures}`);
});
