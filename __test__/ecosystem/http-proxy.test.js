'use strict';

// http-proxy: our server and client in one process, between a client and an origin on the built-in http.

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const { Readable } = require('node:stream');
const { after, before, describe, it } = require('node:test');
const WebSocket = require('ws');
const { ways, start } = require('./ways');
const { startOrigin } = require('./origin');
const { ask } = require('./ask');

const mebi = 1024 * 1024;

for (const way of ways) {
  describe(`http-proxy with ${way.name}`, () => {
    let origin;
    let sockets;
    let proxy;
    let port;

    before(async () => {
      origin = await startOrigin();
      sockets = new WebSocket.WebSocketServer({ server: origin.plain });
      sockets.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));
      proxy = await start(way, 'http-proxy.js', origin.url);
      port = proxy.ready.port;
    });
    after(async () => {
      await proxy?.stop();
      sockets?.close();
      await origin?.stop();
    });

    it('stands on the http that is meant', () => {
      assert.equal(proxy.ready.ours, way.ours);
    });

    it('forwards a request with its headers, and returns the answer', async () => {
      const res = await ask(port, '/echo', { method: 'POST', headers: { 'X-Test': 'ok' }, body: 'body' });
      const echoed = res.json();
      assert.deepEqual([echoed.method, echoed.url, echoed.body, echoed.headers['x-test']], ['POST', '/echo', 'body', 'ok']);
      assert.equal(echoed.headers['x-forwarded-for'], '127.0.0.1');
    });

    it('keeps the number of connections to the origin small', async () => {
      origin.reset();
      const agent = new http.Agent({ keepAlive: true });
      await Promise.all(Array.from({ length: 40 }, async () => assert.equal((await ask(port, '/small', { agent })).text, 'small answer')));
      agent.destroy();
      assert.ok(origin.seen.connections <= 4, `${origin.seen.connections} connections`);
    });

    it('forwards large bodies both ways', async () => {
      const sent = Readable.from(Array.from({ length: 160 }, () => Buffer.alloc(65536, 'u')));
      assert.equal((await ask(port, '/count', { method: 'PUT', body: sent })).json().bytes, 10 * mebi);
      assert.equal((await ask(port, `/large/${10 * mebi}`)).body.length, 10 * mebi);
    });

    it('forwards an upgrade and what follows it', async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
      await once(socket, 'open');
      const data = randomBytes(200000);
      socket.send(data);
      assert.deepEqual((await once(socket, 'message'))[0], data);
      socket.close();
      await once(socket, 'close');
    });

    it('answers 502 when the origin resets', async () => {
      const res = await ask(port, '/reset');
      assert.equal(res.status, 502);
      assert.match(res.text, /ECONNRESET/);
    });
  });
}
