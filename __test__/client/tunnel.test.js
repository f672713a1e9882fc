'use strict';
// Requests that get no socket: an agent's createConnection() that fails, and proxies that open no tunnel. Events, their
// order, the state at each, and what happens to a socket that was passed along: compared with the built-in of the
// running Node.

const { test, after } = require('node:test');
const assert = require('node:assert');
const diagnosticsChannel = require('node:diagnostics_channel');
const builtin = { http: require('node:http'), https: require('node:https') };
const net = require('node:net');
const { kProxyConfig } = require('../../lib/compat/node-features');
const ours = { http: require('../..'), https: require('../../lib/https') };
const { turns } = require('../support/turns');

// Node 26 leaves a socket open and unread if its proxy goes on writing after its refusal: these tests close what they
// open.
const opened = [];
const keep = ({ socket }) => opened.push(socket);
diagnosticsChannel.subscribe('net.client.socket', keep);
after(() => {
  for (const socket of opened) socket.destroy();
  diagnosticsChannel.unsubscribe('net.client.socket', keep);
});

const skip = kProxyConfig === undefined && 'this Node has no proxyEnv';

function record(req, log, name = '') {
  for (const event of ['timeout', 'error', 'abort', 'close', 'response']) {
    req.on(event, (what) => log.push([name + event, what instanceof Error ? what.message.replace(/:\d{4,5}/, '') : '', req.destroyed, req.closed]));
  }
  return new Promise((resolve) => req.on('close', () => turns(20).then(resolve)));
}

const ERRORS = {
  'an error': {},
  'an error of a tunnel': { code: 'ERR_PROXY_TUNNEL' },
  'a timeout of a tunnel': { code: 'ERR_PROXY_TUNNEL', proxyTunnelTimeout: 5 },
  'a timeout of something else': { proxyTunnelTimeout: 5 },
};

async function failed({ http }, members, { withSocket, act = '', on = '', maxSockets = Infinity }) {
  const log = [];
  const agent = new http.Agent({ maxSockets });
  const callbacks = [];
  agent.createConnection = (options, callback) => void callbacks.push(callback);
  const reqs = Array.from({ length: maxSockets === 1 ? 2 : 1 }, () => http.get({ agent, host: 'a.test' }));
  const closed = reqs.map((req, n) => record(req, log, n));
  if (on) reqs[0].on(on, () => reqs[0][act]());
  await new Promise(setImmediate);
  if (act && !on) reqs[0][act]();
  const socket = withSocket ? new net.Socket() : undefined;
  for (const callback of callbacks) {
    callback(Object.assign(new Error('no socket'), members), socket);
    log.push(['called back', reqs[0].destroyed]);
  }
  process.nextTick(() => log.push(['tick', reqs[0].destroyed]));
  await Promise.all(closed);
  log.push(['socket', socket?.destroyed, agent.totalSocketCount]);
  socket?.destroy();
  return log;
}

for (const [what, members] of Object.entries(ERRORS)) {
  for (const how of [
    {}, { withSocket: true }, { act: 'destroy' }, { act: 'abort', on: 'error' }, { act: 'destroy', on: 'error' }, { maxSockets: 1 },
  ]) {
    test(`an agent whose createConnection() calls back with ${what} gives the request the same events as node's, ${JSON.stringify(how)}`, async () => {
      assert.deepStrictEqual(await failed(ours, members, how), await failed(builtin, members, how));
    });
  }
}

/** The events of a request whose proxy does `answer` to CONNECT, and what the proxy sees of its connection. */
async function tunnelled({ https }, answer, options, act) {
  const log = [];
  const seen = [];
  const sockets = [];
  const proxy = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => seen.push('error')).on('end', () => seen.push('end'));
    socket.once('data', (head) => {
      seen.push(head.toString());
      answer(socket);
    });
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const agent = new https.Agent({ ...options.agent, proxyEnv: { HTTPS_PROXY: `http://u:p@127.0.0.1:${proxy.address().port}` } });
  const begun = Date.now();
  const req = https.get({ host: 'example.test', ...options.request, agent });
  const closed = record(req, log);
  act?.(req);
  await closed;
  await turns(100);
  log.push(Object.keys(agent.sockets), Object.keys(agent.freeSockets), agent.totalSocketCount, Date.now() - begun < 2000);
  log.push(seen, sockets.map((socket) => socket.destroyed));
  agent.destroy();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => proxy.close(resolve));
  return log;
}

const ANSWERS = {
  'refuses and stays': (socket) => socket.write('HTTP/1.1 500 x\r\n\r\n'),
  'refuses and ends': (socket) => socket.end('HTTP/1.1 407 x\r\nContent-Length: 2\r\n\r\nab'),
  'refuses and goes on writing': (socket) => {
    socket.write('HTTP/1.1 500 x\r\n\r\n');
    setTimeout(() => socket.write('more'), 20);
  },
  'answers with another 2xx': (socket) => socket.write('HTTP/1.1 204 x\r\n\r\n'),
  'ends at once': (socket) => socket.end(),
  'sends no HTTP': (socket) => socket.end('garbage\r\n\r\n'),
};
for (const [what, answer] of Object.entries(ANSWERS)) {
  for (const keepAlive of [false, true]) {
    test(`a request through a proxy that ${what} gets the same events as with node, keepAlive ${keepAlive}`, { skip }, async () => {
      const [own, nodes] = await Promise.all([ours, builtin].map((side) => tunnelled(side, answer, { agent: { keepAlive } })));
      assert.deepStrictEqual(own, nodes);
    });
  }
}

for (const options of [
  { request: { timeout: 100 } }, { agent: { timeout: 100 } }, { request: { timeout: 100 }, agent: { timeout: 5000, keepAlive: true } },
]) {
  test(`a request waits for a tunnel only as long as with node, ${JSON.stringify(options)}`, { skip }, async () => {
    const [own, nodes] = await Promise.all([ours, builtin].map((side) => tunnelled(side, () => {}, options)));
    assert.deepStrictEqual(own, nodes);
  });
}
for (const act of ['destroy', 'abort']) {
  test(`a request that has called ${act}() gets the same events from its proxy as with node`, { skip }, async () => {
    const refuse = (socket) => setTimeout(() => socket.write('HTTP/1.1 500 x\r\n\r\n'), 60);
    const [own, nodes] = await Promise.all([ours, builtin].map((side) => tunnelled(side, refuse, {}, (req) => setTimeout(() => req[act](), 20))));
    assert.deepStrictEqual(own, nodes);
  });
}
