'use strict';

const assert = require('node:assert');
const net = require('node:net');
const test = require('node:test');
const { Duplex, Writable } = require('node:stream');
const { once } = require('node:events');
const ours = require('../..');
const { exchange, get, serving, statuses } = require('./exchange');

/** Two streams, each of which reads what the other writes. */
function pair() {
  const sides = [];
  for (const other of [1, 0]) {
    sides.push(new Duplex({
      read() {},
      write(chunk, encoding, callback) {
        sides[other].push(chunk);
        callback();
      },
      final(callback) {
        sides[other].push(null);
        callback();
      },
    }));
  }
  return sides;
}

test('any Duplex can be a connection', async () => {
  const [client, connection] = pair();
  const server = ours.createServer((req, res) => {
    req.resume().on('end', () => res.end(req.url));
  });
  server.emit('connection', connection);
  let text = '';
  client.on('data', (chunk) => {
    text += chunk;
  });
  client.write(get('/a') + get('/b'));
  client.write('POST /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi');
  await once(client, 'end');
  assert.deepStrictEqual(text.match(/\/[abc](?=HTTP|$)/g), ['/a', '/b', '/c']);
  // The timer of a server that does not listen holds its connections on 18.12.
  connection.destroy();
});

test('a response can be written to any Writable', async () => {
  const written = [];
  const socket = new Writable({
    write(chunk, encoding, callback) {
      written.push(chunk.toString());
      callback();
    },
  });
  const response = new ours.ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 });
  response.assignSocket(socket);
  assert.throws(() => new ours.ServerResponse({ method: 'GET' }).assignSocket(socket), { code: 'ERR_HTTP_SOCKET_ASSIGNED' });
  response.end('hello');
  await once(response, 'finish');
  response.detachSocket(socket);
  assert.match(written.join(''), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhello$/);
  assert.deepStrictEqual([socket._httpMessage, socket.listenerCount('close')], [null, 0]);
});

test('a socket that was pre-read and unshifted is served', async () => {
  const server = ours.createServer((req, res) => res.end(req.url));
  const front = net.createServer((socket) => {
    socket.once('readable', () => {
      socket.unshift(socket.read(1));
      server.emit('connection', socket);
    });
  });
  front.closeAllConnections = () => {};
  const { text } = await serving(front, (port) => exchange(port, get('/front')));
  assert.match(text, /\/front$/);
});

test('a socket can be served again after a CONNECT', async () => {
  const server = ours.createServer((req, res) => res.end(`through ${req.url}`));
  server.on('connect', (req, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    server.emit('connection', socket);
  });
  const { text } = await serving(server, (port) => exchange(port, ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', get('/inner')]));
  assert.deepStrictEqual(statuses(text), [200, 200]);
  assert.match(text, /through \/inner$/);
});

test('reading stops while a client does not read its answers, and goes on when it does', async () => {
  const body = Buffer.alloc(64 * 1024, 'x');
  const requests = 400;
  let handled = 0;
  let paused = false;
  const server = ours.createServer((req, res) => {
    handled++;
    res.end(body);
  });
  server.on('connection', (socket) => socket.on('pause', () => {
    paused = true;
  }));
  await serving(server, async (port) => {
    const client = net.connect(port, '127.0.0.1');
    await once(client, 'connect');
    client.pause();
    const request = get('/', `X: ${'y'.repeat(4000)}\r\n`);
    for (let n = 0; n < requests; n++) client.write(request);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = handled;
    assert.ok(paused && before < requests, `${before} requests handled without a reader`);
    let received = 0;
    await new Promise((resolve) => client.on('data', (chunk) => {
      received += chunk.length;
      if (received >= requests * body.length) resolve();
    }).resume());
    assert.strictEqual(handled, requests);
    client.destroy();
  });
});

test('write reports a full buffer and drain follows', async () => {
  let drained = 0;
  const server = ours.createServer((req, res) => {
    const more = () => {
      if (drained === 3) {
        res.end();
        return;
      }
      assert.strictEqual(res.write(Buffer.alloc(4 * 1024 * 1024)), false);
      res.once('drain', () => {
        drained++;
        more();
      });
    };
    more();
  });
  await serving(server, async (port) => {
    const client = net.connect(port, '127.0.0.1');
    client.write(get('/', 'Connection: close\r\n'));
    client.resume();
    await once(client, 'end');
    client.destroy();
  });
  assert.strictEqual(drained, 3);
});

test('parsers are reused, and keep no references', async () => {
  const parsers = new Set();
  const server = ours.createServer((req, res) => {
    parsers.add(req.socket.parser);
    assert.strictEqual(req.socket.parser.incoming, req);
    res.end();
  });
  await serving(server, async (port) => {
    for (let n = 0; n < 5; n++) await exchange(port, get('/', 'Connection: close\r\n'));
  });
  assert.strictEqual(parsers.size, 1);
  const [parser] = parsers;
  // On Windows a server may close before the last of its connections has closed.
  for (let n = 0; n < 100 && parser.socket !== null; n++) await new Promise((resolve) => { setTimeout(resolve, 5); });
  assert.deepStrictEqual([parser.incoming, parser.socket, parser.outgoing, parser.onIncoming], [null, null, null, null]);
});

test('a finished request is forgotten by its parser while the connection stays', async () => {
  let parser;
  const server = ours.createServer((req, res) => {
    parser = req.socket.parser;
    res.end('x');
  });
  await serving(server, async (port) => {
    const client = net.connect(port, '127.0.0.1');
    client.write(get());
    await once(client, 'data');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.strictEqual(parser.incoming, null);
    client.destroy();
  });
});
