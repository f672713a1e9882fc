'use strict';
// The members of ServerResponse.

const { corksEachTurn, refusesSecondHead } = require('../../lib/compat/node-features');
const assert = require('node:assert/strict');
const net = require('node:net');
const { answer, ask, bodyOf, event, get, headOf, http, open, serve, textOf } = require('./helpers');

const head10 = 'GET / HTTP/1.0\r\n\r\n';

module.exports = {
  "Event: 'close'": async () => {
    // After the answer, and when the client disconnects before it.
    await answer(async (req, res) => {
      res.end();
      await event(res, 'close');
      assert.equal(res.writableFinished, true);
    });
    let early;
    await serve((req, res) => {
      early = event(res, 'close').then(() => res.writableFinished);
      req.socket.destroy();
    }, async (port) => {
      await event(open(port).end(), 'close');
      assert.equal(await early, false);
    });
  },

  "Event: 'finish'": () => answer(async (req, res) => {
    assert.equal(res.writableFinished, false);
    res.end('x');
    await event(res, 'finish');
    assert.equal(res.writableFinished, true);
  }),

  'response.addTrailers(headers)': async () => {
    const write = (req, res) => {
      res.writeHead(200, { Trailer: 'Content-MD5' });
      res.write('data');
      assert.throws(() => res.addTrailers({ 'a b': 'c' }), { code: 'ERR_INVALID_HTTP_TOKEN' });
      assert.throws(() => res.addTrailers({ a: '\n' }), { code: 'ERR_INVALID_CHAR' });
      res.addTrailers({ 'Content-MD5': '7895' });
      res.end();
    };
    assert.equal(bodyOf((await answer(write)).heard), '4\r\ndata\r\n0\r\nContent-MD5: 7895\r\n\r\n');
    // Without chunks there is no place for trailers.
    assert.equal(bodyOf((await answer((req, res) => {
      res.addTrailers({ 'Content-MD5': '7895' });
      res.end('data');
    }, head10)).heard), 'data');
  },

  'response.connection': () => answer((req, res) => {
    assert.equal(res.connection, req.socket);
    const other = new net.Socket();
    const { socket } = res;
    res.connection = other;
    assert.equal(res.socket, other);
    res.connection = socket;
    res.end();
  }),

  'response.cork()': async () => {
    const { heard } = await answer((req, res) => {
      res.cork();
      res.write('a');
      res.write('b');
      assert.equal(res.writableCorked, 1);
      assert.ok(res.writableLength > 0);
      res.end();
    });
    assert.match(bodyOf(heard), /0\r\n\r\n$/);
  },

  'response.end([data[, encoding]][, callback])': async () => {
    const called = [];
    const { heard } = await answer(async (req, res) => {
      const finished = event(res, 'finish');
      assert.equal(res.end('aGk=', 'base64', () => called.push('callback')), res);
      await finished;
    });
    assert.match(headOf(heard), /\r\nContent-Length: 2\r\n/);
    assert.equal(bodyOf(heard), 'hi');
    assert.deepEqual(called, ['callback']);
    assert.equal(bodyOf((await answer((req, res) => res.end(Buffer.from([1, 255])))).heard), '\x01\xff');
  },

  'response.finished': () => answer((req, res) => {
    assert.equal(res.finished, false);
    res.end();
    assert.equal(res.finished, true);
  }),

  'response.flushHeaders()': () => serve((req, res) => {
    res.setHeader('X-A', 'early');
    res.flushHeaders();
    req.on('end', () => res.end());
    req.resume();
  }, async (port) => {
    const req = open(port, { method: 'POST' });
    req.flushHeaders();
    const [res] = await event(req, 'response');
    assert.equal(res.headers['x-a'], 'early');
    req.end();
    await textOf(res);
  }),

  'response.getHeader(name)': () => answer((req, res) => {
    res.setHeader('Content-Type', 'text/html');
    res.setHeader('X-Length', 5);
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    assert.equal(res.getHeader('content-type'), 'text/html');
    assert.equal(res.getHeader('X-LENGTH'), 5);
    assert.deepEqual(res.getHeader('set-cookie'), ['a=1', 'b=2']);
    assert.equal(res.getHeader('none'), undefined);
    res.end();
  }),

  'response.getHeaderNames()': () => answer((req, res) => {
    assert.deepEqual(res.getHeaderNames(), []);
    res.setHeader('Foo', 'bar');
    res.setHeader('Set-Cookie', ['a', 'b']);
    assert.deepEqual(res.getHeaderNames(), ['foo', 'set-cookie']);
    res.end();
  }),

  'response.getHeaders()': () => answer((req, res) => {
    res.setHeader('Foo', 'bar');
    res.setHeader('Set-Cookie', ['a', 'b']);
    const headers = res.getHeaders();
    assert.equal(Object.getPrototypeOf(headers), null);
    assert.deepEqual({ ...headers }, { 'foo': 'bar', 'set-cookie': ['a', 'b'] });
    headers.foo = 'changed';
    assert.equal(res.getHeader('foo'), 'bar');
    res.end();
  }),

  'response.hasHeader(name)': () => answer((req, res) => {
    res.setHeader('Foo', 'bar');
    assert.equal(res.hasHeader('FOO'), true);
    assert.equal(res.hasHeader('none'), false);
    res.end();
  }),

  'response.headersSent': () => answer((req, res) => {
    assert.equal(res.headersSent, false);
    res.write('a');
    assert.equal(res.headersSent, true);
    assert.throws(() => (res.headersSent = false), TypeError);
    res.end();
  }),

  'response.removeHeader(name)': async () => {
    const { heard } = await answer((req, res) => {
      res.setHeader('Content-Encoding', 'x');
      res.removeHeader('content-encoding');
      res.removeHeader('date');
      res.end();
    });
    assert.doesNotMatch(heard, /Content-Encoding|Date/i);
  },

  'response.req': () => answer((req, res) => {
    assert.equal(res.req, req);
    res.end();
  }),

  'response.sendDate': async () => {
    const { heard } = await answer((req, res) => {
      assert.equal(res.sendDate, true);
      res.sendDate = false;
      res.end();
    });
    assert.doesNotMatch(heard, /\r\nDate:/);
    const date = /\r\nDate: (.*)\r\n/.exec((await answer((req, res) => res.end())).heard)[1];
    assert.equal(new Date(date).toUTCString(), date);
    assert.ok(Math.abs(Date.now() - new Date(date)) < 5000);
  },

  'response.setHeader(name, value)': async () => {
    const { heard } = await answer((req, res) => {
      assert.equal(res.setHeader('Content-Type', 'text/html'), res);
      res.setHeader('X-Foo', 7);
      res.setHeader('Set-Cookie', ['type=ninja', 'language=javascript']);
      assert.throws(() => res.setHeader('a b', 'c'), { code: 'ERR_INVALID_HTTP_TOKEN' });
      assert.throws(() => res.setHeader('a', 'b\r\nc: d'), { code: 'ERR_INVALID_CHAR' });
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      res.end();
      assert.throws(() => res.setHeader('late', 'x'), { code: 'ERR_HTTP_HEADERS_SENT' });
    });
    assert.match(heard, /\r\nContent-Type: text\/plain\r\nX-Foo: 7\r\nSet-Cookie: type=ninja\r\nSet-Cookie: language=javascript\r\n/);
  },

  'response.setTimeout(msecs[, callback])': () => answer(async (req, res) => {
    let given;
    assert.equal(res.setTimeout(20, (socket) => (given = socket)), res);
    await event(res, 'timeout');
    assert.equal(given, req.socket);
    res.end();
  }),

  'response.socket': () => answer(async (req, res) => {
    assert.equal(res.socket, req.socket);
    assert.equal(res.socket.remoteAddress, '127.0.0.1');
    res.end();
    await event(res, 'close');
    assert.equal(res.socket, null);
  }),

  'response.statusCode': async () => {
    const { heard } = await answer((req, res) => {
      assert.equal(res.statusCode, 200);
      res.statusCode = 404;
      res.end();
      assert.equal(res.statusCode, 404);
    });
    assert.match(heard, /^HTTP\/1\.1 404 Not Found\r\n/);
    await answer((req, res) => {
      res.statusCode = 99;
      assert.throws(() => res.end(), { name: 'RangeError', code: 'ERR_HTTP_INVALID_STATUS_CODE' });
      res.statusCode = 200;
      res.end();
    });
  },

  'response.statusMessage': async () => {
    const { heard } = await answer((req, res) => {
      assert.equal(res.statusMessage, undefined);
      res.statusMessage = 'All is well';
      res.end();
      assert.equal(res.statusMessage, 'All is well');
    });
    assert.match(heard, /^HTTP\/1\.1 200 All is well\r\n/);
  },

  'response.uncork()': () => serve((req, res) => {
    res.cork();
    res.write('first');
    res.write('second');
    res.uncork();
    assert.equal(res.writableCorked, 0);
  }, async (port) => {
    const req = open(port).end();
    const [res] = await event(req, 'response');
    res.setEncoding('utf8');
    let text = '';
    res.on('data', (chunk) => (text += chunk));
    while (text !== 'firstsecond') await event(res, 'data');
    res.on('error', () => {});
    req.destroy();
    await event(res, 'close');
  }),

  'response.writableEnded': () => answer((req, res) => {
    res.write('a');
    assert.equal(res.writableEnded, false);
    res.end();
    assert.equal(res.writableEnded, true);
  }),

  'response.writableFinished': () => answer(async (req, res) => {
    res.write('a');
    assert.equal(res.writableFinished, false);
    res.end();
    await event(res, 'finish');
    assert.equal(res.writableFinished, true);
  }),

  'response.write(chunk[, encoding][, callback])': async () => {
    const flushed = [];
    const write = async (req, res) => {
      assert.equal(typeof res.write('hi', () => flushed.push(1)), 'boolean');
      res.write('AAEC', 'base64', () => flushed.push(2));
      res.write(Buffer.from([255]));
      assert.throws(() => res.write(null), { code: 'ERR_STREAM_NULL_VALUES' });
      assert.throws(() => res.write({}), { code: 'ERR_INVALID_ARG_TYPE' });
      const finished = event(res, 'finish');
      res.end();
      await finished;
    };
    // Since Node 26 the writes of one turn are one chunk.
    const chunks = corksEachTurn() ? '6\r\nhi\0\x01\x02\xff\r\n0\r\n\r\n' : '2\r\nhi\r\n3\r\n\0\x01\x02\r\n1\r\n\xff\r\n0\r\n\r\n';
    assert.equal(bodyOf((await answer(write)).heard), chunks);
    assert.deepEqual(flushed, [1, 2]);
    assert.equal(bodyOf((await answer(write, get('HEAD /'))).heard), '');
    assert.equal(bodyOf((await answer(write, head10)).heard), 'hi\0\x01\x02\xff');
  },

  'response.writeContinue()': () => serve(() => {}, async (port, server) => {
    server.on('checkContinue', (req, res) => {
      res.writeContinue();
      req.pipe(res);
    });
    const req = open(port, { method: 'POST', headers: { Expect: '100-continue' } });
    req.flushHeaders();
    await event(req, 'continue');
    req.end('go on');
    const [res] = await event(req, 'response');
    assert.equal(await textOf(res), 'go on');
  }),

  'response.writeHead(statusCode[, statusMessage][, headers])': async () => {
    const heads = {
      'with a message and an object': [(res) => res.writeHead(201, 'Mine', { 'X-A': 'b' }), /^HTTP\/1\.1 201 Mine\r\nX-A: b\r\n/],
      'with an object': [(res) => res.writeHead(202, { 'X-A': ['b', 'c'] }), /^HTTP\/1\.1 202 Accepted\r\nX-A: b\r\nX-A: c\r\n/],
      'with a list': [(res) => res.writeHead(203, ['X-A', 'b', 'X-C', 'd']), /^HTTP\/1\.1 203 Non-Authoritative Information\r\nX-A: b\r\nX-C: d\r\n/],
      'alone': [(res) => res.writeHead(204), /^HTTP\/1\.1 204 No Content\r\n/],
    };
    for (const [name, [write, expected]] of Object.entries(heads)) {
      const { heard } = await answer((req, res) => {
        assert.throws(() => res.writeHead(1000), { name: 'RangeError', code: 'ERR_HTTP_INVALID_STATUS_CODE' });
        assert.equal(write(res), res);
        if (refusesSecondHead) assert.throws(() => write(res), { code: 'ERR_HTTP_HEADERS_SENT' });
        res.end();
      });
      assert.match(heard, expected, name);
    }
  },

  'response.writeProcessing()': async () => {
    const { heard } = await answer((req, res) => {
      res.writeProcessing();
      res.end('x');
    });
    assert.match(heard, /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    await serve((req, res) => {
      res.writeProcessing();
      res.end();
    }, async (port) => {
      let info;
      const req = http.get({ port, host: '127.0.0.1', agent: false });
      req.on('information', (seen) => (info = seen));
      const [res] = await event(req, 'response');
      res.resume();
      assert.equal(info.statusCode, 102);
      assert.equal((await ask(port)).res.statusCode, 200);
    });
  },
};
