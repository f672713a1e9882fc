'use strict';
// Attacks by time, by volume and through what the program itself is made to send.

const assert = require('node:assert');
const net = require('node:net');
const test = require('node:test');
const { once } = require('node:events');
const http = require('../..');
const { serving, exchange, statuses } = require('../server/exchange');
const { TRANSPORTS } = require('./observe');

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const ok = (req, res) => res.end('ok');
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

// Connects, sends `first`, then one byte each 20 ms until the server closes. Returns what came back and how long it
// took.
async function drip(port, first, rest) {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  let open = true;
  socket.on('data', (chunk) => { text += chunk; });
  socket.on('error', () => {});
  socket.on('close', () => { open = false; });
  await once(socket, 'connect');
  const start = Date.now();
  if (first !== '') socket.write(first);
  for (let at = 0; open && Date.now() - start < 10_000; at++) {
    if (at < rest.length) socket.write(rest[at]);
    await pause(20);
  }
  socket.destroy();
  return { text, took: Date.now() - start };
}

const SLOW_HEAD = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1000)}`;

for (const transport of TRANSPORTS) {
  const timed = { transport, headersTimeout: 300, requestTimeout: 900, connectionsCheckingInterval: 50 };

  test(`${transport}: CVE-2018-12122 a head that drips is answered with 408`, async () => {
    const { text, took } = await serving(http.createServer(timed, ok), (port) => drip(port, '', SLOW_HEAD));
    assert.deepStrictEqual(statuses(text), [408]);
    assert.ok(took >= 250 && took < 3000, `${took} ms`);
  });

  test(`${transport}: CVE-2019-5737 the second head of a connection has the same time`, async () => {
    const { text, took } = await serving(http.createServer(timed, ok), (port) => drip(port, GET, SLOW_HEAD));
    assert.deepStrictEqual(statuses(text), [200, 408]);
    assert.ok(took < 3000, `${took} ms`);
  });

  test(`${transport}: CVE-2020-8251 a body that drips is answered with 408`, async () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n';
    const server = http.createServer(timed, (req) => req.resume());
    const { text, took } = await serving(server, (port) => drip(port, head, 'x'.repeat(1000)));
    assert.deepStrictEqual(statuses(text), [408]);
    assert.ok(took >= 800 && took < 4000, `${took} ms`);
  });

  test(`${transport}: CVE-2019-5739 an idle connection is closed`, async () => {
    const server = http.createServer({ transport, keepAliveTimeout: 100 }, ok);
    server.keepAliveTimeoutBuffer = 0;
    const { text, took } = await serving(server, (port) => drip(port, GET, ''));
    assert.deepStrictEqual(statuses(text), [200]);
    assert.ok(took < 4000, `${took} ms`);
  });

  test(`${transport}: CVE-2013-4450 a client that never reads the answers is not read from`, async () => {
    let handled = 0;
    const body = 'x'.repeat(64 * 1024);
    const server = http.createServer({ transport }, (req, res) => {
      handled++;
      res.end(body);
    });
    await serving(server, async (port) => {
      const flood = net.connect(port, '127.0.0.1');
      flood.on('error', () => {});
      flood.pause();
      await once(flood, 'connect');
      const many = GET.repeat(2000);
      for (let round = 0; round < 20; round++) {
        flood.write(many);
        await pause(20);
      }
      const settled = handled;
      flood.write(many);
      await pause(300);
      // 42,000 requests are sent, asking for 2.7 GB of answers; a read brings some 1,700 of them at most.
      assert.ok(handled < 12_000, `${handled} handled`);
      assert.strictEqual(handled, settled);
      assert.deepStrictEqual(statuses((await exchange(port, GET)).text), [200]);
      flood.destroy();
    });
  });

  test(`${transport}: CVE-2016-2216 and CVE-2016-5325 nothing that is sent can split a response`, async () => {
    const thrown = [];
    const attempts = [
      (res) => res.setHeader('X', 'a\r\nSet-Cookie: b'),
      (res) => res.setHeader('X', 'a\u{010D}\u{010A}b'),
      (res) => res.writeHead(200, 'OK\r\nX: y'),
      (res) => res.writeHead(200, { X: 'a\nb' }),
      (res) => res.writeHead(200, ['X', 'a\rb']),
      (res) => res.setHeader('X\r\nY', 'a'),
      (res) => res.addTrailers({ X: 'a\r\nb' }),
      (res) => res.writeEarlyHints({ link: '</a>; rel=preload\r\nX: y' }),
    ];
    const server = http.createServer({ transport }, (req, res) => {
      for (const attempt of attempts) {
        try {
          attempt(res);
          thrown.push('nothing');
        } catch (error) {
          thrown.push(error.code);
        }
      }
      res.statusMessage = 'OK\r\nX: y';
      assert.throws(() => res.end(), { code: 'ERR_INVALID_CHAR' });
      res.socket.destroy();
    });
    const { text } = await serving(server, (port) => exchange(port, GET));
    assert.strictEqual(text, '');
    assert.deepStrictEqual(thrown.map((code) => /^ERR_INVALID_(CHAR|HTTP_TOKEN|ARG_VALUE)$/.test(code)), attempts.map(() => true), thrown.join());
  });
}

test('CVE-2018-12116 a path cannot split a request', () => {
  for (const path of ['/\u{010D}\u{010A}x', '/a b', '/a\r\nb', '/\0', '/a\nb']) {
    assert.throws(() => http.get({ path, port: 1 }), { code: 'ERR_UNESCAPED_CHARACTERS' });
  }
});

test('client: no part of a request can split it', () => {
  assert.throws(() => http.request({ method: 'GET / HTTP/1.1\r\nX: y' }), { code: 'ERR_INVALID_HTTP_TOKEN' });
  assert.throws(() => http.request({ headers: { X: 'a\r\nb' } }), { code: 'ERR_INVALID_CHAR' });
  assert.throws(() => http.request({ headers: { 'X\r\nY': 'a' } }), { code: 'ERR_INVALID_HTTP_TOKEN' });
});

test('CVE-2026-48931 an answer to nothing on an idle socket does not become the next request’s', async () => {
  const connections = new Set();
  const server = net.createServer((socket) => {
    connections.add(socket);
    const mine = connections.size;
    socket.on('error', () => {});
    socket.on('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${mine}`);
      // After the answer, when the socket is idle.
      if (mine === 1) setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'), 60);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async () => {
    const req = http.get({ port: server.address().port, host: '127.0.0.1', agent });
    const [res] = await once(req, 'response');
    let body = '';
    for await (const chunk of res) body += chunk;
    return body;
  };
  assert.strictEqual(await ask(), '1');
  await pause(200);
  assert.strictEqual(await ask(), '2');
  assert.strictEqual(Object.keys(agent.sockets).length + Object.keys(agent.freeSockets).length, 1);
  agent.destroy();
  for (const socket of connections) socket.destroy();
  server.close();
});

test('client: bytes after an answer, in the same packet, belong to no request', async () => {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'));
    socket.on('data', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const bodies = [];
  for (let n = 0; n < 2; n++) {
    const outcome = await new Promise((resolve) => {
      const req = http.get({ port: server.address().port, host: '127.0.0.1', agent }, (res) => {
        let body = '';
        res.on('data', (chunk) => { body += chunk; });
        res.on('end', () => resolve(body));
        res.on('error', (error) => resolve(error.code));
      });
      req.on('error', (error) => resolve(error.code));
    });
    bodies.push(outcome);
    await pause(30);
  }
  assert.ok(!bodies.includes('poison'), bodies.join());
  agent.destroy();
  server.close();
});
