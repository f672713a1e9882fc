'use strict';
// What a request makes of its options, as seen by programs that extend an agent, open connections themselves or request
// a tunnel.

const assert = require('node:assert/strict');
const builtin = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { PassThrough } = require('node:stream');
const { test } = require('node:test');
const url = require('node:url');
const ours = require('../..');
const { turns } = require('../support/turns');

const alone = { createConnection() {} };

function headOf(http, ...args) {
  try {
    const req = http.request(...args);
    req.on('error', () => {});
    return [req.method, req.path, req.getHeader('host')];
  } catch (error) {
    return [error.code, error.message];
  }
}

test('the target of CONNECT and its Host field are those of the built-in, from a URL, an object or both', () => {
  const CONNECT = { ...alone, method: 'CONNECT' };
  const text = 'http://user:pass@h:8/b.test:443';
  const requests = [
    [text, CONNECT], [text, { ...alone, method: 'connect' }], [new URL(text), CONNECT], [text, { ...alone, method: 'GET' }],
    ['http://h:8', CONNECT], ['http://h:8/', CONNECT], ['http://h:8?x', CONNECT], ['http://h:8/a/b', CONNECT], ['http://h:8//b:1', CONNECT],
    ['http://h:8/b%20c:1', CONNECT], ['http://h:8/b:1?x#y', CONNECT],
    [text, { ...CONNECT, path: '/b.test:443' }], [text, { ...CONNECT, path: '' }], [text, { ...CONNECT, path: undefined }], [text, { ...CONNECT, path: null }],
    [text, { ...CONNECT, setHost: false }], [text, { ...CONNECT, headers: { Host: 'mine' } }], [text, { ...CONNECT, headers: { Host: '' } }],
    [text, { ...CONNECT, headers: ['Host', 'mine'] }], [text, { ...CONNECT, host: 'other' }], [text, { ...CONNECT, auth: 'a:b' }],
    [{ ...url.urlToHttpOptions(new URL(text)), ...CONNECT }], [{ href: 'x', protocol: 'http:', hostname: 'h', port: 8, pathname: '/b:1', search: '' }, CONNECT],
    ...['/b:1', 'b:1', 'b:80', 'b', '', undefined, '[::1]:443', '/[::1]:443', '*', 'http://a/', 'x y', 'u@b:1', '///'].map((path) => [{ host: 'h', port: 8, path, ...CONNECT }]),
  ];
  for (const args of requests) assert.deepEqual(headOf(ours, ...args), headOf(builtin, ...args), JSON.stringify(args));
});

function kindOf(object) {
  const prototype = Object.getPrototypeOf(object);
  return `${prototype === null ? 'none' : prototype === Object.prototype ? 'Object' : 'other'} ${Object.keys(object)}`;
}

test('the options that an agent or a creator of connections sees have the members and the prototype of the built-in ones', async () => {
  const logs = [];
  for (const http of [builtin, ours]) {
    const log = [];
    class Watching extends http.Agent {
      addRequest(req, options, ...rest) {
        // The copy is a plain object on Node 18.
        log.push(`addRequest ${Object.keys(options)}`);
        return super.addRequest(req, options, ...rest);
      }

      createSocket(req, options, callback) {
        log.push(`createSocket ${kindOf(options)}`);
        return super.createSocket(req, options, callback);
      }

      createConnection(options) {
        log.push(`createConnection ${kindOf(options)} ${options.timeout}`);
        return new net.Socket();
      }

      getName(options) {
        log.push(`getName ${kindOf(options)}`);
        return super.getName(options);
      }

      removeSocket(socket, options) {
        log.push(`removeSocket ${kindOf(options)}`);
        return super.removeSocket(socket, options);
      }
    }
    for (const limit of [{}, { timeout: 5000 }]) {
      const agent = new Watching({ keepAlive: true, ...limit });
      agent.on('free', (socket, options) => log.push(`free ${kindOf(options)}`));
      const given = [[{ host: 'h', agent }], ['http://h/x', { agent }], [{ __proto__: null, host: 'h', agent, timeout: 1000 }], [{ host: 'h', agent, timeout: 0 }]];
      for (const args of given) http.request(...args).on('error', () => {});
      const alone = [];
      const plain = { createConnection: (options) => {
        log.push(`alone ${kindOf(options)}`);
        alone.push(new net.Socket());
        return alone.at(-1);
      } };
      http.request({ host: 'h', ...plain }).on('error', () => {});
      http.request('http://h/', plain).on('error', () => {});
      Object.values(agent.sockets).flat()[0].emit('free');
      agent.destroy();
      for (const socket of alone) socket.destroy();
      await turns(10);
    }
    logs.push(log);
  }
  assert.deepEqual(logs[1], logs[0]);
});

test('what opens a connection without an agent sees the options, and their prototype and path, of the built-in ones', () => {
  const extras = [{}, { path: '/x' }, { path: '' }, { socketPath: '/s' }, { path: '/x', socketPath: '/s' }, { agent: null }, { timeout: 5 }, { signal: new AbortController().signal }];
  for (const first of [[], ['http://a.test/u'], [new URL('http://a.test/u')]]) {
    for (const extra of extras) {
      const [expected, seen] = [builtin, ours].map((http) => {
        let opened;
        const createConnection = (options) => { opened = [kindOf(options), options.path]; };
        http.request(...first, { ...extra, createConnection });
        return opened;
      });
      assert.deepEqual(seen, expected, `${first} ${JSON.stringify(extra)}`);
    }
  }
});

test('methods that need one of the socket fail as with the built-in when the connection is a stream without it', async () => {
  const attempts = [
    (req) => req.setTimeout(0), (req) => req.setTimeout(5000), (req) => req.clearTimeout(), (req) => req.setNoDelay(), (req) => req.setSocketKeepAlive(true),
  ];
  for (const attempt of attempts) {
    const [expected, seen] = await Promise.all([builtin, ours].map(async (http) => {
      const req = http.request({ createConnection: () => new PassThrough() });
      await new Promise((resolve) => {
        req.once('socket', resolve);
      });
      try {
        attempt(req);
        return 'no error';
      } catch (error) {
        return `${error.name}: ${error.message}`;
      } finally {
        req.on('error', () => {}).destroy();
      }
    }));
    assert.notEqual(expected, 'no error');
    assert.equal(seen, expected);
  }
});

test('the callback that a creator of connections gets looks like that of the built-in, and so does the listener that it becomes', () => {
  const shapeOf = (callback) => [callback.name, callback.length, Object.getOwnPropertyNames(callback), 'prototype' in callback];
  const [expected, seen] = [builtin, ours].map((http) => {
    const shapes = [];
    const createConnection = (options, callback) => {
      shapes.push(shapeOf(callback));
      return new PassThrough();
    };
    const agent = new http.Agent();
    agent.createConnection = createConnection;
    http.request({ agent }).on('error', () => {}).destroy();
    http.request({ createConnection }).on('error', () => {}).destroy();
    return shapes;
  });
  assert.equal(expected.length, 2);
  assert.deepEqual(seen, expected);
});

test('a connect() that a program has replaced gets what net gives it', async (t) => {
  const server = builtin.createServer((req, res) => res.end()).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const seenBy = async (http) => {
    const { connect } = net.Socket.prototype;
    const seen = [];
    net.Socket.prototype.connect = function(...args) {
      const [[options, listener]] = args;
      seen.push(args.length, options.port, typeof listener);
      return connect.apply(this, args);
    };
    try {
      const req = http.get({ host: '127.0.0.1', port: server.address().port });
      const [res] = await once(req, 'response');
      await once(res.resume(), 'end');
    } finally {
      net.Socket.prototype.connect = connect;
    }
    return seen;
  };
  assert.deepEqual(await seenBy(ours), await seenBy(builtin));
});
