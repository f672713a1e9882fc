'use strict';
// The members of Server.

const { refusesManyFields } = require('../../lib/compat/node-features');
const assert = require('node:assert/strict');
const builtin = require('node:http');
const net = require('node:net');
const { event, get, http, say, serve, serving, sleep, textOf, until } = require('./helpers');

const hello = (req, res) => res.end('hello');
const expecting = (value) => get('POST /', `Expect: ${value}\r\nContent-Length: 4\r\nConnection: close\r\n`, 'body');

/** A server with listeners by event, and what a client receives from it. */
function listening(listeners, request, options) {
  const server = http.createServer(options ?? {});
  for (const [name, listener] of Object.entries(listeners)) server.on(name, listener);
  return serving(server, (port) => say(port, request));
}

module.exports = {
  "Event: 'checkContinue'": async () => {
    const requests = [];
    const heard = await listening({
      async checkContinue(req, res) {
        res.writeContinue();
        res.end(await textOf(req));
      },
      request: (req) => requests.push(req),
    }, expecting('100-continue'));
    assert.match(heard, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nbody$/);
    assert.deepEqual(requests, []);
    // Without a listener the server sends it by itself.
    assert.match(await listening({ request: hello }, expecting('100-continue')), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  },

  "Event: 'checkExpectation'": async () => {
    const heard = await listening({ checkExpectation: (req, res) => res.end(req.headers.expect), request: hello }, expecting('cake'));
    assert.match(heard, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\ncake$/);
    assert.match(await listening({ request: hello }, expecting('cake')), /^HTTP\/1\.1 417 Expectation Failed\r\n/);
  },

  "Event: 'clientError'": async () => {
    let seen;
    const heard = await listening({
      clientError(error, socket) {
        seen = error;
        socket.end('HTTP/1.1 400 Mine\r\n\r\n');
      },
    }, 'nonsense\r\n\r\n');
    assert.equal(heard, 'HTTP/1.1 400 Mine\r\n\r\n');
    assert.equal(seen.code, 'HPE_INVALID_METHOD');
    assert.equal(typeof seen.bytesParsed, 'number');
    assert.equal(seen.rawPacket.toString(), 'nonsense\r\n\r\n');
    assert.match(await listening({}, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 Bad Request\r\n/);
  },

  "Event: 'close'": async () => {
    const server = http.createServer(hello).listen(0);
    await event(server, 'listening');
    const closed = event(server, 'close');
    server.close();
    await closed;
  },

  "Event: 'connect'": async () => {
    const heard = await listening({
      connect(req, socket, head) {
        assert.equal(socket.listenerCount('data'), 0);
        socket.write(`${req.method} ${req.url} ${head}`);
        socket.on('data', (chunk) => socket.end(`, ${chunk}`));
        socket.unshift('more');
      },
    }, 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nhead');
    assert.equal(heard, 'CONNECT a:80 head, more');
    assert.equal(await listening({ request: hello }, 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'), '');
  },

  "Event: 'connection'": async () => {
    let seen;
    await listening({ request: hello, connection: (socket) => (seen = socket) }, get());
    assert.ok(seen instanceof net.Socket);
    // Any stream can be given to a server that listens nowhere.
    const server = http.createServer(hello);
    const inner = net.createServer((socket) => server.emit('connection', socket));
    assert.match(await serving(inner, (port) => say(port, get())), /\r\n\r\nhello$/);
  },

  "Event: 'request'": async () => {
    const urls = [];
    const heard = await listening({
      request(req, res) {
        urls.push(req.url);
        res.end(req.url);
      },
    }, get('GET /1', '') + get('GET /2'));
    assert.deepEqual(urls, ['/1', '/2']);
    assert.equal(heard.match(/HTTP\/1\.1 200 OK/g).length, 2);
  },

  "Event: 'upgrade'": async () => {
    const request = `${get('GET /u', 'Connection: upgrade\r\nUpgrade: echo\r\n')}first`;
    const heard = await listening({
      upgrade(req, socket, head) {
        assert.equal(socket.listenerCount('data'), 0);
        socket.end(`HTTP/1.1 101 Go\r\n\r\n${req.headers.upgrade} ${head}`);
      },
    }, request);
    assert.equal(heard, 'HTTP/1.1 101 Go\r\n\r\necho first');
    assert.match(await listening({ request: hello }, get('GET /u', 'Connection: upgrade, close\r\nUpgrade: echo\r\n')), /^HTTP\/1\.1 200 OK\r\n/);
  },

  'server.close([callback])': async () => {
    const server = http.createServer(hello).listen(0);
    await event(server, 'listening');
    const { port } = server.address();
    const idle = net.connect(port);
    await event(server, 'connection');
    idle.write(get('GET /', ''));
    await event(idle, 'data');
    const gone = event(idle, 'close');
    idle.on('data', () => {});
    const closed = new Promise((resolve) => {
      // Node 18 and early releases of 20 return nothing.
      const other = builtin.createServer();
      assert.equal(server.close(resolve), other.close() === other ? server : undefined);
    });
    // Node 18 waits until the client disconnects.
    if (process.version.startsWith('v18.')) idle.destroy();
    await closed;
    await gone;
    assert.equal(server.listening, false);
    await new Promise((resolve) => {
      server.close((error) => resolve(assert.equal(error.code, 'ERR_SERVER_NOT_RUNNING')));
    });
  },

  'server.headersTimeout': async () => {
    const server = http.createServer({ connectionsCheckingInterval: 10 }, hello);
    assert.equal(server.headersTimeout, 60000);
    server.headersTimeout = 30;
    assert.match(await serving(server, (port) => say(port, 'GET / HTTP/1.1\r\nHost:')), /^HTTP\/1\.1 408 Request Timeout\r\n/);
  },

  'server.listen()': async () => {
    const server = http.createServer(hello);
    let called = 0;
    assert.equal(server.listen(0, '127.0.0.1', () => called++), server);
    await event(server, 'listening');
    assert.equal(called, 1);
    assert.match(await say(server.address().port, get()), /hello$/);
    await new Promise((resolve) => {
      server.close(resolve);
    });
  },

  'server.listening': async () => {
    const server = http.createServer(hello);
    assert.equal(server.listening, false);
    await serving(server, () => assert.equal(server.listening, true));
    assert.equal(server.listening, false);
  },

  'server.maxHeadersCount': () => serve((req, res) => res.end(Object.keys(req.headers).join()), async (port, server) => {
    assert.equal(server.maxHeadersCount, null);
    server.maxHeadersCount = 2;
    assert.match(await say(port, get('GET /', 'Connection: close\r\nA: 1\r\nB: 2\r\n')),
      refusesManyFields ? /^HTTP\/1\.1 431 / : /\r\n\r\nhost,connection$/);
    server.maxHeadersCount = 0;
    const many = Array.from({ length: 300 }, (_, i) => `X${i}: ${i}\r\n`).join('');
    assert.match(await say(port, get('GET /', `Connection: close\r\n${many}`)), /,x299$/);
  }),

  'server.requestTimeout': async () => {
    const server = http.createServer({ connectionsCheckingInterval: 10, requestTimeout: 30, headersTimeout: 20 }, hello);
    assert.equal(server.requestTimeout, 30);
    assert.equal(http.createServer().requestTimeout, 300000);
    server.removeAllListeners('request').on('request', () => {});
    const heard = await serving(server, (port) => say(port, get('POST /', 'Content-Length: 4\r\n', 'ab')));
    assert.match(heard, /^HTTP\/1\.1 408 Request Timeout\r\n/);
  },

  'server.setTimeout([msecs][, callback])': () => serve(() => {}, async (port, server) => {
    const seen = [];
    assert.equal(server.setTimeout(20, (socket) => {
      seen.push(socket);
      socket.end('late');
    }), server);
    assert.equal(await say(port, get()), 'late');
    assert.ok(seen[0] instanceof net.Socket);
    server.removeAllListeners('timeout');
    assert.equal(await say(port, get()), '');
  }),

  'server.maxRequestsPerSocket': () => serve(hello, async (port, server) => {
    assert.equal(server.maxRequestsPerSocket, 0);
    server.maxRequestsPerSocket = 2;
    const heard = await say(port, get('GET /', '').repeat(3), / 503 [^]*\r\n\r\n/);
    const heads = heard.match(/HTTP\/1\.1 \d+|Connection: [\w-]+/g);
    assert.deepEqual(heads.slice(0, 5), ['HTTP/1.1 200', 'Connection: keep-alive', 'HTTP/1.1 200', 'Connection: close', 'HTTP/1.1 503']);
  }),

  'server.timeout': () => serve(() => {}, async (port, server) => {
    assert.equal(server.timeout, 0);
    server.timeout = 20;
    const start = performance.now();
    assert.equal(await say(port, get()), '');
    assert.ok(performance.now() - start >= 15);
  }),

  'server.keepAliveTimeout': () => serve(hello, async (port, server) => {
    assert.equal(server.keepAliveTimeout, 5000);
    server.keepAliveTimeout = 30;
    const start = performance.now();
    const heard = await say(port, get('GET /', ''));
    assert.match(heard, /hello$/);
    assert.ok(performance.now() - start < 4000);
    server.keepAliveTimeout = 0;
    const kept = net.connect(port, '127.0.0.1', () => kept.write(get('GET /', '')));
    await event(kept, 'data');
    await sleep(100);
    assert.equal(kept.readableEnded, false);
    kept.destroy();
    await until(() => kept.closed ?? kept.destroyed);
  }),
};
