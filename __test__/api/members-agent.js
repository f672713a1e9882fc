'use strict';
// The members of Agent.

const assert = require('node:assert/strict');
const net = require('node:net');
const { ask, event, http, open, serve, until } = require('./helpers');

const portOf = (req, res) => res.end(String(req.socket.remotePort));
const count = (lists) => Object.values(lists).reduce((sum, list) => sum + list.length, 0);

/**
 * Runs with an agent that is destroyed at the end, against a server that answers with the client's port, or not at all
 * for /wait.
 */
const pooling = (options, use) => serve((req, res) => {
  if (req.url !== '/wait') portOf(req, res);
}, async (port) => {
  const agent = new http.Agent(options);
  try {
    return await use(agent, port);
  } finally {
    agent.destroy();
  }
});

module.exports = {
  'new Agent([options])': () => pooling({ keepAlive: true, maxSockets: 3 }, async (agent, port) => {
    assert.equal(agent.keepAlive, true);
    assert.equal(new http.Agent().keepAlive, false);
    const first = await ask(port, { agent });
    const second = await ask(port, { agent });
    assert.equal(first.text, second.text);
  }),

  'agent.createConnection(options[, callback])': () => pooling({}, async (agent, port) => {
    const socket = agent.createConnection({ port, host: '127.0.0.1' });
    assert.ok(socket instanceof net.Socket);
    await event(socket, 'connect');
    socket.destroy();
    // Overridden, returning the socket or passing it to the callback.
    for (const hand of [(made) => made, (made, callback) => void callback(null, made)]) {
      const made = [];
      agent.createConnection = (options, callback) => {
        made.push(net.connect(options));
        return hand(made[0], callback);
      };
      const { req } = await ask(port, { agent });
      assert.equal(req.socket ?? made[0], made[0]);
      assert.equal(made.length, 1);
    }
  }),

  'agent.keepSocketAlive(socket)': () => pooling({ keepAlive: true }, async (agent, port) => {
    const seen = [];
    const original = agent.keepSocketAlive;
    agent.keepSocketAlive = function(socket) {
      seen.push(socket);
      return original.call(this, socket);
    };
    const { req } = await ask(port, { agent });
    await until(() => count(agent.freeSockets) === 1);
    assert.deepEqual(seen, [req.socket]);
    agent.keepSocketAlive = () => false;
    await ask(port, { agent });
    await until(() => req.socket.destroyed);
    assert.equal(count(agent.freeSockets), 0);
  }),

  'agent.reuseSocket(socket, request)': () => pooling({ keepAlive: true }, async (agent, port) => {
    const seen = [];
    const original = agent.reuseSocket;
    agent.reuseSocket = function(socket, req) {
      seen.push([socket, req]);
      return original.call(this, socket, req);
    };
    await ask(port, { agent });
    await until(() => count(agent.freeSockets) === 1);
    assert.equal(seen.length, 0);
    const { req } = await ask(port, { agent });
    assert.deepEqual(seen, [[req.socket, req]]);
  }),

  'agent.destroy()': () => pooling({ keepAlive: true }, async (agent, port) => {
    const busy = open(port, { agent, path: '/wait' });
    busy.end();
    const { req } = await ask(port, { agent });
    await until(() => count(agent.freeSockets) === 1);
    const ended = event(busy, 'close');
    agent.destroy();
    assert.equal(req.socket.destroyed, true);
    assert.equal(busy.socket.destroyed, true);
    await ended;
  }),

  'agent.freeSockets': () => pooling({ keepAlive: true }, async (agent, port) => {
    assert.equal(Object.getPrototypeOf(agent.freeSockets), null);
    const { req } = await ask(port, { agent });
    await until(() => count(agent.freeSockets) === 1);
    assert.deepEqual(Object.keys(agent.freeSockets), [`127.0.0.1:${port}:`]);
    assert.equal(agent.freeSockets[`127.0.0.1:${port}:`][0], req.socket);
  }),

  'agent.getName([options])': () => {
    const agent = new http.Agent();
    assert.equal(agent.getName({ host: 'h', port: 80, localAddress: 'l' }), 'h:80:l');
    assert.equal(agent.getName({ host: 'h', port: 80, localAddress: 'l', family: 6 }), 'h:80:l:6');
    assert.equal(agent.getName({ socketPath: '/s' }), 'localhost:::/s');
    assert.equal(agent.getName(), 'localhost::');
    agent.getName = () => 'mine';
    return serve(portOf, async (port) => {
      const req = open(port, { agent });
      assert.deepEqual([...Object.keys(agent.sockets), ...Object.keys(agent.requests)], ['mine']);
      req.destroy();
      await event(req, 'close');
    });
  },

  'agent.maxFreeSockets': () => pooling({ keepAlive: true }, async (agent, port) => {
    assert.equal(agent.maxFreeSockets, 256);
    agent.maxFreeSockets = 1;
    const three = await Promise.all([1, 2, 3].map(() => ask(port, { agent })));
    await until(() => count(agent.sockets) === 0);
    assert.equal(count(agent.freeSockets), 1);
    await until(() => three.filter(({ req }) => req.socket.destroyed).length === 2);
  }),

  'agent.maxSockets': () => pooling({ keepAlive: true }, async (agent, port) => {
    assert.equal(agent.maxSockets, Infinity);
    agent.maxSockets = 1;
    const three = await Promise.all([1, 2, 3].map(() => ask(port, { agent })));
    assert.equal(new Set(three.map(({ text }) => text)).size, 1);
  }),

  'agent.maxTotalSockets': () => pooling({ keepAlive: true }, async (agent, port) => {
    assert.equal(agent.maxTotalSockets, Infinity);
    await pooling({ maxTotalSockets: 1 }, async (limited, other) => {
      const first = ask(port, { agent: limited });
      const second = ask(other, { agent: limited });
      assert.equal(count(limited.sockets), 1);
      assert.equal(count(limited.requests), 1);
      await Promise.all([first, second]);
    });
  }),

  'agent.requests': () => pooling({ maxSockets: 1 }, async (agent, port) => {
    assert.equal(Object.getPrototypeOf(agent.requests), null);
    const name = `127.0.0.1:${port}:`;
    const first = ask(port, { agent });
    const waiting = open(port, { agent });
    waiting.end();
    assert.deepEqual(agent.requests[name], [waiting]);
    await first;
    const [res] = await event(waiting, 'response');
    assert.equal(agent.requests[name], undefined);
    res.resume();
    await event(res, 'end');
  }),

  'agent.sockets': () => pooling({}, async (agent, port) => {
    assert.equal(Object.getPrototypeOf(agent.sockets), null);
    const req = open(port, { agent, path: '/wait' });
    req.end();
    const [socket] = await event(req, 'socket');
    assert.deepEqual(agent.sockets[`127.0.0.1:${port}:`], [socket]);
    req.destroy();
    await event(req, 'close');
    await until(() => count(agent.sockets) === 0);
  }),
};
