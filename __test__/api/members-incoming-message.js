'use strict';
// The members of IncomingMessage, on the server's side and on the client's.

const assert = require('node:assert/strict');
const net = require('node:net');
const { answer, answering, ask, event, get, open, serve, textOf } = require('./helpers');

const ok = 'HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n';
const trailing = get('POST /', 'Transfer-Encoding: chunked\r\nConnection: close\r\n', '1\r\na\r\n0\r\nX-T: 1\r\nx-t: 2\r\n\r\n');

/** The response of a server that answers with bytes. */
const answered = (bytes, check) => answering(bytes, async (port) => {
  const req = open(port).end();
  const [res] = await event(req, 'response');
  await check(res, req);
});

/** A request whose client disconnects in the middle of the body, and what the server's side sees. */
const broken = (inside) => serve((req) => done.resolve(inside(req)), async (port) => {
  done.promise = new Promise((resolve) => (done.resolve = resolve));
  const socket = net.connect(port, '127.0.0.1', () => socket.write(get('POST /', 'Content-Length: 10\r\n', 'half')));
  socket.on('error', () => {});
  done.close = () => socket.destroy();
  return done.promise;
});
const done = {};

module.exports = {
  "Event: 'aborted'": () => broken(async (req) => {
    const failed = new Promise((resolve) => req.on('error', resolve));
    const order = [];
    req.on('aborted', () => order.push('aborted')).on('error', () => order.push('error'));
    req.resume();
    done.close();
    assert.equal((await failed).code, 'ECONNRESET');
    assert.deepEqual(order, ['aborted', 'error']);
  }),

  "Event: 'close'": async () => {
    await broken(async (req) => {
      req.on('error', () => {});
      req.resume();
      const closed = new Promise((resolve) => req.on('close', resolve));
      done.close();
      await closed;
    });
    await answered(`${ok}\r\nhi`, async (res) => {
      res.resume();
      await event(res, 'close');
      assert.equal(res.complete, true);
    });
  },

  'message.aborted': () => broken(async (req) => {
    assert.equal(req.aborted, false);
    const failed = new Promise((resolve) => req.on('error', resolve));
    req.resume();
    done.close();
    await failed;
    assert.equal(req.aborted, true);
  }),

  'message.complete': async () => {
    await answered(`${ok}\r\nhi`, async (res) => {
      assert.equal(await textOf(res), 'hi');
      assert.equal(res.complete, true);
    });
    await answered(`${ok}\r\nh`, async (res) => {
      await assert.rejects(textOf(res), { code: 'ECONNRESET' });
      assert.equal(res.complete, false);
    });
  },

  'message.connection': async () => {
    await answer((req, res) => {
      assert.equal(req.connection, req.socket);
      res.end();
    });
    await answered(`${ok}\r\nhi`, async (res, req) => {
      assert.equal(res.connection, req.socket);
      await textOf(res);
    });
  },

  'message.destroy([error])': () => serve(async (req, res) => {
    res.write('x');
  }, async (port) => {
    const req = open(port).end();
    const [res] = await event(req, 'response');
    const failed = new Promise((resolve) => res.on('error', resolve));
    assert.equal(res.destroy(new Error('enough')), res);
    assert.equal((await failed).message, 'enough');
    assert.equal(res.destroyed, true);
    assert.equal(res.socket.destroyed, true);
  }),

  'message.headers': async () => {
    const fields = 'A: 1\r\na: 2\r\nContent-Type: x\r\ncontent-type: y\r\nCookie: c\r\ncookie: d\r\nSet-Cookie: s\r\nConnection: close\r\n';
    await answer((req, res) => {
      assert.deepEqual({ ...req.headers }, {
        'host': 'a', 'a': '1, 2', 'content-type': 'x', 'cookie': 'c; d', 'set-cookie': ['s'], 'connection': 'close',
      });
      res.end();
    }, get('GET /', fields));
    await answered(`${ok}Set-Cookie: a\r\nSet-Cookie: b\r\n\r\nhi`, async (res) => {
      assert.deepEqual(res.headers['set-cookie'], ['a', 'b']);
      await textOf(res);
    });
  },

  'message.httpVersion': async () => {
    for (const version of ['1.0', '1.1']) {
      await answer((req, res) => {
        assert.equal(req.httpVersion, version);
        res.end();
      }, `GET / HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`);
      await answered(`HTTP/${version} 200 OK\r\nContent-Length: 0\r\n\r\n`, (res) => {
        assert.equal(res.httpVersion, version);
        res.resume();
      });
    }
  },

  'message.httpVersionMajor': () => answer((req, res) => {
    assert.equal(req.httpVersionMajor, 1);
    res.end();
  }),

  'message.httpVersionMinor': async () => {
    await answer((req, res) => {
      assert.equal(req.httpVersionMinor, 0);
      res.end();
    }, 'GET / HTTP/1.0\r\n\r\n');
    await answer((req, res) => {
      assert.equal(req.httpVersionMinor, 1);
      res.end();
    });
  },

  'message.method': () => answer((req, res) => {
    assert.equal(req.method, 'PROPFIND');
    res.end();
  }, get('PROPFIND /')),

  'message.rawHeaders': () => answer((req, res) => {
    assert.deepEqual(req.rawHeaders, ['Host', 'a', 'ConnEction', 'close', 'X-a', '1', 'x-A', '2']);
    res.end();
  }, get('GET /', 'ConnEction: close\r\nX-a: 1\r\nx-A: 2\r\n')),

  'message.rawTrailers': () => answer(async (req, res) => {
    assert.deepEqual(req.rawTrailers, []);
    req.resume();
    await event(req, 'end');
    assert.deepEqual(req.rawTrailers, ['X-T', '1', 'x-t', '2']);
    res.end();
  }, trailing),

  'message.setTimeout(msecs[, callback])': () => answer(async (req, res) => {
    let called = 0;
    assert.equal(req.setTimeout(20, () => called++), req);
    assert.equal(req.socket.timeout, 20);
    await event(req, 'timeout');
    assert.equal(called, 1);
    res.setHeader('Connection', 'close');
    res.end();
  }, get('POST /', 'Content-Length: 5\r\n', 'half')),

  'message.socket': async () => {
    await answer((req, res) => {
      assert.ok(req.socket instanceof net.Socket);
      assert.equal(req.socket, res.socket);
      res.end();
    });
    await serve((req, res) => res.end(String(req.socket.remotePort)), async (port) => {
      const req = open(port).end();
      const [res] = await event(req, 'response');
      assert.equal(await textOf(res), String(res.socket.localPort));
    });
  },

  'message.statusCode': () => answered('HTTP/1.1 404 Gone away\r\nContent-Length: 0\r\n\r\n', (res) => {
    assert.equal(res.statusCode, 404);
    res.resume();
  }),

  'message.statusMessage': () => answered(`${ok}\r\nhi`, async (res) => {
    assert.equal(res.statusMessage, 'Fine');
    await textOf(res);
  }),

  'message.trailers': async () => {
    await answer(async (req, res) => {
      assert.deepEqual({ ...req.trailers }, {});
      req.resume();
      await event(req, 'end');
      assert.deepEqual({ ...req.trailers }, { 'x-t': '1, 2' });
      res.end();
    }, trailing);
    await serve((req, res) => {
      res.writeHead(200, { Trailer: 'X-T' });
      res.addTrailers({ 'X-T': 'v' });
      res.end('body');
    }, async (port) => assert.deepEqual({ ...(await ask(port)).res.trailers }, { 'x-t': 'v' }));
  },

  'message.url': () => answer((req, res) => {
    assert.equal(req.url, '/status?name=ryan');
    assert.equal(new URL(req.url, `http://${req.headers.host}`).searchParams.get('name'), 'ryan');
    res.end();
  }, get('GET /status?name=ryan')),
};
