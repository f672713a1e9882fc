'use strict';
// A socket that no code has looked at is a net.Socket for any code that does, at any moment, by any property or method.

const { closesIdle } = require('../../lib/compat/node-features');
const { test } = require('node:test');
const assert = require('node:assert');
const { inspect } = require('node:util');
const net = require('node:net');
const { once } = require('node:events');
const { GET, Way, bodies, everyWay, get, pass, until } = require('./ways');

const GET_CLOSE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

// The part of a value that is compared: objects and functions differ from run to run.
function kindOf(value) {
  return value !== null && ['object', 'function'].includes(typeof value) ? `${typeof value} ${value.constructor?.name}` : String(value);
}

// Numbers that differ from connection to connection, on every server; and the timer, which node's server leaves on the
// socket from one keep-alive pause to the next while ours has none.
const VARYING = new Set(['async_id_symbol', 'kBytesRead', 'kBytesWritten', 'lastWriteQueueSize', 'timeout']);

for (const key of Reflect.ownKeys(new net.Socket())) {
  const name = typeof key === 'symbol' ? key.description : key;
  everyWay(`${name} of a socket that was not looked at before`, async (way) => {
    let seen;
    const server = await way.serve((req, res) => {
      // A symbol of the same description: Node's own are the same on all sockets.
      seen = [kindOf(req.socket[key]), req.socket.destroyed, req.socket.writable];
      res.end('ok');
    });
    const client = await way.connect(server);
    client.write(GET);
    await until(() => bodies(client.text).length === 1);
    client.write(GET);
    await until(() => bodies(client.text).length === 2);
    return VARYING.has(name) ? seen.slice(1) : seen;
  }, { on: ['node', 'native', 'offload'] });
}

const LOOKS = {
  'its class': (socket) => [socket instanceof net.Socket, socket.constructor === net.Socket],
  'its addresses': (socket) => [socket.remoteAddress, socket.remoteFamily, socket.localAddress, typeof socket.remotePort],
  'its state': (socket) => [socket.readyState, socket.pending, socket.connecting, socket.readableEnded, socket.writableEnded],
  'its water marks': (socket) => [socket.readableHighWaterMark, socket.writableHighWaterMark, socket.writableLength],
  'its listeners': (socket) => socket.eventNames().map(String).sort().join(),
  'its server': (socket) => [socket.server?.constructor.name, socket._server === socket.server],
  'its parser and message': (socket) => [socket.parser?.constructor.name, socket._httpMessage?.constructor.name],
  'setEncoding()': (socket) => {
    try {
      return socket.setEncoding('utf8') && 'set';
    } catch (error) {
      return error.code;
    }
  },
  'setTimeout()': (socket) => [socket.setTimeout(4321) === socket, socket.timeout],
  'cork() and uncork()': (socket) => {
    socket.cork();
    const { writableCorked } = socket;
    socket.uncork();
    return [writableCorked, socket.writableCorked];
  },
  'inspect()': (socket) => /^Socket \{/.test(inspect(socket, { depth: 0 })),
};

for (const [name, look] of Object.entries(LOOKS)) {
  everyWay(`${name}, in the handler, at 'finish' and in a later turn`, async (way) => {
    const seen = [];
    const server = await way.serve((req, res) => {
      const { socket } = req;
      const at = Number(req.url.slice(1));
      if (at === 0) seen.push(look(socket));
      res.on('finish', () => { if (at === 1) seen.push(look(socket)); });
      if (at === 2) setTimeout(() => { seen.push(look(socket)); }, 20);
      res.end('ok');
    });
    for (let n = 0; n < 3; n++) {
      const client = await way.connect(server);
      client.write(get(`/${n}`));
      await until(() => bodies(client.text).length === 1);
      await until(() => seen.length === n + 1);
    }
    return seen;
  });
}

everyWay('the addresses of a connection that is about to close are available at \'finish\' and in what \'finish\' has started', async (way) => {
  const seen = [];
  const server = await way.serve((req, res) => {
    res.on('finish', async () => {
      seen.push(req.socket.remoteAddress, req.socket.writableEnded, req.socket.destroyed);
      await null;
      seen.push(req.socket.remoteAddress);
    });
    res.end('ok');
  });
  const client = await way.connect(server);
  client.write(GET_CLOSE);
  await until(() => client.ended);
  return [seen, bodies(client.text)];
});

everyWay('a promise is waited for before the socket is looked at', async (way) => {
  let seen;
  const server = await way.serve((req, res) => {
    res.on('finish', async () => {
      await null;
      seen = req.socket.remoteAddress;
    });
    res.end('ok');
  });
  const client = await way.connect(server);
  client.write(GET_CLOSE);
  await until(() => client.ended && seen !== undefined);
  return seen;
}, { expected: '127.0.0.1' });

everyWay('a socket that is first looked at after its end has ended, without events', async (way) => {
  let socket;
  const events = [];
  const server = await way.serve((req, res) => {
    ({ socket } = req);
    res.end('ok');
  });
  const client = await way.connect(server);
  client.write(GET_CLOSE);
  await until(() => client.ended);
  client.end();
  await pass(50);
  const seen = [socket.destroyed, socket.writable, socket.readable, socket.remoteAddress, socket.writableEnded, socket._handle];
  for (const event of ['close', 'end', 'error', 'finish']) socket.on(event, () => { events.push(event); });
  await pass(20);
  const error = await new Promise((resolve) => { socket.write('late', resolve); });
  return [seen, events.filter((event) => event !== 'error'), error.code];
});

everyWay('\'connection\' listeners get sockets that emit their end', async (way) => {
  const events = [];
  const server = way.create((req, res) => { res.end('ok'); });
  server.on('connection', (socket) => {
    events.push(socket.listenerCount('timeout'), socket.listenerCount('data'));
    for (const event of ['end', 'close', 'finish']) socket.on(event, () => { events.push(event); });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = await way.connect(server);
  client.write(GET);
  await until(() => bodies(client.text).length === 1);
  client.end();
  await until(() => events.includes('close'));
  return events;
});

everyWay('getConnections() and close() count every connection', async (way) => {
  const counts = [];
  const server = await way.serve((req, res) => { res.end('ok'); });
  const count = () => new Promise((resolve) => { server.getConnections((error, number) => { resolve(number); }); });
  const clients = [await way.connect(server), await way.connect(server), await way.connect(server)];
  for (const client of clients) client.write(GET);
  await until(() => clients.every((client) => bodies(client.text).length === 1));
  counts.push(await count());
  clients[0].end();
  await until(() => clients[0].ended);
  counts.push(await count());
  clients[1].write(GET_CLOSE);
  await until(() => clients[1].ended);
  counts.push(await count());
  let closed = false;
  server.close(() => { closed = true; });
  // In Node 18 only closeIdleConnections() does this.
  if (!closesIdle) server.closeIdleConnections();
  await until(() => closed);
  await until(() => clients[2].ended || clients[2].closed_);
  counts.push(server._connections);
  return counts;
}, { expected: [3, 2, 1, 0] });

everyWay('an upload that its handler pauses goes on when it resumes', async (way) => {
  const server = await way.serve((req, res) => {
    let length = 0;
    req.pause();
    setTimeout(() => { req.resume(); }, 50);
    req.on('data', (piece) => { length += piece.length; });
    req.on('end', () => { res.end(String(length)); });
  });
  const client = await way.connect(server);
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${8 << 20}\r\n\r\n`);
  client.write(Buffer.alloc(8 << 20));
  await until(() => bodies(client.text).length === 1);
  return bodies(client.text);
}, { expected: [String(8 << 20)] });

everyWay('an answer that the kernel does not take at once arrives whole', async (way) => {
  const body = Buffer.alloc(12 << 20, 'x');
  const server = await way.serve((req, res) => { res.end(body); });
  const client = await way.connect(server);
  client.pause();
  client.write(GET_CLOSE);
  await pass(100);
  client.resume();
  await until(() => client.ended);
  return bodies(client.text)[0].length;
}, { expected: 12 << 20 });

everyWay('a broken client ends its connection and nothing else', async (way) => {
  const errors = [];
  const server = await way.serve((req, res) => { setTimeout(() => { res.end('ok'); }, 30); });
  server.on('clientError', (error, socket) => {
    errors.push(error.code, socket.destroyed);
    socket.destroy();
  });
  const client = await way.connect(server);
  client.write(GET);
  await pass(10);
  client.resetAndDestroy();
  await until(() => errors.length > 0);
  const other = await way.connect(server);
  other.write(GET);
  await until(() => bodies(other.text).length === 1);
  return errors;
});

const isLazy = new net.Server().highWaterMark !== undefined;
test('the net.Socket part of a connection that is only answered is never built', { skip: process.platform === 'win32' ? 'streams read all connections there' : !isLazy && 'servers of this release have no high-water mark for their sockets: these are built at once' }, async () => {
  const way = new Way('native');
  const kept = [];
  const server = await way.serve((req, res) => {
    kept.push(req.socket);
    res.setHeader('X-Length', req.headers.host.length);
    res.write('a');
    res.end('b');
  });
  const client = await way.connect(server);
  client.write(GET);
  await until(() => client.text.endsWith('0\r\n\r\n'));
  client.write(GET_CLOSE);
  await until(() => client.ended);
  assert.deepStrictEqual(kept.map((socket) => Object.hasOwn(socket, '_readableState')), [false, false]);
  await way.close();
});
