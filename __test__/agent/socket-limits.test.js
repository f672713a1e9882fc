'use strict';
// maxSocketAge and maxRequestsPerSocket: a connection is closed between two requests, and the next one opens another.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { once } = require('node:events');
const path = require('node:path');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { until } = require('../transport/ways');

/** Runs a server during `use`; `ports` are its peers' ports, in the order of their requests. */
async function serving(module, use, options = {}) {
  const ports = [];
  const server = module.createServer(options, (req, res) => {
    ports.push(req.socket.remotePort);
    res.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(server.address().port, ports);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

async function ask(module, port, agent) {
  const req = module.get({ host: '127.0.0.1', port, agent, rejectUnauthorized: false });
  const [res] = await once(req, 'response');
  res.resume();
  await once(req, 'close');
  await new Promise(setImmediate);
  return req;
}

const distinct = (ports) => new Set(ports).size;

for (const transport of ['stream', 'native']) {
  test(`a connection serves as many requests as it may (transport ${transport})`, { timeout: 20_000 }, () => serving(http, async (port, ports) => {
    const agent = new http.Agent({ keepAlive: true, transport, maxRequestsPerSocket: 3 });
    for (let n = 0; n < 7; n++) await ask(http, port, agent);
    assert.deepEqual(ports.map((each) => ports.indexOf(each)), [0, 0, 0, 3, 3, 3, 6]);
    const { connections: { opened }, expired, stale } = agent.stats();
    assert.deepEqual({ opened, expired, stale }, { opened: 3, expired: 2, stale: 0 });
    agent.destroy();
  }));

  test(`requests that wait get another connection (transport ${transport})`, { timeout: 20_000 }, () => serving(http, async (port, ports) => {
    const agent = new http.Agent({ keepAlive: true, transport, maxSockets: 1, maxRequestsPerSocket: 2 });
    await Promise.all(Array.from({ length: 5 }, () => ask(http, port, agent)));
    assert.deepEqual(ports.map((each) => ports.indexOf(each)), [0, 0, 2, 2, 4]);
    agent.destroy();
    await until(() => agent.totalSocketCount === 0);
  }));

  test(`a connection that is too old is closed: an idle one at once, one in use after its request (transport ${transport})`, { timeout: 20_000 }, async () => {
    let held;
    const server = http.createServer((req, res) => {
      if (req.url === '/held') held = res;
      else res.end('ok');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const agent = new http.Agent({ keepAlive: true, transport, maxSocketAge: 200 });
    const { socket } = await ask(http, port, agent);
    await until(() => socket.destroyed);
    assert.equal(agent.stats().expired, 1);

    const req = http.get({ host: '127.0.0.1', port, agent, path: '/held' });
    await until(() => held !== undefined);
    await new Promise((resolve) => { setTimeout(resolve, 400); });
    assert.equal(req.socket.destroyed, false);
    held.end('whole');
    const [res] = await once(req, 'response');
    const chunks = [];
    for await (const chunk of res) chunks.push(chunk);
    assert.equal(Buffer.concat(chunks).toString(), 'whole');
    await until(() => agent.totalSocketCount === 0);
    assert.deepEqual([agent.stats().expired, Object.keys(agent.freeSockets)], [2, []]);
    server.close();
    await once(server, 'close');
  });
}

test('agents of https have these limits too', { timeout: 20_000 }, () => {
  const fixtures = path.join(__dirname, '../fixtures/tls');
  const [key, cert] = ['key', 'cert'].map((name) => fs.readFileSync(path.join(fixtures, `${name}.pem`)));
  return serving(https, async (port, ports) => {
    const agent = new https.Agent({ keepAlive: true, maxRequestsPerSocket: 1 });
    for (let n = 0; n < 3; n++) await ask(https, port, agent);
    assert.equal(distinct(ports), 3);
    agent.destroy();
  }, { key, cert });
});

test('a socket that leaves the agent has no limits any more', { timeout: 20_000 }, () => serving(http, async (port) => {
  const agent = new http.Agent({ keepAlive: true, maxSocketAge: 1500, maxRequestsPerSocket: 1000 });
  const { socket } = await ask(http, port, agent);
  socket.emit('agentRemove');
  await new Promise((resolve) => { setTimeout(resolve, 1800); });
  assert.equal(socket.destroyed, false);
  assert.deepEqual([socket.listenerCount('free'), agent.stats().expired], [0, 0]);
  socket.destroy();
}));

test('invalid limits are refused, and agents without limits have none', () => {
  for (const name of ['maxSocketAge', 'maxRequestsPerSocket']) {
    assert.throws(() => new http.Agent({ [name]: '1' }), { code: 'ERR_INVALID_ARG_TYPE' });
    for (const value of [0, -1, 1.5, NaN]) assert.throws(() => new http.Agent({ [name]: value }), { code: 'ERR_OUT_OF_RANGE' });
    assert.deepEqual(Reflect.ownKeys(new http.Agent({ [name]: Infinity })), Reflect.ownKeys(new http.Agent()));
  }
});
