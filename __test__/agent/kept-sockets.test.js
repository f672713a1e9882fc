'use strict';
// What an agent does to the sockets it keeps, and what their requests are told, compared with the built-in of the
// running Node.

const assert = require('node:assert');
const { EventEmitter, once } = require('node:events');
const { PerformanceObserver } = require('node:perf_hooks');
const { test } = require('node:test');
const builtin = require('node:http');
const ours = require('../..');
const { serving } = require('../server/exchange');
const { turns } = require('../support/turns');

function echo() {
  return builtin.createServer((req, res) => {
    req.resume();
    req.on('end', () => res.end('ok'));
  });
}

/** Makes one request; returns what `look` sees of it once it has its socket. */
async function ask(http, options, look) {
  const req = http.request({ host: '127.0.0.1', method: 'POST', ...options });
  let seen;
  req.on('socket', (socket) => { seen = look(req, socket); });
  req.end('x');
  const [res] = await once(req, 'response');
  res.resume();
  await once(res, 'close');
  // The socket is free a turn later.
  await turns(20);
  return seen;
}

const marks = (req, socket) => [req.reusedSocket, req.writableHighWaterMark, socket.writableHighWaterMark, socket.readableHighWaterMark];

async function marksOfRequests(http, port, agentOptions) {
  const agent = new http.Agent({ keepAlive: true, ...agentOptions });
  const seen = [];
  for (const options of [{ highWaterMark: 1 << 20 }, { highWaterMark: 10240 }, {}, { highWaterMark: null }, { highWaterMark: 5 }]) {
    seen.push(await ask(http, { port, agent, ...options }, marks));
  }
  agent.destroy();
  return seen;
}

for (const agentOptions of [{}, { highWaterMark: 7000 }]) {
  test(`a kept socket has the same high-water mark as with node, agent ${JSON.stringify(agentOptions)}`, async () => {
    await serving(echo(), async (port) => {
      assert.deepStrictEqual(await marksOfRequests(ours, port, agentOptions), await marksOfRequests(builtin, port, agentOptions));
    });
  });
}

test('sockets that an agent has, free or in use, report keys once the agent is asked for them', () => {
  const agent = new ours.Agent();
  const [idle, busy] = [new EventEmitter(), new EventEmitter()];
  agent.freeSockets.a = [idle];
  agent.sockets.b = [busy];
  const lines = [];
  agent.on('keylog', (line, socket) => lines.push([line, socket]));
  agent.on('keylog', () => {});
  idle.emit('keylog', 'one');
  busy.emit('keylog', 'two');
  assert.deepStrictEqual(lines, [['one', idle], ['two', busy]]);
  assert.deepStrictEqual([idle, busy].map((socket) => socket.listeners('keylog').map(({ name }) => name)), [['onkeylog'], ['onkeylog']]);
});

async function urlsOfEntries(http, port) {
  const urls = [];
  const observer = new PerformanceObserver((list) => {
    for (const { name, detail } of list.getEntries()) if (name === 'HttpClient') urls.push(detail.req.url);
  });
  observer.observe({ type: 'http' });
  for (const options of [{ path: '/a' }, { path: '//b', agent: false }, { path: '/c', headers: { host: 'd.test:9' } }, { path: '/e', defaultPort: port }]) {
    await ask(http, { port, ...options }, () => {});
  }
  await turns(20);
  observer.disconnect();
  return urls;
}

test('the entries of requests name the URLs that they name with node', async () => {
  await serving(echo(), async (port) => {
    const nodes = await urlsOfEntries(builtin, port);
    assert.strictEqual(nodes.length, 4);
    assert.deepStrictEqual(await urlsOfEntries(ours, port), nodes);
    ours.globalAgent.destroy();
    builtin.globalAgent.destroy();
  });
});

test('an agent whose reuseSocket() does not call its parent\'s can use kept sockets', async () => {
  class Silent extends ours.Agent {
    reused = 0;

    reuseSocket() { this.reused++; }
  }
  await serving(echo(), async (port) => {
    const agent = new Silent({ keepAlive: true });
    const sockets = new Set();
    for (let n = 0; n < 3; n += 1) sockets.add(await ask(ours, { port, agent }, (_req, socket) => socket));
    assert.deepStrictEqual([agent.reused, sockets.size], [2, 1]);
    agent.destroy();
  });
});
