'use strict';
// The socket that another protocol gets is as in node, whoever has made it.

const assert = require('node:assert');
const net = require('node:net');
const { once } = require('node:events');
const { everyWay, get, until } = require('./ways');

const HEADS = {
  connect: 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  upgrade: 'GET /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
};

function refused(call) {
  try {
    call();
  } catch (error) {
    return error.code;
  }
  return undefined;
}

for (const [event, head] of Object.entries(HEADS)) {
  everyWay(`a socket handed over in its first request (${event}) is a plain net.Socket that counts what was read before`, async (way) => {
    const seen = {};
    const server = await way.serve();
    server.on(event, (req, socket, first) => {
      Object.assign(seen, {
        prototype: Object.getPrototypeOf(socket) === net.Socket.prototype,
        isRequests: req.socket === socket && req.connection === socket,
        server: socket.server === server,
        parser: socket.parser,
        first: String(first),
        events: socket.eventNames(),
        read: socket.bytesRead,
        written: socket.bytesWritten,
        states: [socket.readableFlowing, socket.readable, socket.writable, socket.destroyed, socket.pending, socket.timeout, socket.readableHighWaterMark],
        encoding: refused(() => socket.setEncoding('utf8')),
      });
      socket.on('data', (data) => socket.write(data)).on('end', () => socket.end());
      socket.on('close', (hadError) => Object.assign(seen, { hadError, readInAll: socket.bytesRead, writtenInAll: socket.bytesWritten }));
    });
    const client = await way.connect(server);
    client.write(`${head}abc`);
    await until(() => seen.first !== undefined);
    client.write('defg');
    await until(() => client.text === 'defg');
    client.end();
    await until(() => seen.hadError !== undefined && client.ended);
    const count = await new Promise((resolve) => { server.getConnections((_, open) => resolve(open)); });
    return { ...seen, text: client.text, count };
  });
}

// What has the socket before the next protocol gets it.
const EARLIER = {
  "a listener of 'connection'": (server, keep) => server.on('connection', keep),
  'a request before': (server, keep) => server.on('request', (req, res) => {
    keep(req.socket);
    res.end();
  }),
  'an emit() of its own': (server, keep) => {
    const { emit } = server;
    server.emit = function(event, ...args) {
      if (event === 'connection') keep(args[0]);
      return Reflect.apply(emit, this, [event, ...args]);
    };
  },
  'shouldUpgradeCallback()': (server, keep) => {
    if (server.shouldUpgradeCallback === undefined) return server.on('connection', keep);
    server.shouldUpgradeCallback = (req) => {
      keep(req.socket);
      return true;
    };
    return server;
  },
};

for (const [name, keepEarly] of Object.entries(EARLIER)) {
  everyWay(`a socket that ${name} has had is the one handed over`, async (way) => {
    let kept;
    const server = await way.serve();
    keepEarly(server, (socket) => { kept ??= socket; });
    const client = await way.connect(server);
    if (name === 'a request before') {
      client.write(get('/'));
      await until(() => client.text.endsWith('\r\n\r\n0\r\n\r\n') || client.text.includes('Content-Length: 0'));
    }
    client.write(HEADS.upgrade);
    const [req, socket] = await once(server, 'upgrade');
    socket.end('over');
    await until(() => client.ended && client.text.endsWith('over'));
    assert.ok(kept);
    return [kept === socket, req.socket === socket];
  }, { expected: [true, true] });
}

everyWay('a socket that a class of requests has had is the one handed over', async (way) => {
  const kept = [];
  class Request extends way.http.IncomingMessage {
    constructor(socket) {
      super(socket);
      kept.push(socket);
    }
  }
  const server = await way.serve(undefined, { IncomingMessage: Request });
  const client = await way.connect(server);
  client.write(HEADS.upgrade);
  const [, socket] = await once(server, 'upgrade');
  socket.end('over');
  await until(() => client.text === 'over');
  return kept[0] === socket;
}, { expected: true });

everyWay('a tunnel handed over in its first request serves requests again', async (way) => {
  const server = await way.serve((req, res) => { res.end(req.url); });
  server.on('connect', (req, socket) => {
    socket.write('HTTP/1.1 200 Yes\r\n\r\n');
    server.emit('connection', socket);
  });
  const client = await way.connect(server);
  client.write(HEADS.connect);
  await until(() => client.text.includes('Yes'));
  client.write(get('/inner'));
  await until(() => client.text.endsWith('/inner'));
  client.write(get('/again'));
  await until(() => client.text.endsWith('/again'));
  return client.text.split('HTTP/1.1 ').length;
}, { expected: 4 });
