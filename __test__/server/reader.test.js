'use strict';
// Sockets read into a buffer that all of them share: nothing that a program can keep may be in it.

const assert = require('node:assert');
const builtin = require('node:http');
const net = require('node:net');
const test = require('node:test');
const { once } = require('node:events');
const { setTimeout: wait } = require('node:timers/promises');
const { createServer } = require('../..');
const { exchange, get, serving } = require('./exchange');
const { SLOWNESS } = require('../support/slowness');

const post = (path, body) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('pieces of bodies keep their bytes while other requests are read', async () => {
  const kept = [];
  const server = createServer((req, res) => {
    req.on('data', (piece) => kept.push([req.url, piece]));
    req.on('end', () => res.end());
  });
  await serving(server, async (port) => {
    for (const letter of ['a', 'b', 'c']) await exchange(port, post(`/${letter}`, letter.repeat(5000)));
  });
  const texts = {};
  for (const [url, piece] of kept) texts[url] = (texts[url] || '') + piece;
  assert.deepStrictEqual(texts, { '/a': 'a'.repeat(5000), '/b': 'b'.repeat(5000), '/c': 'c'.repeat(5000) });
});

test('a large body arrives as it was sent, whatever the reads', async () => {
  const sent = Buffer.alloc(3 * 1024 * 1024);
  for (let n = 0; n < sent.length; n++) sent[n] = n * 7 + (n >> 8);
  const pieces = [];
  const server = createServer((req, res) => {
    req.on('data', (piece) => pieces.push(piece));
    req.on('end', () => res.end('done'));
  });
  await serving(server, async (port) => {
    const client = net.connect(port, '127.0.0.1');
    client.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${sent.length}\r\n\r\n`);
    client.write(sent);
    await once(client, 'data');
    client.destroy();
  });
  assert.ok(Buffer.concat(pieces).equals(sent));
});

test('rawPacket and the head of an upgrade keep their bytes', async () => {
  const kept = [];
  const server = createServer((req, res) => res.end());
  server.on('clientError', (error, socket) => {
    kept.push(error.rawPacket);
    socket.destroy();
  });
  server.on('upgrade', (req, socket, head) => {
    kept.push(head);
    socket.destroy();
  });
  await serving(server, async (port) => {
    await exchange(port, 'no request');
    await exchange(port, `${get('/', 'Connection: Upgrade\r\nUpgrade: x\r\n')}head`);
    await exchange(port, get(`/${'z'.repeat(200)}`));
  });
  assert.deepStrictEqual(kept.map(String), ['no request', 'head']);
});

test('after an upgrade the socket is an ordinary stream', async () => {
  const seen = [];
  const server = createServer(() => {});
  server.on('upgrade', (req, socket, head) => {
    // On a busy machine the first piece may come with the request.
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${head}`);
    seen.push(head);
    // No listener for a while: what arrives meanwhile is kept, in order.
    setTimeout(() => {
      socket.on('data', (piece) => {
        seen.push(piece);
        socket.write(piece);
      });
      socket.on('end', () => socket.end('bye'));
    }, 60);
  });
  const { text } = await serving(server, (port) => exchange(port, [
    get('/', 'Connection: Upgrade\r\nUpgrade: x\r\n'), 'one ', 'two ', 'three ',
  ], { end: true, quiet: 200 }));
  assert.match(text, /\r\n\r\none two three bye$/);
  assert.strictEqual(Buffer.concat(seen).toString(), 'one two three ');
});

test('a second listener of data gets the bytes too, and can keep them', async () => {
  const kept = [];
  const server = createServer((req, res) => res.end(req.url));
  server.on('connection', (socket) => socket.on('data', (piece) => kept.push(piece)));
  const { text } = await serving(server, (port) => exchange(port, [get('/1'), get('/2')]));
  assert.strictEqual(Buffer.concat(kept).toString(), get('/1') + get('/2'));
  assert.match(text, /\/1[^]*\/2$/);
});

test('bytes read are counted', async () => {
  let bytes;
  const server = createServer((req, res) => {
    bytes = req.socket.bytesRead;
    res.end();
  });
  await serving(server, (port) => exchange(port, get('/abc')));
  assert.strictEqual(bytes, get('/abc').length);
});

const ignore = () => {};

// What a program does with listeners of the connection in its first request, or when it is accepted.
const LISTENING = {
  'adds and removes one': (socket) => { socket.on('data', ignore).removeListener('data', ignore); },
  'adds one and removes all of the event': (socket) => { socket.on('data', ignore).removeAllListeners('data'); },
  'adds one in front and removes all of the event': (socket) => { socket.prependListener('data', ignore).removeAllListeners('data'); },
  'adds one that waits and removes all of the event': (socket) => { socket.addListener('readable', ignore).removeAllListeners('readable').removeAllListeners('data'); },
  'removes all of the event': (socket) => { socket.removeAllListeners('data'); },
};

/** Sends requests over one connection, each after the answer to the one before, or when that does not come. */
async function oneByOne(port, paths) {
  const client = net.connect(port, '127.0.0.1').on('error', ignore);
  for (const path of paths) {
    client.write(get(path));
    await Promise.race([
      new Promise((resolve) => { client.once('data', resolve).once('close', resolve); }),
      wait(500 * SLOWNESS, undefined, { ref: false }),
    ]);
  }
  client.destroy();
}

async function requestsBehind(create, event, act) {
  const seen = [];
  const sockets = [];
  const server = create((req, res) => {
    seen.push(req.url);
    if (event === 'request' && req.url === '/first') act(req.socket);
    res.end();
  });
  server.on('connection', (socket) => {
    sockets.push(socket);
    if (event === 'connection') act(socket);
  });
  await serving(server, (port) => oneByOne(port, ['/first', '/second']));
  for (const socket of sockets) socket.destroy();
  return seen;
}

test('a connection is read on as by the built-in, whatever a program does with its listeners', async () => {
  const compare = async (event, name, act) => {
    const creates = [builtin.createServer, ...['native', 'stream', 'offload'].map((transport) => (handler) => createServer({ transport }, handler))];
    const [expected, ...seen] = await Promise.all(creates.map((create) => requestsBehind(create, event, act)));
    assert.deepStrictEqual(seen, [expected, expected, expected], `${name} on ${event}`);
  };
  // All at once: that nothing comes can be seen only after a while.
  await Promise.all(['connection', 'request'].flatMap((event) => Object.entries(LISTENING).map(([name, act]) => compare(event, name, act))));
});
