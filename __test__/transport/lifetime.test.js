'use strict';
// Timeouts, ends, contexts and exceptions of connections are the same however they are read.

const { closesIdle } = require('../../lib/compat/node-features');
const assert = require('node:assert');
const { test } = require('node:test');
const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const net = require('node:net');
const ours = require('../../lib');
const { undisturbed } = require('../support/undisturbed');
const { GET, bodies, everyWay, get, pass, until } = require('./ways');

const PART = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345';

everyWay('server.timeout ends a silent connection, not a busy one', (way) => undisturbed(300, async () => {
  const events = [];
  const server = await way.serve((req, res) => {
    req.resume();
    req.on('end', () => { res.end('ok'); });
  });
  server.timeout = 400;
  server.keepAliveTimeout = 0;
  server.on('timeout', (socket) => {
    events.push('timeout');
    socket.destroy();
  });
  const client = await way.connect(server);
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n');
  for (let n = 0; n < 8; n++) {
    await pass(60);
    client.write('a');
  }
  await until(() => client.text !== '');
  events.push(...bodies(client.text));
  await until(() => client.closed_ || client.ended);
  return events;
}), { expected: ['ok', 'timeout'] });

for (const [name, options, input] of [
  ['headersTimeout', { headersTimeout: 60, requestTimeout: 0 }, 'GET / HTTP/1.1\r\nHo'],
  ['requestTimeout', { headersTimeout: 30, requestTimeout: 60 }, PART],
]) {
  everyWay(`${name} answers 408`, async (way) => {
    const server = await way.serve((req) => { req.on('error', () => {}); }, { ...options, connectionsCheckingInterval: 20 });
    const client = await way.connect(server);
    client.write(input);
    await until(() => client.ended || client.closed_);
    return client.text;
  }, { expected: 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n' });
}

everyWay('keepAliveTimeout ends an idle connection', async (way) => {
  const server = await way.serve((req, res) => { res.end('ok'); });
  server.keepAliveTimeout = 50;
  const client = await way.connect(server);
  client.write(GET);
  await until(() => client.ended || client.closed_);
  return bodies(client.text);
}, { expected: ['ok'] });

everyWay('socket.setTimeout() of a handler', async (way) => {
  let events = 0;
  const server = await way.serve((req, res) => {
    req.socket.setTimeout(40, () => {
      events++;
      res.end('late');
      req.socket.setTimeout(0);
    });
  });
  server.on('timeout', () => {});
  const client = await way.connect(server);
  client.write(GET);
  await until(() => client.text !== '');
  return [bodies(client.text), events];
}, { expected: [['late'], 1] });

everyWay('close() ends idle connections, and waits for busy ones', async (way) => {
  const order = [];
  const held = [];
  const server = await way.serve((req, res) => {
    if (req.url === '/busy') held.push(res);
    else res.end('ok');
  });
  const [idle, busy] = [await way.connect(server), await way.connect(server)];
  idle.write(GET);
  busy.write(get('/busy'));
  await until(() => idle.text !== '' && held.length === 1);
  await pass(20);
  idle.on('end', () => { order.push('idle ended'); });
  busy.on('end', () => { order.push('busy ended'); });
  server.close(() => { order.push('closed'); });
  // In Node 18 only closeIdleConnections() does this.
  if (!closesIdle) server.closeIdleConnections();
  await until(() => order.length === 1);
  idle.destroy();
  held[0].end('at last');
  busy.on('end', () => { busy.end(); });
  await until(() => bodies(busy.text).length === 1);
  busy.end();
  // The server's end and the client's are two ends of one connection.
  await until(() => order.length === 3);
  return [order[0], order.slice(1).sort(), bodies(busy.text)];
});

everyWay('an exception costs the rest of its own batch the same as in node, and no other connection anything', async (way) => {
  const urls = [];
  const caught = [];
  const server = await way.serve((req, res) => {
    urls.push(req.url);
    res.end(req.url);
    if (req.url === '/2') throw new Error('on purpose');
  });
  const [thrown, other] = [await way.connect(server), await way.connect(server)];
  const former = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => { caught.push(error.message); });
  try {
    thrown.write(get('/1') + get('/2') + get('/3'));
    other.write(get('/other'));
    await until(() => other.text !== '' && caught.length === 1);
    await pass(30);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of former) process.on('uncaughtException', listener);
  }
  return [urls.filter((url) => url !== '/other'), caught, bodies(thrown.text), bodies(other.text)];
});

everyWay('AsyncLocalStorage: stores of requests are their own, events of a connection have that of its server', async (way) => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const note = (what) => { seen.push(`${what}: ${storage.getStore()}`); };
  const make = (name) => storage.run(name, () => way.serve((req, res) => {
    note(`request ${req.url}`);
    if (req.url === '/hold') return;
    storage.run(`${name} ${req.url}`, () => {
      setTimeout(() => {
        note('timer');
        res.end(req.url);
      }, 2);
    });
  }));
  const first = await make('first');
  const second = await make('second');
  for (const server of [first, second]) {
    server.on('upgrade', (req, socket) => {
      note('upgrade');
      socket.destroy();
    });
    server.on('clientError', (error, socket) => {
      note('clientError');
      socket.destroy();
    });
    server.on('connection', (socket) => {
      socket.on('end', () => { note('end'); });
      socket.on('close', () => { note('close'); });
    });
  }
  for (const server of [first, second]) {
    for (const input of [GET, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n', 'nonsense\r\n\r\n']) {
      const client = await way.connect(server);
      const before = seen.length;
      client.write(input);
      if (input === GET) await until(() => client.text !== '');
      client.end();
      await until(() => seen.slice(before).some((line) => line.startsWith('close')));
    }
    const client = await way.connect(server);
    const before = seen.length;
    client.write(get('/hold'));
    await until(() => seen.length > before);
    client.resetAndDestroy();
    await until(() => seen.slice(before).some((line) => line.startsWith('close')));
  }
  return seen;
});

everyWay('a server and its connections that are unreferenced do not keep a listener waiting', async (way) => {
  const server = await way.serve((req, res) => {
    req.socket.unref();
    res.end('1');
    req.socket.ref();
  });
  const client = await way.connect(server);
  client.write(GET);
  await until(() => client.text !== '');
  client.write(GET);
  await until(() => bodies(client.text).length === 2);
  return bodies(client.text);
});

function transportStats(server) {
  const { transport, attached, open, streamed } = server.stats();
  return { transport, attached, open, streamed };
}

test('transport and stats() say what a server uses, and why connections were given back', async () => {
  const plain = ours.createServer({ transport: 'stream' });
  assert.strictEqual(plain.transport, 'stream');
  assert.deepStrictEqual(transportStats(plain), { transport: 'stream', attached: 0, open: 0, streamed: {} });
  assert.throws(() => ours.createServer({ transport: 'other' }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.deepStrictEqual(Object.keys(ours.Server.prototype).filter((key) => ['drain', 'removeResponse', 'respond', 'stats', 'transport'].includes(key)), []);

  const server = ours.createServer({ transport: 'native' }, (req, res) => {
    if (req.url === '/data') req.socket.on('data', () => {});
    if (req.url === '/readable') req.socket.on('readable', () => {});
    if (req.url === '/pipe') req.socket.pipe(new net.Socket());
    res.end('ok');
  });
  if (server.transport === 'stream') return; // no libuv, or no epoll
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clients = [];
  for (const url of ['/', '/data', '/readable', '/pipe']) {
    const client = net.connect(server.address().port, '127.0.0.1');
    client.write(get(url));
    await once(client, 'data');
    clients.push(client);
  }
  assert.deepStrictEqual(transportStats(server), {
    transport: 'native', attached: 4, open: 1, streamed: { 'data listener': 1, 'readable listener': 1, read: 1 },
  });
  clients.forEach((client) => client.destroy());
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  assert.strictEqual(server.stats().open, 0);
});
