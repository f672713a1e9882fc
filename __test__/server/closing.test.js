'use strict';

const { closesIdle, closesUnused } = require('../../lib/compat/node-features');
const assert = require('node:assert');
const http = require('node:http');
const net = require('node:net');
const test = require('node:test');
const { once } = require('node:events');
const { setTimeout: pass } = require('node:timers/promises');
const { Server, createServer } = require('../..');
const { get } = require('./exchange');
const { turns } = require('../support/turns');

async function connections(port, inputs) {
  return Promise.all(inputs.map(async (input) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.closed_ = once(socket, 'close').then(() => true);
    if (input) {
      socket.write(input);
      if (input.endsWith('\r\n\r\n') && !input.includes('/hold')) await once(socket, 'data');
    }
    await turns(30);
    socket.resume();
    return socket;
  }));
}

const isClosed = (socket) => Promise.race([socket.closed_, turns(60).then(() => false)]);

async function start() {
  const server = createServer((req, res) => {
    if (req.url !== '/hold') res.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return [server, server.address().port];
}

const KINDS = [get(), get('/hold'), 'GET / HT', ''];

test('closeIdleConnections closes connections without a request in progress or an awaited response', async () => {
  const [server, port] = await start();
  const sockets = await connections(port, KINDS);
  server.closeIdleConnections();
  assert.deepStrictEqual(await Promise.all(sockets.map(isClosed)), [true, false, false, closesUnused]);
  server.closeAllConnections();
  server.close();
});

test('closeAllConnections closes every connection', async () => {
  const [server, port] = await start();
  const sockets = await connections(port, KINDS);
  server.closeAllConnections();
  assert.deepStrictEqual(await Promise.all(sockets.map(isClosed)), [true, true, true, true]);
  server.close();
});

/** Milliseconds that are more than one step of a coarse clock. */
const STEP = 25;

// Connections within a request, one that waits for its next, and one that has sent nothing; the requests begin in an order of their own. (Node has
// several that wait in the order of their addresses.)
async function orderOfCloses(server) {
  const order = [];
  let count = 0;
  server.on('request', (req, res) => { if (req.url !== '/hold') res.end('ok'); });
  server.on('connection', (socket) => {
    const n = count++;
    socket.on('close', () => order.push(n));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clients = [];
  for (let n = 0; n < 5; n++) {
    const client = net.connect(server.address().port, '127.0.0.1').on('error', () => {});
    clients.push(client);
    await Promise.all([once(client, 'connect'), once(server, 'connection')]);
    await pass(STEP);
  }
  for (const n of [3, 0, 2]) {
    clients[n].write('POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n');
    await once(server, 'request');
    await pass(STEP);
  }
  clients[1].write(get());
  await once(clients[1], 'data');
  await turns(30);
  server.closeAllConnections();
  server.close();
  while (order.length < clients.length) await turns(1);
  return order;
}

for (const transport of ['native', 'stream', 'offload']) {
  test(`closeAllConnections closes in the order of the built-in (${transport})`, async () => {
    assert.deepStrictEqual(await orderOfCloses(createServer({ transport })), await orderOfCloses(http.createServer()));
  });
}

test('close closes idle connections, and calls back when the last one is gone', async () => {
  const [server, port] = await start();
  const [idle, held] = await connections(port, KINDS.slice(0, 2));
  const closed = new Promise((resolve) => server.close(resolve));
  // In Node 18 only closeIdleConnections() does this.
  assert.deepStrictEqual([await isClosed(idle), await isClosed(held)], [closesIdle, false]);
  idle.destroy();
  held.destroy();
  assert.strictEqual(await closed, undefined);
});

test('a server that does not listen can be closed only with an error', async () => {
  const error = await new Promise((resolve) => createServer().close(resolve));
  assert.strictEqual(error.code, 'ERR_SERVER_NOT_RUNNING');
  createServer().closeAllConnections();
  createServer().closeIdleConnections();
});

test('a server disposes of itself', { skip: !(Symbol.asyncDispose in Server.prototype) && 'not on this line' }, async () => {
  const [server] = await start();
  await server[Symbol.asyncDispose]();
  assert.strictEqual(server.listening, false);
});
