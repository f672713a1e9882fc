'use strict';
// What a client sees when its connection ends, breaks or receives unrequested bytes, at each stage of its life: all
// events of socket, request and response, with the states at each, compared with the built-in client.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const builtin = require('node:http');
const net = require('node:net');
const { test } = require('node:test');
const ours = require('../..');
const { turns } = require('../support/turns');

const WHOLE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
/** Enough turns that what came before is read in a turn of its own. */
const APART = 30;

const WAYS = { end: (peer) => peer.end(), destroy: (peer) => peer.destroy(), reset: (peer) => peer.resetAndDestroy?.() ?? peer.destroy() };
const STAGES = {
  'before the head': '',
  'within the head': 'HTTP/1.1 200 OK\r\nContent-Le',
  'after an interim response': 'HTTP/1.1 102 Processing\r\n\r\n',
  'within a body of known length': 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi',
  'within chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n',
  'behind a body without a length': 'HTTP/1.1 200 OK\r\n\r\nhi',
};
const SOCKET_EVENTS = ['end', 'finish', 'error', 'free', 'agentRemove', 'timeout', 'close'];
const REQUEST_EVENTS = ['prefinish', 'finish', 'abort', 'error', 'close'];
const RESPONSE_EVENTS = ['end', 'aborted', 'error', 'close'];

function note(log, emitter, prefix, names, state) {
  for (const name of names) {
    emitter.on(name, (value) => log.push(`${prefix}${name} ${value instanceof Error ? `${value.message} ${value.code} ` : ''}${state()}`));
  }
}

/** A server whose connections answer `warm` requests, and then do what `serve` does with the peer. */
async function listen(warm, serve) {
  const peers = [];
  const server = net.createServer((peer) => {
    let requests = 0;
    peers.push(peer);
    // Otherwise what it writes waits for the acknowledgement of earlier writes.
    peer.setNoDelay();
    peer.on('error', () => {});
    peer.on('data', (chunk) => {
      if (!/ HTTP\/1.1\r\n/.test(chunk.toString('latin1'))) return;
      if (requests++ < warm) peer.write(WHOLE);
      else serve(peer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const peer of peers) peer.destroy();
    server.close();
  };
  return { port: server.address().port, peers, close };
}

function request(http, agent, port, options = {}) {
  return http.request({ host: '127.0.0.1', port, agent, ...options });
}

async function warmUp(http, agent, port, count) {
  for (let n = 0; n < count; n++) {
    const req = request(http, agent, port);
    req.end();
    const [res] = await once(req, 'response');
    res.resume();
    await once(res, 'close');
    await turns(1);
  }
}

function counts(agent) {
  const size = (lists) => Object.values(lists).flat().length;
  return `${size(agent.sockets)}/${size(agent.freeSockets)}/${size(agent.requests)}/${agent.totalSocketCount}`;
}

/** Resolves with the end of a request, or when none is expected any more: some connections are never ended. */
async function closeOf(req) {
  let hasClosed = false;
  req.on('close', () => {
    hasClosed = true;
  });
  for (let n = 0; n < 10 * APART && !hasClosed; n++) await turns(1);
}

/** All events of the request after `warm` others on one connection, which then ends in one way. */
async function play(http, agent, { warm, sent, way, options, use, stalls = false }) {
  const { port, close } = await listen(warm, (peer) => {
    if (stalls) peer.pause();
    if (sent) peer.write(sent);
    turns(APART).then(() => way(peer));
  });
  await warmUp(http, agent, port, warm);
  const log = [];
  const req = request(http, agent, port, options);
  const state = () => `${req.destroyed} ${req.writableFinished} ${req.reusedSocket} ${counts(agent)}`;
  note(log, req, 'req.', REQUEST_EVENTS, state);
  req.on('socket', (socket) => note(log, socket, 'socket.', SOCKET_EVENTS, () => `${socket._hadError}`));
  req.on('response', (res) => {
    log.push('response');
    res.resume();
    note(log, res, 'res.', RESPONSE_EVENTS, () => `${res.complete} ${res.aborted} ${res.socket === null}`);
  });
  use(req, log);
  await closeOf(req);
  await turns(APART);
  agent.destroy();
  close();
  return log.slice();
}

const agents = (http) => (http === builtin ? [undefined] : ['native', 'stream']).map((transport) => new http.Agent({ keepAlive: true, transport }));

async function same(run) {
  const [expected] = await Promise.all(agents(builtin).map((agent) => run(builtin, agent)));
  for (const agent of agents(ours)) assert.deepEqual(await run(ours, agent), expected);
}

for (const [stage, sent] of Object.entries(STAGES)) {
  for (const [name, way] of Object.entries(WAYS)) {
    test(`a connection whose peer does "${name}" ${stage} ends as with the built-in client`, async () => {
      for (const warm of [0, 2]) {
        await same((http, agent) => play(http, agent, { warm, sent, way, use: (req) => req.end() }));
        await same((http, agent) => play(http, agent, { warm, sent, way, options: { method: 'POST' }, use: (req) => req.flushHeaders() }));
      }
    });
  }
}

for (const [name, way] of Object.entries(WAYS)) {
  test(`an upload that waits for a peer which then does "${name}" fails as with the built-in client`, async () => {
    const body = Buffer.alloc(8e6);
    for (const sent of ['', 'HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n']) {
      await same((http, agent) => play(http, agent, {
        warm: 2, sent, way, stalls: true, options: { method: 'POST', headers: { 'Content-Length': body.length } },
        use: (req, log) => req.end(body, (error) => log.push(`callback ${error ? error.code : 'without error'}`)),
      }));
    }
  });
}

/** All events of a socket in the free list, from the moment that something happens to it. */
async function idle(http, agent, warm, happen) {
  const { port, peers, close } = await listen(warm, () => {});
  await warmUp(http, agent, port, warm);
  const socket = Object.values(agent.freeSockets).flat()[0];
  const log = [];
  note(log, socket, '', SOCKET_EVENTS, () => `${socket._hadError} ${counts(agent)}`);
  happen(socket, peers[0]);
  await turns(APART);
  log.push(`${socket.destroyed} ${counts(agent)}`);
  agent.destroy();
  close();
  return log.slice();
}

const ON_IDLE = {
  'ended by its peer': (socket, peer) => peer.end(),
  'reset by its peer': (socket, peer) => WAYS.reset(peer),
  'destroyed with an error': (socket) => socket.destroy(new Error('mine')),
  'told of an error': (socket) => socket.emit('error', new Error('mine')),
  'destroyed': (socket) => socket.destroy(),
  'ended': (socket) => socket.end(),
  'timed out': (socket) => socket.setTimeout(1),
};

for (const [name, happen] of Object.entries(ON_IDLE)) {
  test(`an idle socket that is ${name} shows the events that it shows in a pool of the built-in agent`, async () => {
    for (const warm of [1, 3]) await same((http, agent) => idle(http, agent, warm, happen));
  });
}

test('an idle socket on which bytes come is closed without any other event, on every line', async () => {
  for (const warm of [1, 3]) {
    for (const agent of agents(ours)) {
      const log = await idle(ours, agent, warm, (socket, peer) => peer.write(WHOLE));
      assert.deepEqual(log, ['close false 0/0/0/0', 'true 0/0/0/0']);
    }
  }
});

test('a response drops its socket when the socket is free for others, and keeps it when it is not', async () => {
  await same(async (http, agent) => {
    const { port, close } = await listen(Infinity);
    const log = [];
    for (const headers of [{}, {}, { Connection: 'close' }]) {
      const req = request(http, agent, port, { headers });
      req.end();
      const [res] = await once(req, 'response');
      const state = () => `${res.socket === null} ${res.client === req.socket} ${res.connection === res.socket}`;
      res.prependListener('end', () => log.push(`first ${state()}`));
      note(log, res, 'res.', ['data', 'end', 'close'], state);
      note(log, req, 'req.', ['close'], state);
      await once(res, 'close');
      await turns(1);
    }
    agent.destroy();
    close();
    return log;
  });
});

test('onread of the handle of a pooled socket is a function', async () => {
  for (const agent of agents(ours)) {
    const { port, close } = await listen(Infinity);
    await warmUp(ours, agent, port, 1);
    const req = request(ours, agent, port);
    req.end();
    const [res] = await once(req, 'response');
    assert.equal(typeof req.socket._handle.onread, 'function');
    res.resume();
    await once(res, 'close');
    agent.destroy();
    close();
  }
});
