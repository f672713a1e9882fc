'use strict';

const { corksEachTurn } = require('../../lib/compat/node-features');
const assert = require('node:assert');
const http = require('node:http');
const net = require('node:net');
const test = require('node:test');
const { inspect } = require('node:util');
const ours = require('../..');
const builtin = require('../../lib/compat/builtin');
const { turns } = require('../support/turns');
const { exchange, get, serving, undated } = require('./exchange');

// The state of a connection is node's; ours is found through the socket.
const names = (object) => Reflect.ownKeys(object).map(String).filter((name) => name !== 'Symbol(ConnectionState)');

/** Own keys of the live objects of an exchange, in their order. */
async function liveShapes({ createServer }) {
  const shapes = [];
  const server = createServer((req, res) => {
    shapes.push(names(req), names(res));
    req.resume().on('end', () => res.end('x', () => shapes.push(names(res))));
  });
  await serving(server, async (port) => {
    const client = net.connect(port, '127.0.0.1');
    for (let n = 1; n <= 2; n++) {
      client.write(get());
      while (shapes.length < 3 * n) await turns(1);
    }
    client.destroy();
  });
  return shapes;
}

test('requests and responses have the own properties of the built-in\'s, in its order', async () => {
  assert.deepStrictEqual(await liveShapes(ours), await liveShapes(http));
});

test('classes have the members of the built-in classes', () => {
  // Members that Node does not have, as documented.
  const added = new Set(['drain', 'removeResponse', 'respond', 'stats', 'transport']);
  // An own member if the running line has no reusePort, enumerable like the one it hides.
  const isAdded = (key) => added.has(key) || (key === 'listen' && !Object.hasOwn(http.Server.prototype, key));
  const described = (object) => Reflect.ownKeys(object).filter((key) => !isAdded(key)).map((key) => {
    const { value, get, set, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(object, key);
    const what = typeof value === 'function' ? `function ${value.name}/${value.length}` : typeof value;
    return [String(key), what, typeof get, typeof set, writable, enumerable, configurable];
  }).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const name of ['Server', 'ServerResponse', 'IncomingMessage']) {
    assert.deepStrictEqual(described(ours[name].prototype), described(http[name].prototype), name);
    assert.deepStrictEqual(described(ours[name]), described(http[name]), name);
  }
  for (const key of added) assert.ok(!Object.getOwnPropertyDescriptor(ours.Server.prototype, key).enumerable);
  assert.deepStrictEqual(Object.keys(ours), Object.keys(http));
  assert.deepStrictEqual(ours.METHODS, http.METHODS);
  assert.strictEqual(ours.STATUS_CODES, http.STATUS_CODES);
});

test('a server has the own properties of the built-in\'s, in its order', () => {
  const own = (server) => Reflect.ownKeys(server).map((key) => [String(key), typeof server[key]]);
  assert.deepStrictEqual(own(ours.createServer()), own(http.createServer()));
  assert.ok(ours.Server() instanceof ours.Server, 'callable without new');
  assert.deepStrictEqual(ours.createServer(() => {}).listeners('connection').map((f) => f.name), ['connectionListener']);
});

// Frameworks replace the prototypes of our objects by ones that end in the classes they know.
test('objects go on working on prototypes that end in the built-in classes', async () => {
  const request = Object.create(builtin.IncomingMessage.prototype, { isTheirs: { value: true } });
  const response = Object.create(builtin.ServerResponse.prototype, { isTheirs: { value: true } });
  const seen = [];
  const server = ours.createServer((req, res) => {
    Object.setPrototypeOf(req, request);
    Object.setPrototypeOf(res, response);
    let body = '';
    req.setEncoding('utf8');
    req.on('data', (text) => {
      body += text;
    });
    req.on('end', () => {
      seen.push([req.isTheirs, res.isTheirs, req.headers.host, req.headersDistinct.host, req.readableEnded, body]);
      res.setHeader('X-A', 'b');
      res.statusCode = 201;
      if (req.url === '/chunks') res.write('one ');
      res.end('two');
    });
    res.on('close', () => seen.push([res.writableFinished, req.complete]));
  });
  const post = (path) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`;
  const { text } = await serving(server, (port) => exchange(port, [post('/'), post('/chunks') + post('/')]));
  const head = 'HTTP/1.1 201 Created\r\nX-A: b\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n';
  const plain = `${head}Content-Length: 3\r\n\r\ntwo`;
  const chunks = corksEachTurn() ? '7\r\none two\r\n' : '4\r\none \r\n3\r\ntwo\r\n';
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
  assert.strictEqual(undated(text), plain + chunked + plain);
  const reading = [true, true, 'a', ['a'], true, 'abc'];
  assert.deepStrictEqual(seen.filter((row) => row.length > 2), [reading, reading, reading]);
  assert.deepStrictEqual(seen.filter((row) => row.length === 2), [[true, true], [true, true], [true, true]]);
});

test('writeHead, write and end that a package has replaced are called', async () => {
  const calls = [];
  const server = ours.createServer((req, res) => {
    for (const name of ['writeHead', 'write', 'end']) {
      const original = res[name];
      res[name] = function (...args) {
        calls.push(name);
        return original.apply(this, args);
      };
    }
    res.write('a');
    res.end();
  });
  await serving(server, (port) => exchange(port, get()));
  assert.deepStrictEqual(calls.slice(0, 3), ['write', 'writeHead', 'end']);
});

test('own classes of messages are used', async () => {
  class Request extends ours.IncomingMessage {
    get path() {
      return this.url.slice(1);
    }
  }
  class Response extends ours.ServerResponse {
    say(text) {
      return this.end(text);
    }
  }
  const server = ours.createServer({ IncomingMessage: Request, ServerResponse: Response }, (req, res) => res.say(req.path));
  const { text } = await serving(server, (port) => exchange(port, get('/abc')));
  assert.match(text, /\r\n\r\nabc$/);
});

test('a response is printed as the built-in\'s, at every depth', () => {
  const printed = ({ ServerResponse }) => {
    const res = new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 });
    // Where node keeps what it has asked about header values (26.12); see surface-differences.json.
    const print = (options) => inspect(res, options).replace(/Symbol\(kLenientCache\): \w+/, '');
    const texts = [print()];
    res.setHeader('X-A', 'b').setHeader('Set-Cookie', ['c', 'd']);
    for (const options of [{}, { depth: 0 }, { depth: 4 }, { compact: false }, { getters: true }]) texts.push(print(options));
    return texts;
  };
  assert.deepStrictEqual(printed(ours), printed(http));
});
