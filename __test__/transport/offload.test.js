'use strict';
// What only offload has: threads, and two sides that act on one connection at once.

const assert = require('node:assert');
const path = require('node:path');
const net = require('node:net');
const fs = require('node:fs');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');
const ours = require('../../lib');
const native = require('../../lib/native/addon');
const { random } = require('../random');
const { Way, bodies, get, until } = require('./ways');

const LIB = path.join(__dirname, '../../lib');
const isThere = ours.createServer({ transport: 'offload' }).transport === 'offload';
const skip = isThere ? false : 'no I/O threads on this platform';

test('I/O threads exist on the platforms that promise them', { skip: process.platform !== 'linux' && 'promised of Linux' }, () => {
  assert.ok(isThere);
});

test('ioThreads is checked', () => {
  for (const ioThreads of [0, 65, 1.5]) {
    assert.throws(() => ours.createServer({ transport: 'offload', ioThreads }), { code: 'ERR_OUT_OF_RANGE' });
  }
  assert.throws(() => ours.createServer({ ioThreads: '1' }), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => new ours.Agent({ transport: 'offload' }), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('threads start with the server, are as many as it asks for, and end with it', { skip }, async () => {
  assert.strictEqual(native.offloadThreads(), 0);
  const way = new Way('offload');
  const server = await way.serve((req, res) => { res.end(req.url); }, { ioThreads: 3 });
  const clients = await Promise.all(Array.from({ length: 6 }, () => way.connect(server)));
  clients.forEach((client, n) => { client.write(get(`/${n}`)); });
  await until(() => clients.every((client) => bodies(client.text).length === 1));
  assert.deepStrictEqual(clients.map((client) => bodies(client.text)[0]), ['/0', '/1', '/2', '/3', '/4', '/5']);
  assert.strictEqual(native.offloadThreads(), 3);
  await way.close();
  assert.strictEqual(native.offloadThreads(), 0);
});

test('threads have ended, and no descriptor is left, when a worker that served is ended in the middle', { skip }, async () => {
  const descriptors = () => fs.readdirSync('/proc/self/fd').length;
  const countable = fs.existsSync('/proc/self/fd');
  const before = countable ? descriptors() : 0;
  const program = `
    const http = require(${JSON.stringify(LIB)});
    const { parentPort } = require('node:worker_threads');
    const server = http.createServer({ transport: 'offload', ioThreads: 2 }, () => { parentPort.postMessage('asked'); });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  `;
  for (let n = 0; n < 10; n++) {
    const worker = new Worker(program, { eval: true });
    const [port] = await once(worker, 'message');
    const asked = once(worker, 'message');
    const req = ours.get({ port, host: '127.0.0.1', agent: false });
    const failed = once(req, 'error');
    await asked;
    await worker.terminate();
    const [error] = await failed;
    assert.strictEqual(error.code, 'ECONNRESET');
  }
  await until(() => native.offloadThreads() === 0);
  if (countable) await until(() => descriptors() <= before + 2);
});

test('a connection that comes while the last threads end gets new ones', { skip }, async () => {
  const way = new Way('offload');
  const other = way.create((req, res) => { res.end(req.url); });
  const waiting = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(waiting, 'listening');
  const accepted = once(waiting, 'connection');
  const late = await way.connect(waiting);
  const [socket] = await accepted;
  // Within the turn in which the only other connection ends, and with it the last user of the threads.
  const server = await way.serve((req) => {
    server.close(() => {
      assert.strictEqual(native.offloadThreads(), 0);
      other.emit('connection', socket);
      socket.resume();
    });
    req.socket.destroy();
  });
  const first = await way.connect(server);
  first.write(get('/first'));
  late.write(get('/late'));
  await until(() => bodies(late.text).length === 1);
  assert.strictEqual(bodies(late.text)[0], '/late');
  waiting.close();
  await way.close();
});

test('a slow handler stops only the reads of its own connection', { skip }, async () => {
  const way = new Way('offload');
  const server = await way.serve((req, res) => {
    if (req.url === '/slow') return;
    res.end(req.url);
  });
  const [slow, other] = [await way.connect(server), await way.connect(server)];
  const size = 64 << 20;
  slow.write(`POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
  slow.write(Buffer.alloc(size));
  await until(() => server.stats().bytesRead > 1 << 14);
  for (let n = 1; n <= 20; n++) {
    other.write(get(`/${n}`));
    await until(() => bodies(other.text).length === n);
  }
  // Unread bytes stay in the socket, except for the stream's buffer and one read ahead.
  assert.ok(server.stats().bytesRead < 1 << 20, `${server.stats().bytesRead} bytes`);
  await way.close();
});

test('given back at random moments, a connection loses no byte in either direction', { skip, timeout: 120_000 }, async () => {
  const below = random(20);
  const chance = () => below(2 ** 32) / 2 ** 32;
  const way = new Way('offload');
  let given = 0;
  const server = await way.serve((req, res) => {
    let length = 0;
    req.on('data', (part) => { length += part.length; });
    req.on('end', () => { res.end(`${req.url} ${length}`); });
    if (chance() < 0.05) {
      const { socket } = req;
      const giveBack = () => {
        if (socket.destroyed) return;
        given++;
        socket.setMaxListeners(0);
        socket.on('data', () => {});
      };
      const when = chance();
      if (when < 0.3) giveBack();
      else if (when < 0.6) setImmediate(giveBack);
      else setTimeout(giveBack, chance() * 3);
    }
  }, { ioThreads: 2 });
  const total = 150;
  const clients = await Promise.all(Array.from({ length: 30 }, () => way.connect(server)));
  const wanted = clients.map(() => []);
  await Promise.all(clients.map(async (client, n) => {
    for (let k = 0; k < total;) {
      let text = '';
      // Several at once, cut anywhere.
      for (let several = 1 + chance() * 4; several >= 1 && k < total; several--, k++) {
        const size = chance() < 0.3 ? Math.floor(chance() * 40_000) : 0;
        text += `POST /${n}/${k} HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`;
        wanted[n].push(`/${n}/${k} ${size}`);
      }
      const cut = Math.floor(chance() * text.length);
      client.write(text.slice(0, cut));
      if (chance() < 0.5) await new Promise(setImmediate);
      client.write(text.slice(cut));
      if (chance() < 0.7) await new Promise((resolve) => { setTimeout(resolve, chance() * 2); });
    }
  }));
  await until(() => clients.every((client) => client.closed_ || client.text.endsWith(wanted[clients.indexOf(client)].at(-1))));
  clients.forEach((client, n) => { assert.deepStrictEqual(bodies(client.text), wanted[n]); });
  assert.ok(given > 20, `${given} times`);
  assert.ok(server.stats().streamed['data listener'] > 10);
  await way.close();
});

test('a fatal exception with requests in flight ends the process as usual', { skip }, () => {
  const program = `
    const http = require(${JSON.stringify(LIB)});
    const server = http.createServer({ transport: 'offload', ioThreads: 2 }, (req, res) => {
      if (req.url === '/3') throw new Error('on purpose');
      res.end('x'.repeat(1000));
    });
    server.listen(0, () => {
      const socket = require('node:net').connect(server.address().port);
      for (let n = 0; n < 5; n++) socket.write('GET /' + n + ' HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n');
    });
  `;
  for (let n = 0; n < 5; n++) {
    const { status, signal, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 20_000 });
    assert.deepStrictEqual([status, signal], [1, null], stderr);
    assert.match(stderr, /Error: on purpose/);
  }
});
