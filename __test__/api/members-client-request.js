'use strict';
// The members of ClientRequest.

const assert = require('node:assert/strict');
const net = require('node:net');
const { answering, ask, event, http, open, serve, textOf, until } = require('./helpers');

const echo = async (req, res) => res.end(await textOf(req));
const never = () => {};

/** What a server without HTTP receives of a request that `write` fills. It answers once the bytes match `enough`. */
const written = (options, write, enough = /\r\n\r\n/) => answering((socket, text) => {
  if (enough.test(text)) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
}, async (port, received) => {
  const req = open(port, options);
  const responded = event(req, 'response');
  await write(req);
  const [res] = await responded;
  res.resume();
  return { req, received: received[0] };
});

module.exports = {
  "Event: 'abort'": () => serve(never, async (port) => {
    const req = open(port);
    let times = 0;
    req.on('abort', () => times++);
    req.end();
    await event(req, 'socket');
    req.abort();
    req.abort();
    await event(req, 'close');
    assert.equal(times, 1);
  }),

  "Event: 'connect'": () => answering('HTTP/1.1 200 Go\r\n\r\nfirst', async (port) => {
    const req = open(port, { method: 'CONNECT', path: 'a:80' }).end();
    const [res, socket, head] = await event(req, 'connect');
    assert.equal(res.statusCode, 200);
    assert.ok(socket instanceof net.Socket);
    assert.equal(head.toString(), 'first');
    assert.equal(socket.listenerCount('data'), 0);
    socket.destroy();
  }),

  "Event: 'continue'": () => serve(echo, async (port) => {
    const req = open(port, { method: 'POST', headers: { Expect: '100-continue' } });
    await event(req, 'continue');
    req.end('body');
    const [res] = await event(req, 'response');
    assert.equal(await textOf(res), 'body');
  }),

  "Event: 'information'": () => answering('HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', async (port) => {
    const req = open(port).end();
    const responded = event(req, 'response');
    const [info] = await event(req, 'information');
    assert.deepEqual({ ...info, headers: { ...info.headers } }, {
      statusCode: 103, statusMessage: 'Hints', httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1,
      headers: { link: 'x' }, rawHeaders: ['Link', 'x'],
    });
    const [res] = await responded;
    assert.equal(res.statusCode, 200);
    res.resume();
  }),

  "Event: 'response'": () => serve(echo, async (port) => {
    let times = 0;
    const req = open(port, { method: 'POST' });
    req.on('response', () => times++);
    req.end('r');
    const [res] = await event(req, 'response');
    assert.ok(res instanceof http.IncomingMessage);
    assert.equal(await textOf(res), 'r');
    assert.equal(times, 1);
  }),

  "Event: 'socket'": () => serve(echo, async (port) => {
    const req = open(port);
    const [socket] = await event(req.end(), 'socket');
    assert.ok(socket instanceof net.Socket);
    assert.equal(req.socket, socket);
    req.destroy();
    await event(req, 'close');
  }),

  "Event: 'timeout'": () => serve(never, async (port) => {
    const req = open(port, { timeout: 20 }).end();
    await event(req, 'timeout');
    assert.equal(req.destroyed, false);
    req.destroy();
    await event(req, 'close');
  }),

  "Event: 'upgrade'": () => answering('HTTP/1.1 101 Switch\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nfirst', async (port) => {
    const req = open(port, { headers: { Connection: 'upgrade', Upgrade: 'echo' } }).end();
    const [res, socket, head] = await event(req, 'upgrade');
    assert.equal(res.statusCode, 101);
    assert.equal(head.toString(), 'first');
    assert.equal(socket, res.socket);
    socket.destroy();
  }),

  'request.abort()': () => serve(never, async (port) => {
    const req = open(port).end();
    const [socket] = await event(req, 'socket');
    const failed = event(req, 'error');
    req.abort();
    const [error] = await failed;
    assert.equal(error.code, 'ECONNRESET');
    assert.equal(socket.destroyed, true);
  }),

  'request.aborted': () => serve(never, async (port) => {
    const req = open(port).end();
    assert.equal(req.aborted, false);
    req.abort();
    assert.equal(req.aborted, true);
    await event(req, 'close');
  }),

  'request.connection': () => serve(echo, async (port) => {
    const req = open(port).end();
    const [socket] = await event(req, 'socket');
    assert.equal(req.connection, socket);
    const other = new net.Socket();
    req.connection = other;
    assert.equal(req.socket, other);
    req.connection = socket;
    req.destroy();
    await event(req, 'close');
  }),

  'request.end([data[, encoding]][, callback])': async () => {
    const called = [];
    const { received } = await written({ method: 'POST' }, (req) => {
      assert.equal(req.end('6869', 'hex', () => called.push('finished')), req);
    }, /hi$/);
    assert.match(received, /\r\nContent-Length: 2\r\n/);
    assert.match(received, /\r\n\r\nhi$/);
    assert.deepEqual(called, ['finished']);
    const chunked = await written({ method: 'POST' }, (req) => {
      req.write('a');
      req.end();
    }, /0\r\n\r\n$/);
    assert.match(chunked.received, /\r\n\r\n1\r\na\r\n0\r\n\r\n$/);
  },

  'request.destroy([error])': () => serve(never, async (port) => {
    const req = open(port);
    const failed = new Promise((resolve) => {
      req.once('error', resolve);
    });
    const closed = event(req, 'close');
    assert.equal(req.destroyed, false);
    assert.equal(req.destroy(new Error('enough')), req);
    assert.equal(req.destroyed, true);
    assert.equal((await failed).message, 'enough');
    await closed;
  }),

  'request.finished': () => serve(echo, async (port) => {
    const req = open(port);
    assert.equal(req.finished, false);
    req.end();
    assert.equal(req.finished, true);
    const [res] = await event(req, 'response');
    res.resume();
    const got = http.get({ port, host: '127.0.0.1', agent: false }, (res) => res.resume());
    assert.equal(got.finished, true);
    await event(got, 'close');
  }),

  'request.flushHeaders()': async () => {
    const { received } = await written({ method: 'POST' }, (req) => req.flushHeaders());
    assert.match(received, /^POST \/ HTTP\/1\.1\r\n[^]*\r\n\r\n$/);
  },

  'request.getHeader(name)': () => written({}, (req) => {
    req.setHeader('content-type', 'text/html');
    req.setHeader('X-Length', 5);
    req.setHeader('Cookie', ['a=1', 'b=2']);
    assert.equal(req.getHeader('Content-Type'), 'text/html');
    assert.equal(req.getHeader('x-length'), 5);
    assert.deepEqual(req.getHeader('cookie'), ['a=1', 'b=2']);
    assert.equal(req.getHeader('none'), undefined);
    req.end();
  }).then(({ received }) => assert.match(received, /content-type: text\/html\r\nX-Length: 5\r\nCookie: a=1; b=2\r\n/)),

  'request.getRawHeaderNames()': () => written({}, (req) => {
    req.setHeader('Foo', 'bar');
    req.setHeader('sEt', ['a', 'b']);
    assert.deepEqual(req.getRawHeaderNames(), ['Host', 'Foo', 'sEt']);
    req.end();
  }),

  'request.maxHeadersCount': () => answering('HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\nContent-Length: 0\r\n\r\n', async (port) => {
    const req = open(port);
    assert.equal(req.maxHeadersCount, null);
    req.maxHeadersCount = 2;
    const [res] = await event(req.end(), 'response');
    assert.deepEqual(Object.keys(res.headers), ['a', 'b']);
    res.resume();
  }),

  'request.path': async () => {
    const { req, received } = await written({ path: '/p?q' }, (req) => req.end());
    assert.equal(req.path, '/p?q');
    assert.match(received, /^GET \/p\?q HTTP/);
    assert.throws(() => http.request({ path: '/a b' }), { code: 'ERR_UNESCAPED_CHARACTERS' });
  },

  'request.method': async () => {
    const { req, received } = await written({ method: 'delete' }, (req) => req.end());
    assert.equal(req.method, 'DELETE');
    assert.match(received, /^DELETE /);
  },

  'request.host': async () => {
    const { req, received } = await written({}, (req) => req.end());
    assert.equal(req.host, '127.0.0.1');
    assert.match(received, /\r\nHost: 127\.0\.0\.1:\d+\r\n/);
  },

  'request.protocol': async () => {
    const { req } = await written({}, (req) => req.end());
    assert.equal(req.protocol, 'http:');
  },

  'request.removeHeader(name)': async () => {
    const { received } = await written({ headers: { 'X-A': 1, 'X-B': 2 } }, (req) => {
      req.removeHeader('x-a');
      req.end();
    });
    assert.doesNotMatch(received, /X-A/i);
    assert.match(received, /\r\nX-B: 2\r\n/);
  },

  'request.reusedSocket': () => serve(echo, async (port) => {
    const agent = new http.Agent({ keepAlive: true });
    const first = await ask(port, { agent });
    assert.equal(first.req.reusedSocket, false);
    await until(() => Object.keys(agent.freeSockets).length === 1);
    const second = await ask(port, { agent });
    assert.equal(second.req.reusedSocket, true);
    agent.destroy();
  }),

  'request.setHeader(name, value)': async () => {
    const { received } = await written({}, (req) => {
      assert.equal(req.setHeader('Content-Type', 'a'), req);
      req.setHeader('content-type', 'application/json');
      req.setHeader('X-Many', ['type=ninja', 'language=javascript']);
      assert.throws(() => req.setHeader('a b', 'c'), { code: 'ERR_INVALID_HTTP_TOKEN' });
      assert.throws(() => req.setHeader('a', 'b\n'), { code: 'ERR_INVALID_CHAR' });
      req.end();
      assert.throws(() => req.setHeader('late', 'x'), { code: 'ERR_HTTP_HEADERS_SENT' });
    });
    assert.match(received, /\r\ncontent-type: application\/json\r\nX-Many: type=ninja\r\nX-Many: language=javascript\r\n/);
  },

  'request.setNoDelay([noDelay])': () => serve(echo, async (port) => {
    const req = open(port);
    const calls = [];
    req.on('socket', (socket) => {
      socket.setNoDelay = (value) => calls.push(value);
    });
    req.setNoDelay(true);
    req.end();
    const [res] = await event(req, 'response');
    res.resume();
    assert.equal(calls.includes(true), true);
  }),

  'request.setSocketKeepAlive([enable][, initialDelay])': () => serve(echo, async (port) => {
    const req = open(port);
    const calls = [];
    req.on('socket', (socket) => {
      socket.setKeepAlive = (...args) => calls.push(args);
    });
    req.setSocketKeepAlive(true, 1234);
    req.end();
    const [res] = await event(req, 'response');
    res.resume();
    assert.deepEqual(calls[0], [true, 1234]);
  }),

  'request.setTimeout(timeout[, callback])': () => serve(never, async (port) => {
    const req = open(port);
    let called = 0;
    assert.equal(req.setTimeout(20, () => called++), req);
    req.end();
    await event(req, 'timeout');
    assert.equal(called, 1);
    assert.equal(req.socket.timeout, 20);
    req.destroy();
    await event(req, 'close');
  }),

  'request.socket': () => serve((req, res) => res.end(String(req.socket.remotePort)), async (port) => {
    const req = open(port).end();
    const [res] = await event(req, 'response');
    assert.ok(req.socket instanceof net.Socket);
    assert.equal(await textOf(res), String(req.socket.localPort));
  }),

  'request.writableEnded': () => serve(echo, async (port) => {
    const req = open(port, { method: 'POST' });
    req.write('a');
    assert.equal(req.writableEnded, false);
    req.end();
    assert.equal(req.writableEnded, true);
    const [res] = await event(req, 'response');
    res.resume();
  }),

  'request.writableFinished': () => serve(echo, async (port) => {
    const req = open(port, { method: 'POST' });
    req.end('a');
    assert.equal(req.writableFinished, false);
    const responded = event(req, 'response');
    await event(req, 'finish');
    assert.equal(req.writableFinished, true);
    const [res] = await responded;
    res.resume();
  }),

  'request.write(chunk[, encoding][, callback])': async () => {
    let flushed = 0;
    const { received } = await written({ method: 'POST' }, (req) => {
      assert.equal(typeof req.write('hi', () => flushed++), 'boolean');
      req.write('AAEC', 'base64');
      req.write(Buffer.from([255]), () => flushed++);
      req.end();
    }, /0\r\n\r\n$/);
    assert.match(received, /\r\nTransfer-Encoding: chunked\r\n/);
    // The request has no socket yet.
    assert.ok(received.endsWith( '\r\n\r\n2\r\nhi\r\n3\r\n\0\x01\x02\r\n1\r\n\xff\r\n0\r\n\r\n'), received);
    assert.equal(flushed, 2);
  },
};
