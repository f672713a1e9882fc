'use strict';

const { requiresHost } = require('../../lib/compat/node-features');
const assert = require('node:assert');
const http = require('node:http');
const test = require('node:test');
const ours = require('../..');
const { exchange, get, serving, statuses, undated } = require('./exchange');
const { subtest } = require('../support/subtest');

/** The same exchange with the built-in and with ours. */
async function same(options, prepare, pieces, how) {
  const results = [];
  for (const { createServer } of [http, ours]) {
    const log = [];
    const server = createServer(options);
    prepare(server, log);
    const { text, closed } = await serving(server, (port) => exchange(port, pieces, how));
    results.push({ text: undated(text), closed, log });
  }
  assert.deepStrictEqual(results[1], results[0]);
  return results[1];
}

function hello(server, log) {
  server.on('request', (req, res) => {
    log.push(`${req.method} ${req.url} ${req.httpVersion}`);
    res.end('hello');
  });
}

test('pipelined requests are answered in their order, whichever handler is ready first', async () => {
  const { text } = await same({}, (server) => {
    server.on('request', (req, res) => setTimeout(() => res.end(req.url), req.url === '/slow' ? 30 : 1));
  }, get('/slow') + get('/fast') + get('/last'));
  assert.deepStrictEqual(text.match(/\/(?:slow|fast|last)/g), ['/slow', '/fast', '/last']);
});

test('a request of version 1.1 without Host is answered with 400 unless requireHostHeader is false', async () => {
  const bare = 'GET / HTTP/1.1\r\n\r\n';
  // Node 18 does not require one.
  assert.deepStrictEqual(statuses((await same({}, hello, bare)).text), [requiresHost ? 400 : 200]);
  assert.deepStrictEqual(statuses((await same({ requireHostHeader: false }, hello, bare)).text), [200]);
  assert.deepStrictEqual(statuses((await same({}, hello, 'GET / HTTP/1.0\r\n\r\n')).text), [200]);
  assert.deepStrictEqual(statuses((await same({}, hello, 'GET / HTTP/1.1\r\nhOST: a\r\n\r\n')).text), [200]);
});

test('Expect: 100-continue is answered with 100, any other expectation with 417', async () => {
  const post = (expect) => [`POST / HTTP/1.1\r\nHost: a\r\nExpect: ${expect}\r\nContent-Length: 2\r\n\r\n`, 'hi'];
  assert.deepStrictEqual(statuses((await same({}, hello, post('100-continue'))).text), [100, 200]);
  assert.deepStrictEqual(statuses((await same({}, hello, post('100-Continue'))).text), [100, 200]);
  assert.deepStrictEqual(statuses((await same({}, hello, post('magic'))).text), [417]);
  assert.deepStrictEqual(statuses((await same({}, hello, 'GET / HTTP/1.0\r\nExpect: magic\r\n\r\n')).text), [200]);
});

test('checkContinue and checkExpectation take the request over', async () => {
  const prepare = (server, log) => {
    hello(server, log);
    server.on('checkContinue', (req, res) => {
      log.push('checkContinue');
      res.writeHead(403);
      res.end();
    });
    server.on('checkExpectation', (req, res) => {
      log.push('checkExpectation');
      res.end('met');
    });
  };
  const continued = await same({}, prepare, get('/', 'Expect: 100-continue\r\n'));
  assert.deepStrictEqual([continued.log, continued.closed], [['checkContinue'], true]);
  assert.deepStrictEqual((await same({}, prepare, get('/', 'Expect: magic\r\n'))).log, ['checkExpectation']);
});

test('after maxRequestsPerSocket requests the connection closes, and requests pipelined after them get 503', async () => {
  const prepare = (server, log) => {
    server.maxRequestsPerSocket = 2;
    server.on('dropRequest', (req, socket) => log.push(`dropped ${req.url} ${socket === req.socket}`));
    hello(server, log);
  };
  const { text, log } = await same({}, prepare, get('/1') + get('/2') + get('/3'));
  assert.deepStrictEqual(statuses(text), [200, 200, 503]);
  assert.deepStrictEqual(log.at(-1), 'dropped /3 true');
});

test('interim responses precede the response', async () => {
  const { text } = await same({}, (server) => {
    server.on('request', (req, res) => {
      res.writeProcessing();
      res.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.js>; rel=preload; as=script'], 'x-hint': 'b' });
      res.end('x');
    });
  }, get());
  assert.deepStrictEqual(statuses(text), [102, 103, 200]);
});

test('an early hint cannot smuggle a line into the stream', () => {
  const response = new ours.ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: {} });
  response._writeRaw = () => assert.fail('nothing may be written');
  const hint = (fields) => () => response.writeEarlyHints({ link: '</a>; rel=preload', ...fields });
  assert.throws(hint({ x: 'a\r\nSet-Cookie: b' }), { code: 'ERR_INVALID_CHAR' });
  assert.throws(hint({ 'x\r\ny': 'a' }), { code: 'ERR_INVALID_HTTP_TOKEN' });
  assert.throws(hint({ link: '</a\r\nb>; rel=preload' }), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('links of early hints are accepted and refused as by the built-in', () => {
  const links = [
    '</a>', '</a>, </b>', '</a>; title="a b"', '</a>; title="a"', '</a>;rel=x', '</a> ;rel=x', '</a>; rel=', '</a>;', '</a> ',
    '<>', ' </a>', '</a>; rel="x', '</a>; rel=x; ; as=y', '</a>; rel=a,b', '', 'x', '</a>; a="b;c"', 3, ['</a>', 'b'], ['</a>; rel=x', '</b>; rel=y'],
    '</a>; rel=x;', '</a>; rel=x; ', '</a>; rel="x"; as=y', '</a>; as=y; rel=x', '</a>; rel=x; as=y; title=z', '</a>; rel=x; crossorigin', '</a>; rel=x; type=y',
    '</a>; rel=x y', '</a>; rel="x y"', '</a>; rel=x ;as="y z"', '<a>b>; rel=x', '</a>; rel =x',
  ];
  const verdict = ({ ServerResponse }, link) => {
    const response = new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: {} });
    let written = 'nothing';
    response._writeRaw = (head) => {
      written = head;
    };
    try {
      response.writeEarlyHints({ link });
      return written;
    } catch (error) {
      return `${error.code} ${error.message}`;
    }
  };
  for (const link of links) assert.strictEqual(verdict(ours, link), verdict(http, link), `${link}`);
});

test('an upgrade goes to its listener with the bytes after the head, and is a plain request without one', async () => {
  const request = get('/chat', 'Connection: Upgrade\r\nUpgrade: x\r\n');
  const prepare = (server, log) => {
    server.on('upgrade', (req, socket, head) => {
      log.push(req.url, req.upgrade, head.toString(), socket.parser, ['data', 'error', 'close', 'drain', 'timeout', 'end']
        .map((event) => socket.listenerCount(event)));
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nraw');
    });
  };
  const { text } = await same({}, prepare, `${request}first bytes`);
  assert.match(text, /101 Switching Protocols\r\n\r\nraw$/);
  assert.deepStrictEqual((await same({}, hello, request)).log, ['GET /chat 1.1']);
});

test('a CONNECT without a listener closes the connection', async () => {
  assert.deepStrictEqual(await same({}, hello, 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'), { text: '', closed: true, log: [] });
});

test('a client that half-closes is answered if httpAllowHalfOpen is set', async () => {
  const later = (server, log) => {
    server.httpAllowHalfOpen = true;
    server.on('request', (req, res) => {
      log.push(req.url);
      setTimeout(() => res.end('late'), 20);
    });
  };
  const { text, closed } = await same({}, later, get('/1') + get('/2'), { end: true });
  assert.deepStrictEqual([statuses(text), closed], [[200, 200], true]);
});

test('trailers are delivered and sent', async () => {
  const { text, log } = await same({}, (server, log) => {
    server.on('request', (req, res) => {
      req.resume().on('end', () => {
        log.push(req.rawTrailers, req.trailers, { ...req.trailersDistinct });
        res.writeHead(200, { Trailer: 'X-Sum' });
        res.write('a');
        res.addTrailers({ 'X-Sum': '1' });
        res.end();
      });
    });
  }, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: 1\r\na: 2\r\n\r\n');
  assert.deepStrictEqual(log[1], { a: '1, 2' });
  assert.match(text, /0\r\nX-Sum: 1\r\n\r\n$/);
});

test('writeHead takes fields in every form, as the built-in does', () => {
  const forms = [
    [200], [204], [304], [199], [599], ['200'], [200.9], [99], [1000], ['abc'], [null], [200, 'M'], [200, ''], [200, 'M\n'],
    [200, { a: 1 }], [200, 'M', { a: 1 }], [200, null, { a: 1 }], [200, ['a', '1', 'A', '2']], [200, ['a', '1', 'b']],
    [200, [['a', '1'], ['b', '2']]], [200, { 'a b': 1 }], [200, { a: '\n' }], [200, { a: undefined }], [200, { '': 1 }],
    [200, { a: ['x', 'y'] }], [200, undefined, ['a', '1']], [200, Object.create({ z: 1 })], [200, 0, { a: 1 }], [200, { a: 1 }, { b: 2 }], [200, null, 'x'], [404, { 'content-length': 0 }],
  ];
  const outcome = ({ ServerResponse }, form, preset) => {
    const response = new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: {} });
    response.sendDate = false;
    if (preset) response.setHeader('a', 'before');
    let error = null;
    try {
      assert.strictEqual(response.writeHead(...form), response);
    } catch (caught) {
      error = `${caught.name} ${caught.code} ${caught.message}`;
    }
    const { _header, statusCode, statusMessage, _hasBody } = response;
    return { error, _header, statusCode, statusMessage, _hasBody, headers: response.getHeaders() };
  };
  for (const form of forms) {
    for (const preset of [false, true]) {
      assert.deepStrictEqual(outcome(ours, form, preset), outcome(http, form, preset), JSON.stringify(form));
    }
  }
});

test('writeHead() after a head does what it does on the running line', async (t) => {
  // Node 18 uses the new head if no field was set before, and sends a second one if the first is on its way.
  const bodies = {
    'before anything is sent': (res) => res.writeHead(200, { A: 1 }).writeHead(500, { B: 2 }),
    'with fields set before': (res) => { res.setHeader('Q', 1); res.writeHead(200).writeHead(500, { B: 2 }); },
    'with fields set, and without new ones': (res) => { res.setHeader('Q', 1); res.writeHead(200).writeHead(500, {}); },
    'of another length': (res) => res.writeHead(200, { 'Content-Length': 3 }).writeHead(200, { 'Content-Length': 5 }),
    'after a chunk': (res) => { res.write('hello'); res.writeHead(500, 'Mine', ['A', 'b']); },
    'after a chunk, without a body': (res) => { res.write('hello'); res.writeHead(204); },
    'after the head was flushed': (res) => { res.flushHeaders(); res.writeHead(500); },
    'after the end': (res) => { res.end('x'); res.writeHead(500); },
  };
  for (const [name, body] of Object.entries(bodies)) {
    await subtest(t, name, async () => {
      await same({}, (server, log) => {
        server.on('request', (req, res) => {
          try {
            body(res);
          } catch (error) {
            log.push(error.code, error.message);
          }
          log.push(res.statusCode, res.headersSent, res.chunkedEncoding);
          if (!res.writableEnded) res.end('world');
          res.on('close', () => log.push('close'));
        });
      }, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    });
  }
});
