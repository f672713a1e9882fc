'use strict';
// Connections that have all sent something before JavaScript looks at any of them: what a handler of one does to
// another happens before that one's bytes are looked at, in every transport. (I/O threads report several in one call.)

const assert = require('node:assert');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');
const { AsyncLocalStorage, executionAsyncId } = require('node:async_hooks');
const { Way, bodies, everyWay, get, pass, until } = require('./ways');

const LIB = path.join(__dirname, '../../lib');
/** Milliseconds in which the threads of a server have read what was written before. */
const LONG_ENOUGH = 60;
const COUNT = 24;

/** Blocks the thread. */
function block() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONG_ENOUGH);
}

/** Clients of a server, and the server's sockets, with the same index. */
async function meet(way, server, count = COUNT) {
  const sockets = [];
  server.on('connection', (socket) => { sockets.push(socket); });
  const clients = [];
  for (let n = 0; n < count; n++) {
    clients.push(await way.connect(server));
    await until(() => sockets.length === n + 1);
  }
  return { clients, sockets };
}

everyWay('each connection gets its own answer to its own head and body', async (way) => {
  const server = await way.serve((req, res) => {
    const parts = [];
    req.on('data', (part) => { parts.push(part); });
    req.on('end', () => { res.end(`${req.url} ${req.headers['x-name']} ${Buffer.concat(parts)}`); });
  });
  const { clients } = await meet(way, server);
  for (let round = 0; round < 3; round++) {
    clients.forEach((client, n) => {
      client.text = '';
      client.write(`POST /${n} HTTP/1.1\r\nHost: x\r\nX-Name: ${'n'.repeat(n)}\r\nContent-Length: ${2 * n}\r\n\r\n${`${n % 10}.`.repeat(n)}`);
    });
    block();
    await until(() => clients.every((client) => bodies(client.text).length === 1));
    clients.forEach((client, n) => {
      assert.strictEqual(bodies(client.text)[0], `/${n} ${'n'.repeat(n)} ${`${n % 10}.`.repeat(n)}`);
    });
  }
});

everyWay('heads too large for their share of the event words come whole', async (way) => {
  const server = await way.serve((req, res) => { res.end(`${req.rawHeaders.length} ${req.headers.last}`); });
  const { clients } = await meet(way, server);
  // Four words a field: more than 1024 in every other head.
  const fields = (n) => Array.from({ length: n % 2 === 0 ? 400 : 3 }, (_, k) => `A${k}: ${n}\r\n`).join('');
  clients.forEach((client, n) => { client.write(`GET / HTTP/1.1\r\nHost: x\r\n${fields(n)}Last: ${n}\r\n\r\n`); });
  block();
  await until(() => clients.every((client) => bodies(client.text).length === 1));
  return clients.map((client) => bodies(client.text)[0]);
});

everyWay('a connection that a handler destroys is not served, its neighbours are', async (way) => {
  const served = [];
  const { clients, sockets } = await meet(way, await way.serve((req, res) => {
    const n = Number(req.url.slice(1));
    served.push(n);
    if (n % 2 === 0) sockets[n + 1]?.destroy();
    res.end(`${n}`);
  }));
  clients.forEach((client, n) => { client.write(get(`/${n}`)); });
  block();
  await until(() => clients.every((client, n) => (n % 2 === 0 ? bodies(client.text)[0] === `${n}` : client.closed_ || client.ended)));
  return served;
}, { expected: Array.from({ length: COUNT / 2 }, (_, n) => 2 * n) });

everyWay('if a handler takes a connection\'s socket, the bytes are the socket\'s', async (way) => {
  const got = new Map();
  const { clients, sockets } = await meet(way, await way.serve((req, res) => {
    const n = Number(req.url.slice(1));
    const next = sockets[n + 1];
    if (n % 3 === 0 && next) {
      next.removeAllListeners('data');
      next.on('data', (data) => { got.set(n + 1, (got.get(n + 1) ?? '') + data.toString('latin1')); });
    }
    res.end(`${n}`);
  }));
  const text = (n) => `POST /${n} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello`;
  clients.forEach((client, n) => { client.write(text(n)); });
  block();
  await until(() => clients.every((client, n) => (n % 3 === 1 ? got.get(n) === text(n) : bodies(client.text)[0] === `${n}`)));
  return [...got.keys()];
});

everyWay('a connection that a handler pauses is served when it is resumed', async (way) => {
  const served = [];
  const { clients, sockets } = await meet(way, await way.serve((req, res) => {
    const n = Number(req.url.slice(1));
    served.push(n);
    if (n % 4 === 0) {
      const next = sockets[n + 1];
      next.pause();
      setTimeout(() => {
        served.push(`resume ${n + 1}`);
        next.resume();
      }, 30);
    }
    res.end(`${n}`);
  }));
  clients.forEach((client, n) => { client.write(get(`/${n}`)); });
  block();
  await until(() => clients.every((client, n) => bodies(client.text)[0] === `${n}`));
  for (let n = 1; n < COUNT; n += 4) assert.ok(served.indexOf(n) > served.indexOf(`resume ${n}`), `${served}`);
  return [...served].sort();
});

everyWay('an error shows the bytes of its own connection, an upgrade gets its own head', async (way) => {
  const seen = [];
  const server = await way.serve((req, res) => { res.end(req.url); });
  server.on('clientError', (error, socket) => {
    seen.push(`${error.code} ${error.bytesParsed} ${error.rawPacket.toString('latin1')}`);
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad');
  });
  server.on('upgrade', (req, socket, head) => {
    seen.push(`${req.url} ${head.toString('latin1')}`);
    socket.end('HTTP/1.1 101 Switching Protocols\r\nContent-Length: 4\r\n\r\ndone');
  });
  const { clients } = await meet(way, server);
  clients.forEach((client, n) => {
    if (n % 3 === 0) client.write(get(`/${n}`));
    else if (n % 3 === 1) client.write(`GET /${n} HTTP/1.1\r\nHost: x\r\nBad header ${n}\r\n\r\n`);
    else client.write(`GET /${n} HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\nhead ${n}`);
  });
  block();
  await until(() => clients.every((client) => bodies(client.text).length === 1));
  return seen.sort();
});

everyWay('stores of one request are not those of another', async (way) => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const { clients } = await meet(way, await way.serve((req, res) => {
    assert.strictEqual(storage.getStore(), undefined);
    storage.enterWith(req.url);
    res.on('finish', () => { seen.push(`finish ${storage.getStore() === req.url}`); });
    process.nextTick(() => { seen.push(`tick ${storage.getStore() === req.url}`); });
    Promise.resolve().then(() => { seen.push(`job ${storage.getStore() === req.url}`); });
    res.end(req.url);
  }));
  clients.forEach((client, n) => { client.write(get(`/${n}`)); });
  block();
  await until(() => clients.every((client) => bodies(client.text).length === 1) && seen.length === 3 * COUNT);
  return [...new Set(seen)].sort();
}, { expected: ['finish true', 'job true', 'tick true'] });

everyWay('a store that a handler enters holds for the same events as with node: those of its request, and of the next on its connection', async (way) => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const server = await way.serve((req, res) => {
    const note = (what) => { seen.push(`${req.url} ${what} ${storage.getStore()}`); };
    note('request');
    storage.enterWith(req.url);
    if (req.url.includes('read')) req.on('readable', () => { note('readable'); req.read(); });
    else if (req.url.includes('data')) req.on('data', () => { note('data'); });
    req.on('end', () => {
      note('end');
      if (req.url.includes('last')) res.end('x');
    });
    for (const event of ['finish', 'close']) res.on(event, () => { note(event); });
    if (!req.url.includes('last')) res.end('x');
  });
  const post = (path) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`;
  const rounds = [[get('/read')], [get('/data')], [get('/1'), get('/2'), get('/3')], [post('/data1'), post('/read2'), get('/data3')], [post('/data-last'), get('/data-last')]];
  for (const requests of rounds) {
    const client = await way.connect(server);
    client.write(requests.join(''));
    await until(() => bodies(client.text).length === requests.length);
    await pass(20);
  }
  return seen;
});

everyWay('ticks, microtasks and what they end come before the next one', async (way) => {
  const order = [];
  const { clients } = await meet(way, await way.serve((req, res) => {
    const note = (what) => { order.push(`${what} ${req.url}`); };
    note('request');
    process.nextTick(() => {
      note('tick');
      Promise.resolve().then(() => { note('job of a tick'); });
    });
    Promise.resolve().then(() => { note(`job ${executionAsyncId() === 0}`); });
    queueMicrotask(() => { note('microtask'); });
    setImmediate(() => { note('immediate'); });
    res.on('finish', () => { note('finish'); });
    res.on('close', () => { note('close'); });
    res.end(req.url);
  }), 6);
  clients.forEach((client, n) => { client.write(get(`/${n}`)); });
  block();
  await until(() => order.length === 8 * clients.length);
  return order;
}, { on: ['node', 'native'] });

test('after a throw in a handler or tick, its remaining ticks run with the next connection, those of the last in a later turn', () => {
  const program = `
    const [transport] = process.argv.slice(1);
    const http = require(transport === 'node' ? 'node:http' : ${JSON.stringify(LIB)});
    const net = require('node:net');
    const order = [];
    process.on('uncaughtException', (error) => {
      order.push('uncaught ' + error.message);
      process.nextTick(() => { order.push('tick of uncaught ' + error.message); });
    });
    const server = http.createServer(transport === 'node' ? {} : { transport }, (req, res) => {
      const [, what, n] = req.url.split('/');
      const note = (said) => { order.push(said + ' ' + n); };
      note(what);
      process.nextTick(() => { if (what === 'tick') throw new Error('tick ' + n); note('first tick'); });
      process.nextTick(() => { note('second tick'); });
      Promise.resolve().then(() => { note('job'); });
      setImmediate(() => { note('immediate'); });
      if (what === 'throw') throw new Error('throw ' + n);
      res.end('x');
    });
    const paths = ['/throw/0', '/plain/1', '/tick/2', '/plain/3', '/throw/4', '/tick/5', '/tick/6', '/plain/7', process.argv[2]];
    let accepted = 0;
    server.on('connection', () => {
      if (++accepted < paths.length) return;
      paths.forEach((path, n) => { clients[n].write('GET ' + path + ' HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${LONG_ENOUGH});
      let left = 50;
      setImmediate(function again() {
        if (left-- > 0) return setImmediate(again);
        console.log(order.join('\\n'));
        process.exit(0);
      });
    });
    const clients = [];
    server.listen(0, () => {
      for (const _ of paths) clients.push(net.connect(server.address().port, '127.0.0.1').on('error', () => {}));
    });
  `;
  for (const last of ['/throw/8', '/tick/8', '/plain/8']) {
    const [node, native] = ['node', 'native'].map((transport) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program, transport, last], { encoding: 'utf8', timeout: 20_000 });
      assert.strictEqual(status, 0, stderr);
      return stdout;
    });
    assert.match(node, /job 8/);
    assert.strictEqual(native, node, last);
  }
});

test('I/O threads report several connections before ticks are drained', { skip: process.platform !== 'linux' && 'promised of Linux' }, async () => {
  const way = new Way('offload');
  const order = [];
  const { clients } = await meet(way, await way.serve((req, res) => {
    order.push('h');
    process.nextTick(() => { order.push('t'); });
    res.end(req.url);
  }));
  clients.forEach((client, n) => { client.write(get(`/${n}`)); });
  block();
  await until(() => clients.every((client) => bodies(client.text).length === 1));
  await way.close();
  assert.match(order.join(''), /hhhhhhhh/);
  // A batch ends.
  assert.match(order.join(''), /th/);
});

for (const transport of ['stream', 'native', 'offload']) {
  test(`a handler that throws affects no other connection (${transport})`, () => {
    const program = `
      const http = require(${JSON.stringify(LIB)});
      const net = require('node:net');
      const thrown = [];
      process.on('uncaughtException', (error) => { thrown.push(error.message); });
      const server = http.createServer({ transport: '${transport}' }, (req, res) => {
        const n = Number(req.url.slice(1));
        if (n % 5 === 2) throw new Error(String(n));
        res.end('x');
      });
      let accepted = 0;
      let answered = 0;
      server.on('connection', () => {
        if (++accepted < 20) return;
        clients.forEach((client, n) => { client.write('GET /' + n + ' HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); });
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${LONG_ENOUGH});
      });
      const clients = [];
      server.listen(0, () => {
        for (let n = 0; n < 20; n++) {
          const client = net.connect(server.address().port, '127.0.0.1');
          client.on('data', () => { if (++answered === 16) { console.log(thrown.sort().join()); process.exit(0); } });
          clients.push(client);
        }
      });
    `;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 20_000 });
    assert.deepStrictEqual([status, stdout.trim()], [0, '12,17,2,7'], stderr);
  });
}
