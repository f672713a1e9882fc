'use strict';
// The examples between a client and a server.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { Readable } = require('node:stream');
const { test } = require('node:test');
const { ask } = require('../ecosystem/ask');
const { start } = require('./start');

/** A server of the built-in http that answers with the request it got, and the number of its connections. */
async function origin(t) {
  const connections = new Set();
  const server = http.createServer(async (req, res) => {
    connections.add(req.socket);
    let bytes = 0;
    for await (const piece of req) bytes += piece.length;
    if (req.url === '/cut') {
      res.writeHead(200, { 'Content-Length': 10 });
      res.write('half', () => req.socket.destroy());
      return;
    }
    const body = JSON.stringify({ method: req.method, url: req.url, bytes, headers: req.headers });
    res.writeHead(203, 'Fine', { 'X-Of': 'origin', 'Connection': 'X-Hop, keep-alive', 'X-Hop': '1', 'Set-Cookie': ['a=1', 'b=2'] });
    res.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address();
  return { port, connections, url: `http://127.0.0.1:${port}` };
}

test('reverse-proxy.js forwards requests and answers without hop-by-hop fields, over kept connections', async (t) => {
  const behind = await origin(t);
  const { port } = await start(t, 'reverse-proxy.js', { args: [behind.url] });
  const headers = { 'Connection': 'X-Mine', 'X-Mine': '1', 'Host': 'example.test', 'X-Kept': 'yes' };
  const got = await ask(port, '/a?b=c', { headers });
  assert.deepEqual([got.status, got.headers['x-of'], got.headers['x-hop'], got.headers['set-cookie']], [203, 'origin', undefined, ['a=1', 'b=2']]);
  const seen = got.json();
  assert.deepEqual([seen.method, seen.url, seen.headers.host, seen.headers['x-kept'], seen.headers['x-mine']], ['GET', '/a?b=c', 'example.test', 'yes', undefined]);
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');

  const counted = await ask(port, '/', { method: 'PUT', headers: { 'Content-Length': 5 }, body: 'hello' });
  assert.deepEqual([counted.json().bytes, counted.json().headers['content-length']], [5, '5']);
  const pieces = Array.from({ length: 40 }, () => Buffer.alloc(65536, 'x'));
  const chunked = await ask(port, '/', { method: 'POST', body: Readable.from(pieces) });
  assert.deepEqual([chunked.json().bytes, chunked.json().headers['transfer-encoding']], [40 * 65536, 'chunked']);
  assert.equal((await ask(port, '/', { method: 'HEAD' })).body.length, 0);
  assert.equal(behind.connections.size, 1);

  await assert.rejects(ask(port, '/cut'), /aborted|ECONNRESET/);
  assert.equal((await ask(port, '/after')).status, 203);
});

test('reverse-proxy.js answers 502 when its origin is closed', async (t) => {
  const closed = net.createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const nobody = closed.address().port;
  closed.close();
  const { port } = await start(t, 'reverse-proxy.js', { args: [`http://127.0.0.1:${nobody}`] });
  const { status, text } = await ask(port, '/');
  assert.deepEqual([status, text], [502, 'Bad Gateway: ECONNREFUSED\n']);
});

test('connect-proxy.js tunnels, and does nothing else', async (t) => {
  const behind = await origin(t);
  const { port } = await start(t, 'connect-proxy.js');
  assert.equal((await ask(port, '/')).status, 405);

  const tunnel = http.request({ host: '127.0.0.1', port, method: 'CONNECT', path: `127.0.0.1:${behind.port}`, agent: false }).end();
  const [answer, socket] = await once(tunnel, 'connect');
  assert.equal(answer.statusCode, 200);
  const req = http.request({ createConnection: () => socket, path: '/through', headers: { Host: 'x' } }).end();
  const [res] = await once(req, 'response');
  assert.equal(JSON.parse(Buffer.concat(await res.toArray())).url, '/through');
  socket.destroy();

  const closed = net.createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const nobody = closed.address().port;
  closed.close();
  const failing = http.request({ host: '127.0.0.1', port, method: 'CONNECT', path: `127.0.0.1:${nobody}`, agent: false }).end();
  const [refused, rest] = await once(failing, 'connect');
  assert.equal(refused.statusCode, 502);
  rest.destroy();
});
