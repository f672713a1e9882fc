'use strict';
// The native transport gives a socket back to its stream without losing or reordering a byte.

const { test } = require('node:test');
const assert = require('node:assert');
const net = require('node:net');
const { once } = require('node:events');
const http = require('../../lib');

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

async function listening(handler, options = {}) {
  const server = http.createServer({ transport: 'native', ...options }, handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function connect(server) {
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.setEncoding('latin1');
  socket.text = '';
  socket.on('data', (data) => { socket.text += data; });
  return socket;
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => { setTimeout(resolve, 5); });
}

function answers(socket) {
  return socket.text.split('HTTP/1.1 ').length - 1;
}

test('requests in one packet are answered in their order', async () => {
  const server = await listening((req, res) => { res.end(req.url); });
  const client = connect(server);
  client.write(Array.from({ length: 50 }, (_, n) => `GET /${n} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  await until(() => answers(client) === 50);
  const urls = [...client.text.matchAll(/\r\n\r\n(\/\d+)/g)].map((match) => match[1]);
  assert.deepStrictEqual(urls, Array.from({ length: 50 }, (_, n) => `/${n}`));
  client.destroy();
  server.close();
  await once(server, 'close');
});

const TRIGGERS = {
  'a data listener': (socket, seen) => socket.on('data', (data) => seen.push(data)),
  'a readable listener': (socket, seen) => socket.on('readable', () => {
    for (let data = socket.read(); data !== null; data = socket.read()) seen.push(data);
  }),
  'a prepended data listener': (socket, seen) => socket.prependListener('data', (data) => seen.push(data)),
};

for (const [name, touch] of Object.entries(TRIGGERS)) {
  test(`${name} gives the socket back and sees every later byte`, async () => {
    const seen = [];
    let touched = false;
    const server = await listening((req, res) => {
      if (!touched) {
        touched = true;
        touch(req.socket, seen);
      }
      res.end('ok');
    });
    const client = connect(server);
    client.write(GET);
    await until(() => answers(client) === 1);
    for (const piece of GET) {
      client.write(piece);
      await new Promise(setImmediate);
    }
    await until(() => Buffer.concat(seen).length === GET.length);
    assert.strictEqual(Buffer.concat(seen).toString(), GET);
    client.destroy();
    server.close();
    await once(server, 'close');
  });
}

test('an upgrade hands over the bytes after its head, and all later ones', async () => {
  const server = await listening(() => assert.fail('no request'));
  let got = '';
  server.on('upgrade', (req, socket, head) => {
    got += head;
    socket.on('end', () => socket.end());
    socket.on('data', (data) => { got += data; });
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  });
  const client = connect(server);
  client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst ');
  await until(() => client.text.includes('101'));
  client.write('second ');
  client.write('third');
  await until(() => got === 'first second third');
  client.destroy();
  server.close();
  await once(server, 'close');
});

test('CONNECT hands over the bytes after its head', async () => {
  const server = await listening(() => assert.fail('no request'));
  let got = '';
  server.on('connect', (req, socket, head) => {
    got += head;
    socket.on('end', () => socket.end());
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.on('data', (data) => { got += data; });
  });
  const client = connect(server);
  client.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nearly ');
  await until(() => client.text.includes('established'));
  client.write('late');
  await until(() => got === 'early late');
  client.destroy();
  server.close();
  await once(server, 'close');
});

test('a large answer to a slow reader arrives whole', async () => {
  const body = Buffer.alloc(8 << 20, Buffer.from('0123456789abcdef'.repeat(17)));
  let accepted;
  const server = await listening((req, res) => { accepted = res.write(body); res.end('tail'); });
  const client = net.connect(server.address().port, '127.0.0.1');
  client.pause();
  client.write('GET / HTTP/1.0\r\n\r\n');
  await until(() => accepted !== undefined);
  assert.strictEqual(accepted, false);
  const pieces = [];
  client.on('data', (data) => { pieces.push(data); });
  client.resume();
  await once(client, 'end');
  const text = Buffer.concat(pieces);
  const start = text.indexOf('\r\n\r\n') + 4;
  assert.ok(text.subarray(start, start + body.length).equals(body));
  assert.strictEqual(text.subarray(start + body.length).toString(), 'tail');
  server.close();
  await once(server, 'close');
});

test('a handler that does not read holds its client back', async () => {
  let request;
  const server = await listening((req) => { request = req; });
  const client = connect(server);
  client.on('error', () => {});
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n');
  const piece = Buffer.alloc(1 << 16);
  for (let n = 0; n < 512; n++) client.write(piece);
  await until(() => request !== undefined);
  await new Promise((resolve) => { setTimeout(resolve, 50); });
  assert.ok(request.socket.bytesRead < 1 << 20, `${request.socket.bytesRead} bytes read`);
  assert.ok(client.writableLength > 0);
  client.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('a client that ends its side still gets the answer', async () => {
  const server = await listening((req, res) => { setTimeout(() => { res.end('late'); }, 30); }, {});
  server.httpAllowHalfOpen = true;
  const client = connect(server);
  client.end(GET);
  await once(client, 'end');
  assert.ok(client.text.endsWith('late'), client.text);
  server.close();
  await once(server, 'close');
});

test('bytesRead and bytesWritten count what the core moved', async () => {
  let socket;
  const server = await listening((req, res) => { ({ socket } = req); res.end('hello'); });
  const client = connect(server);
  client.write(GET);
  await until(() => answers(client) === 1 && client.text.endsWith('hello'));
  assert.strictEqual(socket.bytesRead, GET.length);
  assert.strictEqual(socket.bytesWritten, client.text.length);
  client.destroy();
  await once(socket, 'close');
  assert.strictEqual(socket.bytesRead, GET.length);
  server.close();
  await once(server, 'close');
});

test('an exception in one handler costs no other connection its request', async () => {
  const server = await listening((req, res) => {
    if (req.url === '/throw') throw new Error('on purpose');
    res.end('fine');
  });
  const clients = Array.from({ length: 10 }, () => connect(server));
  await Promise.all(clients.map((client) => once(client, 'connect')));
  const caught = [];
  const listener = (error) => caught.push(error.message);
  const former = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', listener);
  clients.forEach((client, n) => client.write(n === 4 ? GET.replace('/ ', '/throw ') : GET));
  await until(() => clients.filter((client) => answers(client) === 1).length === 9);
  process.removeListener('uncaughtException', listener);
  former.forEach((each) => process.on('uncaughtException', each));
  assert.deepStrictEqual(caught, ['on purpose']);
  clients.forEach((client) => client.destroy());
  server.close();
  await once(server, 'close');
});
