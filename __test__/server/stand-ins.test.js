'use strict';
// What a program sees of a socket through something that stands for it: a Proxy, or an object that inherits from it. Tools that watch
// or mock connections make them. The same program runs on the built-in http.

const assert = require('node:assert');
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const test = require('node:test');
const ours = require('../..');

const STAND_INS = { 'a Proxy': (socket) => new Proxy(socket, {}), 'an object that inherits': (socket) => Object.create(socket) };
const ANSWER = 'HTTP/1.1 299 OK\r\nContent-Length: 1\r\n\r\n';

/** Each gets a stand-in and the socket, in a handler that has looked at nothing yet; returns what it has seen. */
const USES = {
  'its state': (it) => [it.remoteAddress, it.readable, it.writable, it.destroyed, it.connecting, it.readyState, it.readableFlowing, it.listenerCount('close')],
  'its counts': (it) => [it.bytesRead, it.bytesWritten, it.writableLength, it.writableHighWaterMark, it.address().family],
  'a write': (it) => it.write(`${ANSWER}z`),
  'corked writes': (it, socket) => {
    it.cork();
    it.write(ANSWER);
    it.write('z');
    const corks = [it.writableCorked, socket.writableCorked];
    it.uncork();
    return [corks, socket.writableCorked];
  },
  'settings': (it, socket) => {
    it.setTimeout(5000);
    it.setNoDelay(true);
    it.unref();
    it.ref();
    it.pause();
    it.resume();
    return [it.timeout, socket.isPaused(), it.read()];
  },
  'a listener': (it, socket) => [it.on('timeout', () => {}) === it, socket.listenerCount('timeout')],
  'an end': (it, socket) => [it.end(`${ANSWER}z`) === it, socket.writableEnded],
  'an end without data': (it, socket) => [it.end() === it, socket.writableEnded],
  'a destruction': (it, socket) => [it.destroy() === it, socket.destroyed],
  'a property': (it, socket) => {
    it.connecting = true;
    const seen = [it.connecting, Object.hasOwn(it, 'connecting'), socket.connecting];
    delete it.connecting;
    it.connecting = false;
    return seen;
  },
};

/** Every use with every stand-in, twice on one connection; what was seen, and what the peer got. */
async function standInsSeen({ createServer }, options) {
  const log = [];
  for (const [kind, standIn] of Object.entries(STAND_INS)) {
    for (const [name, use] of Object.entries(USES)) {
      const server = createServer(options, (req, res) => {
        // A destroyed message ends so.
        for (const message of [req, res]) message.on('error', ({ code }) => log.push(code));
        log.push(`${name} of ${kind}: ${JSON.stringify(use(standIn(req.socket), req.socket))}`);
        res.end('a');
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const peer = net.connect(server.address().port, '127.0.0.1').setEncoding('latin1');
      const closed = once(peer, 'close');
      const text = new Promise((resolve) => {
        let got = '';
        // The second request follows the first answer; without an answer the connection ends.
        peer.on('data', (data) => {
          got += data;
          if (got.endsWith('a') && !peer.writableEnded) peer.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        }).on('error', () => {}).on('close', () => resolve(got));
      });
      peer.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await closed;
      log.push((await text).replace(/Date: .*\r\n/g, ''));
      server.close();
      await once(server, 'close');
    }
  }
  return log;
}

for (const transport of ['native', 'stream', 'offload']) {
  test(`a stand-in for a socket shows what it shows on the built-in (transport ${transport})`, async () => {
    assert.deepStrictEqual(await standInsSeen(ours, { transport }), await standInsSeen(http, {}));
  });
}

/** What a listener of 'connection' that comes before http's own can do. */
async function earlySeen({ createServer }, options) {
  const log = [];
  const uses = {
    'references': (socket) => socket.unref().ref() === socket,
    'a Proxy': (socket) => [new Proxy(socket, {}).remoteAddress, new Proxy(socket, {}).writable],
    'a Proxy for another server': (socket, other) => other.emit('connection', new Proxy(socket, {})),
  };
  for (const [name, use] of Object.entries(uses)) {
    const other = createServer(options, (req, res) => res.end(`other ${req.socket.remoteAddress}`));
    const server = createServer(options, (req, res) => res.end('own'));
    if (name.endsWith('server')) server.removeAllListeners('connection');
    server.prependListener('connection', (socket) => log.push(`${name}: ${JSON.stringify(use(socket, other))}`));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = net.connect(server.address().port, '127.0.0.1').setEncoding('latin1');
    let got = '';
    peer.on('data', (data) => { got += data; });
    peer.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await once(peer, 'close');
    log.push(got.replace(/Date: .*\r\n/g, ''));
    server.close();
    await once(server, 'close');
  }
  return log;
}

for (const transport of ['native', 'stream', 'offload']) {
  test(`a listener of 'connection' before http's own can use the socket (transport ${transport})`, async () => {
    assert.deepStrictEqual(await earlySeen(ours, { transport }), await earlySeen(http, {}));
  });
}

test("errors of JSON.stringify() name a socket by node's class", async () => {
  const messages = [];
  for (const { createServer } of [ours, http]) {
    const server = createServer((req, res) => {
      for (const object of [req.socket, req, res]) {
        assert.throws(() => JSON.stringify(object), ({ message }) => Boolean(messages.push(message)));
      }
      res.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = net.connect(server.address().port, '127.0.0.1');
    peer.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await once(peer.resume(), 'close');
    server.close();
    await once(server, 'close');
  }
  assert.strictEqual(messages.length, 6);
  assert.deepStrictEqual(messages.slice(0, 3), messages.slice(3));
});
