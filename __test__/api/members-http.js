'use strict';
// The members of the module itself.

const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const net = require('node:net');
const { Duplex, Readable, Stream } = require('node:stream');
const { answering, ask, event, get, http, say, serve, serving, textOf } = require('./helpers');

const echo = (req, res) => res.end(`${req.method} ${req.url}`);

/** The response to a request that `make` starts and ends. */
const answered = (make) => serve(echo, async (port) => {
  const req = make(port);
  const [res] = await event(req, 'response');
  return textOf(res);
});

module.exports = {
  'Class: http.Agent': () => serve(echo, async (port) => {
    const agent = new http.Agent();
    assert.ok(agent instanceof EventEmitter);
    const { req, text } = await ask(port, { agent });
    assert.equal(req.agent, agent);
    assert.equal(text, 'GET /');
  }),

  'Class: http.ClientRequest': async () => {
    const text = await answered((port) => {
      const req = new http.ClientRequest({ port, host: '127.0.0.1', path: '/c', agent: false });
      assert.ok(req instanceof http.OutgoingMessage && req instanceof Stream);
      return req.end();
    });
    assert.equal(text, 'GET /c');
  },

  'Class: http.Server': async () => {
    const server = new http.Server(echo);
    assert.ok(server instanceof net.Server);
    assert.match(await serving(server, (port) => say(port, get('PUT /s'))), /\r\n\r\nPUT \/s$/);
  },

  'Class: http.ServerResponse': () => {
    const sent = [];
    const socket = new Duplex({ read() {}, write: (chunk, _encoding, done) => done(null, sent.push(chunk.toString())) });
    const res = new http.ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: {} });
    assert.ok(res instanceof http.OutgoingMessage && res instanceof Stream);
    res.assignSocket(socket);
    res.end('hi');
    assert.match(sent.join(''), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhi$/);
  },

  'Class: http.IncomingMessage': async () => {
    const message = new http.IncomingMessage(new net.Socket());
    assert.ok(message instanceof Readable);
    message.push('by hand');
    message.push(null);
    assert.equal(await textOf(message), 'by hand');
    await serve((req, res) => res.end(String(req instanceof http.IncomingMessage)), async (port) => {
      const { res, text } = await ask(port);
      assert.ok(res instanceof http.IncomingMessage);
      assert.equal(text, 'true');
    });
  },

  'Class: http.OutgoingMessage': () => serve((req, res) => res.end(String(res instanceof http.OutgoingMessage)), async (port) => {
    const { req, text } = await ask(port);
    assert.ok(req instanceof http.OutgoingMessage);
    assert.equal(text, 'true');
  }),

  'http.METHODS': async () => {
    const seen = [];
    const methods = http.METHODS.filter((method) => method !== 'CONNECT');
    assert.ok(methods.length > 30);
    assert.deepEqual(http.METHODS, [...http.METHODS].sort());
    const listener = (req, res) => {
      seen.push(req.method);
      res.end();
    };
    await serve(listener, (port) => say(port, methods.map((method) => get(`${method} /`, '')).join('') + get('GET /end')));
    assert.deepEqual(seen, [...methods, 'GET']);
  },

  'http.STATUS_CODES': () => serve((req, res) => {
    res.statusCode = Number(req.url.slice(1));
    res.end();
  }, async (port) => {
    assert.equal(http.STATUS_CODES[404], 'Not Found');
    for (const code of Object.keys(http.STATUS_CODES).filter((code) => code >= 200)) {
      const heard = await say(port, get(`GET /${code}`));
      assert.ok(heard.startsWith(`HTTP/1.1 ${code} ${http.STATUS_CODES[code]}\r\n`), heard);
    }
  }),

  'http.createServer([options][, requestListener])': async () => {
    for (const args of [[echo], [{}, echo], [{}], []]) {
      const server = http.createServer(...args);
      assert.ok(server instanceof http.Server);
      if (!args.includes(echo)) server.on('request', echo);
      assert.match(await serving(server, (port) => say(port, get('GET /made'))), /GET \/made$/);
    }
  },

  'http.get(options[, callback])': async () => {
    let calledWith;
    const text = await answered((port) => http.get({ port, host: '127.0.0.1', path: '/g', agent: false }, (res) => {
      calledWith = res;
    }));
    assert.equal(text, 'GET /g');
    assert.ok(calledWith instanceof http.IncomingMessage);
  },

  'http.get(url[, options][, callback])': async () => {
    const options = { agent: false };
    assert.equal(await answered((port) => http.get(`http://127.0.0.1:${port}/text`, options)), 'GET /text');
    assert.equal(await answered((port) => http.get(new URL(`http://127.0.0.1:${port}/url`), options, () => {})), 'GET /url');
    assert.equal(await answered((port) => http.get(`http://127.0.0.1:${port}/a`, { ...options, path: '/b' })), 'GET /b');
  },

  'http.request(options[, callback])': async () => {
    let calledWith;
    const text = await answered((port) => http.request({ port, host: '127.0.0.1', method: 'PUT', path: '/r', agent: false }, (res) => {
      calledWith = res;
    }).end());
    assert.equal(text, 'PUT /r');
    assert.ok(calledWith instanceof http.IncomingMessage);
  },

  'http.request(url[, options][, callback])': async () => {
    const options = { agent: false, method: 'PATCH' };
    assert.equal(await answered((port) => http.request(`http://127.0.0.1:${port}/text?q`, options).end()), 'PATCH /text?q');
    assert.equal(await answered((port) => http.request(new URL(`http://127.0.0.1:${port}/url`), options, () => {}).end()), 'PATCH /url');
  },

  'http.globalAgent': () => serve(echo, async (port) => {
    const before = http.globalAgent;
    assert.ok(before instanceof http.Agent);
    const mine = new http.Agent();
    http.globalAgent = mine;
    try {
      const { req } = await ask(port, { agent: undefined });
      assert.equal(req.agent, mine);
    } finally {
      http.globalAgent = before;
    }
    const { req } = await ask(port, { agent: undefined, headers: { connection: 'close' } });
    assert.equal(req.agent, before);
  }),

  'http.maxHeaderSize': () => serve(echo, async (port) => {
    assert.equal(http.maxHeaderSize, 16 * 1024);
    const field = (size) => `X: ${'x'.repeat(size)}\r\nConnection: close\r\n`;
    assert.match(await say(port, get('GET /', field(http.maxHeaderSize - 100))), /^HTTP\/1\.1 200 /);
    assert.match(await say(port, get('GET /', field(http.maxHeaderSize))), /^HTTP\/1\.1 431 /);
  }),

  'http.validateHeaderName(name)': () => {
    http.validateHeaderName('x-good');
    for (const name of ['', 'a b', 'ä', 'a:', 5]) {
      assert.throws(() => http.validateHeaderName(name), { name: 'TypeError', code: 'ERR_INVALID_HTTP_TOKEN', message: `Header name must be a valid HTTP token ["${name}"]` });
    }
  },

  'http.validateHeaderValue(name, value)': () => {
    http.validateHeaderValue('x', 'good \t\xe9');
    assert.throws(() => http.validateHeaderValue('x', undefined), { name: 'TypeError', code: 'ERR_HTTP_INVALID_HEADER_VALUE', message: 'Invalid value "undefined" for header "x"' });
    for (const value of ['a\r\nb', 'ʊ', '\0']) {
      assert.throws(() => http.validateHeaderValue('x', value), { name: 'TypeError', code: 'ERR_INVALID_CHAR', message: 'Invalid character in header content ["x"]' });
    }
  },

  'http.createClient([port][, host])': () => answering('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold', async (port, received) => {
    assert.equal(Object.keys(http).includes('createClient'), false);
    const warned = event(process, 'warning');
    const client = http.createClient(port, '127.0.0.1');
    const [warning] = await warned;
    assert.equal(warning.name, 'DeprecationWarning');
    const req = client.request('POST', '/old', { 'X-A': 'b' });
    req.end();
    const [res] = await event(req, 'response');
    assert.equal(await textOf(res), 'old');
    assert.match(received[0], /^POST \/old HTTP\/1\.1\r\nX-A: b\r\n/);
  }),
};
