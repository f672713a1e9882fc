'use strict';
// A request that is destroyed before it has taken its socket: its events, and which 'error' listeners it leaves.
// Compared with the built-in module.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const builtin = require('node:http');
const net = require('node:net');
const { test } = require('node:test');
const ours = require('../..');

// once() would reject with the error.
const closing = (req) => new Promise((resolve) => { req.on('close', resolve); });

/**
 * The events of a request whose socket never connects, and which 'error' listeners are added to that socket and
 * removed.
 */
async function hears(http, { opened = () => {}, giveUp }) {
  const log = [];
  const createConnection = () => {
    const socket = new net.Socket();
    socket.on('newListener', (event, listener) => event === 'error' && log.push(`+${listener.name}`));
    socket.on('removeListener', (event, listener) => event === 'error' && log.push(`-${listener.name}`));
    socket.on('close', () => log.push('socket closed'));
    opened(socket);
    return socket;
  };
  const req = http.get({ createConnection });
  req.on('error', (error) => log.push(`error ${error.message}`));
  giveUp(req);
  await closing(req);
  log.push('closed');
  await new Promise(setImmediate);
  return log;
}

const late = (socket) => process.nextTick(() => socket.destroy(new Error('late')));
const SCENARIOS = {
  'aborted, its socket fails in the next tick': { opened: late, giveUp: (req) => req.abort() },
  'destroyed, its socket fails in the next tick': { opened: late, giveUp: (req) => req.destroy() },
  'destroyed with an error, its socket fails in the next tick': { opened: late, giveUp: (req) => req.destroy(new Error('given up')) },
  'destroyed, its socket has failed': { opened: (socket) => socket.on('error', () => {}).destroy(new Error('early')), giveUp: (req) => req.destroy() },
  'aborted': { giveUp: (req) => req.abort() },
  'destroyed': { giveUp: (req) => req.destroy() },
  'destroyed with an error': { giveUp: (req) => req.destroy(new Error('given up')) },
};

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  test(`a request that is ${name} gets one error, and leaves the same listeners as with node`, async () => {
    const log = await hears(ours, scenario);
    assert.deepEqual(log, await hears(builtin, scenario));
    assert.ok(log.filter((entry) => entry.startsWith('error')).length <= 1, log.join());
  });
}

/**
 * Which 'error' listeners remain on an agent's socket whose request is destroyed in the turn that made it, and which
 * are added and removed.
 */
async function keeps(http, giveUp) {
  const log = [];
  class Agent extends http.Agent {
    createConnection(...args) {
      const socket = super.createConnection(...args);
      socket.on('newListener', (event, listener) => event === 'error' && log.push(`+${listener.name}`));
      socket.on('removeListener', (event, listener) => event === 'error' && log.push(`-${listener.name}`));
      return socket;
    }
  }
  const agent = new Agent({ keepAlive: true });
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const req = http.get({ port: server.address().port, host: '127.0.0.1', agent });
  req.on('error', () => {});
  giveUp(req);
  await closing(req);
  for (const socket of Object.values(agent.freeSockets).flat()) log.push(`kept with ${socket.listeners('error').map((listener) => listener.name)}`);
  agent.destroy();
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  return log;
}

for (const name of ['abort', 'destroy']) {
  test(`a socket whose request calls ${name}() before taking it goes to the pool with the same listeners as with node`, async () => {
    assert.deepEqual(await keeps(ours, (req) => req[name]()), await keeps(builtin, (req) => req[name]()));
  });
}
