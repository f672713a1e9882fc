'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { io } = require('socket.io-client');
const { everyArm, raw, request, sameInAll, skip } = require('./arms');

const file = randomBytes(300000);

function join(port, name, options = {}) {
  const socket = io(`http://127.0.0.1:${port}`, { forceNew: true, reconnection: false, query: { name }, auth: { token: 'right' }, ...options });
  socket.heard = [];
  for (const event of ['joined', 'said']) socket.on(event, (...args) => socket.heard.push([event, ...args]));
  return socket;
}

async function chat(port) {
  const ann = join(port, 'ann');
  const bob = join(port, 'bob', { transports: ['polling'] });
  const cid = join(port, 'cid', { transports: ['websocket'] });
  const all = [ann, bob, cid];
  await Promise.all(all.map((socket) => once(socket, 'connect')));
  if (ann.io.engine.transport.name !== 'websocket') await once(ann.io.engine, 'upgrade');
  const transports = [];
  for (const socket of all) transports.push(await socket.timeout(20000).emitWithAck('upgraded'));
  const rooms = [];
  for (const socket of all) rooms.push(await socket.timeout(20000).emitWithAck('join', 'blue'));
  for (const socket of all) {
    const { bytes, reversed } = await socket.timeout(20000).emitWithAck('file', file);
    assert.equal(bytes, file.length);
    assert.deepEqual(Buffer.from(reversed), Buffer.from(file).reverse());
  }
  for (const [n, socket] of all.entries()) {
    const heard = all.filter((other) => other !== socket).map((other) => once(other, 'said'));
    socket.emit('say', 'blue', `text ${n} €`);
    await Promise.all(heard);
  }
  bob.disconnect();
  assert.equal(await ann.timeout(20000).emitWithAck('others', 2), 1);
  const ends = Promise.all([ann, cid].map(async (socket) => (await once(socket, 'disconnect'))[0]));
  return { transports, rooms, heard: all.map((socket) => socket.heard), ends };
}

test('socket.io: polling, upgrade, rooms, binary data, refusals, and the end by a signal', { skip }, async (t) => {
  const found = await sameInAll(t, everyArm, async (start) => {
    const app = start([path.join(__dirname, 'programs/socket-io.js')]);
    const port = await app.port();
    const masks = [[/"sid":"[^"]+"/g, '"sid":"id"']];
    const answers = {
      beside: await raw(port, request('GET', '/')),
      opened: await raw(port, request('GET', '/socket.io/?EIO=4&transport=polling'), masks),
      preflight: await raw(port, request('OPTIONS', '/socket.io/?EIO=4&transport=polling', { 'Origin': 'http://page.test', 'Access-Control-Request-Method': 'POST' })),
      unknown: await raw(port, request('POST', '/socket.io/?EIO=4&transport=polling&sid=none', {}, '40')),
      badTransport: await raw(port, request('GET', '/socket.io/?EIO=4&transport=pigeon')),
      badUpgrade: await raw(port, request('GET', '/socket.io/?EIO=4&transport=websocket&sid=none', { 'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' })),
      client: (await raw(port, request('GET', '/socket.io/socket.io.min.js', { 'Accept-Encoding': 'gzip' }))).length,
    };
    const refused = join(port, 'eve', { auth: {} });
    const [error] = await once(refused, 'connect_error');
    const { ends, ...talked } = await chat(port);
    const exit = await app.end('SIGTERM');
    return { ...answers, refused: [error.message, error.data], ...talked, ends: await ends, exit, said: app.output.match(/^closed; .*$/m)[0].split(', ').sort() };
  });
  assert.deepEqual(found.transports, ['websocket', 'polling', 'websocket']);
  assert.deepEqual(found.refused, ['who are you', { retry: false }]);
  assert.equal(found.exit, 0);
  assert.match(found.opened, /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(found.heard.flat().length, 12);
});
