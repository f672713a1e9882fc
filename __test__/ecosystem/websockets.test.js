'use strict';

// WebSockets over our servers; the peer is ws over the built-in client.

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { after, before, describe, it } = require('node:test');
const WebSocket = require('ws');
const { io } = require('socket.io-client');
const { ways, start } = require('./ways');
const { ask } = require('./ask');

async function echoes(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
  await once(socket, 'open');
  const large = randomBytes(1024 * 1024);
  for (const sent of ['first', 'grüße €', large]) {
    socket.send(sent);
    const [data, isBinary] = await once(socket, 'message');
    assert.equal(isBinary, Buffer.isBuffer(sent));
    assert.deepEqual(isBinary ? data : data.toString(), sent);
  }
  socket.ping('still there?');
  const [pong] = await once(socket, 'pong');
  assert.equal(pong.toString(), 'still there?');
  socket.close(4001, 'enough');
  const [code, reason] = await once(socket, 'close');
  assert.deepEqual([code, reason.toString()], [4001, 'enough']);
}

for (const way of ways) {
  describe(`ws on an Express server with ${way.name}`, () => {
    let app;
    let port;

    before(async () => {
      app = await start(way, 'ws.js');
      port = app.ready.port;
    });
    after(() => app?.stop());

    it('stands on the http that is meant', () => {
      assert.equal(app.ready.ours, way.ours);
    });

    it('echoes text, binary data of 1 MiB, answers a ping and closes with a code', () => echoes(port));

    it('gives url and headers of the upgrade request to the handler', async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/rooms?name=blue`, { headers: { 'X-User': 'ann' } });
      const [data] = await once(socket, 'message');
      assert.equal(data.toString(), 'room blue ann');
      socket.terminate();
    });

    it('lets a listener refuse an upgrade', async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/secret`);
      const [, res] = await once(socket, 'unexpected-response');
      assert.equal(res.statusCode, 401);
      res.resume();
    });

    it('still answers plain requests while sockets are open', async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
      await once(socket, 'open');
      assert.equal((await ask(port, '/hello')).text, 'hello');
      socket.terminate();
    });

    it('serves 50 sockets at once', async () => {
      const sockets = await Promise.all(Array.from({ length: 50 }, async (_, i) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
        await once(socket, 'open');
        socket.send(`socket ${i}`);
        const [data] = await once(socket, 'message');
        assert.equal(data.toString(), `socket ${i}`);
        return socket;
      }));
      for (const socket of sockets) socket.terminate();
    });
  });

  describe(`ws attached to a server with ${way.name}`, () => {
    let app;

    before(async () => {
      app = await start(way, 'ws-server.js');
    });
    after(() => app?.stop());

    it('echoes, and the server answers plain requests too', async () => {
      await echoes(app.ready.port);
      assert.equal((await ask(app.ready.port, '/')).text, 'hello');
    });

    it('answers 400 for an upgrade on a path that is not its own', async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${app.ready.port}/other`);
      const [, res] = await once(socket, 'unexpected-response');
      assert.equal(res.statusCode, 400);
      res.resume();
    });
  });

  describe(`socket.io with ${way.name}`, () => {
    let app;

    before(async () => {
      app = await start(way, 'socket-io.js');
    });
    after(() => app?.stop());

    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
      it(`answers over ${transports.join(', then ')}`, async () => {
        const socket = io(`http://127.0.0.1:${app.ready.port}`, { transports, forceNew: true, reconnection: false });
        try {
          assert.equal(await socket.timeout(10000).emitWithAck('sum', [1, 2, 3]), 6);
        } finally {
          socket.disconnect();
        }
      });
    }
  });
}
