'use strict';
// What a listener of 'uncaughtException' finds of the request whose code has thrown.   node uncaught.js WAY WHERE
// Prints a line of JSON for each exception: its message, the store, and whether the async id is the one where it was
// thrown.

const { AsyncLocalStorage, executionAsyncId, triggerAsyncId } = require('node:async_hooks');
const net = require('node:net');

const [way, where] = process.argv.slice(2);
const http = way === 'node' ? require('node:http') : require('../../lib');
const stores = new AsyncLocalStorage();
const requests = 'POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: x\r\n\r\n';
const inputs = {
  'upgrade': 'GET /1 HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  'clientError': 'BAD\r\n\r\n',
};

let id;
let trigger;
function fail(store) {
  stores.enterWith(store);
  id = executionAsyncId();
  trigger = triggerAsyncId();
  throw new Error(where);
}

process.on('uncaughtException', ({ message }) => {
  console.log(JSON.stringify([message, stores.getStore(), executionAsyncId() === id, triggerAsyncId() === trigger]));
  // Afterwards nothing of the request is left.
  setImmediate(() => { console.log(JSON.stringify(['later', stores.getStore()])); });
});

const kinds = {
  handler: (req) => fail(req.url),
  'handler, in a store of its own': (req) => stores.run('inner', () => fail(req.url)),
  'data': (req) => { req.on('data', () => fail(req.url)); },
  'end': (req) => { req.resume().on('end', () => fail(req.url)); },
  'finish': (req, res) => { res.on('finish', () => fail(req.url)); },
  'tick': (req) => { process.nextTick(fail, req.url); },
  // It has caught what another parser's callback threw.
  'handler, behind one that it caught': (req) => {
    try {
      http.createServer(() => fail('caught')).emit('request');
    } catch {
      process.nextTick(fail, req.url);
    }
  },
};

const server = http.createServer(way === 'node' ? {} : { transport: way }, (req, res) => {
  res.end('ok');
  kinds[where](req, res);
});
server.on('upgrade', (req, socket) => {
  socket.destroy();
  fail('upgrade');
});
server.on('clientError', (error, socket) => {
  socket.destroy();
  if (where === 'clientError') fail('clientError');
});
server.listen(0, '127.0.0.1', () => {
  const client = net.connect(server.address().port, '127.0.0.1');
  client.write(inputs[where] ?? requests);
  client.end();
  client.resume();
  client.on('error', () => {});
  client.on('close', () => {
    server.closeAllConnections();
    server.close();
  });
});
