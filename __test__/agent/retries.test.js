'use strict';
// `retries` of an agent: a request that a kept connection loses before it is answered is sent again.

const assert = require('node:assert/strict');
const builtin = require('node:http');
const fs = require('node:fs');
const net = require('node:net');
const { once } = require('node:events');
const path = require('node:path');
const tls = require('node:tls');
const { test } = require('node:test');
const { random } = require('../random');
const http = require('../..');
const https = require('../../lib/https');

/** How many requests go to the server that closes at the worst moment. */
const TOTAL = Number(process.env.REQUESTS ?? 2000);
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/**
 * A server that calls `answer(n, text, socket)` for the nth request of a connection. It returns the answer's text, or
 * nothing if it has closed the connection.
 */
async function serve(t, answer, make = net.createServer) {
  const sockets = new Set();
  const seen = [];
  const server = make((socket) => {
    sockets.add(socket);
    let text = '';
    let n = 0;
    socket.setEncoding('latin1').on('error', () => {}).on('close', () => sockets.delete(socket)).on('data', (data) => {
      text += data;
      for (;;) {
        const end = text.indexOf('\r\n\r\n') + 4;
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (end < 4 || text.length < end + length) return;
        const request = text.slice(0, end + length);
        text = text.slice(end + length);
        seen.push(request.replace(/\r\n.*\r\n\r\n/s, ' '));
        const reply = answer(++n, request, socket);
        if (reply !== undefined) socket.write(reply);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: server.address().port, host: '127.0.0.1', seen };
}

/** @returns {Promise<string>} the body of the answer, or the code of the error */
function ask(agent, { port, host }, { method = 'GET', body, path: target = '/', module = http, ...options } = {}) {
  return new Promise((resolve) => {
    const req = module.request({ agent, port, host, method, path: target, ...options }, (res) => {
      let text = '';
      res.setEncoding('latin1').on('data', (data) => { text += data; }).on('end', () => resolve(text)).on('error', ({ code }) => resolve(code));
    });
    req.on('error', ({ code }) => resolve(code)).end(body);
  });
}

function agentFor(t, options, Agent = http.Agent) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...options });
  t.after(() => agent.destroy());
  return agent;
}

// How a server leaves a connection whose next request is on its way.
const ENDINGS = {
  'an end': (socket) => { socket.end(); },
  'a reset': (socket) => { if (socket.resetAndDestroy) socket.resetAndDestroy(); else socket.destroy(); },
};

for (const transport of ['stream', 'native']) {
  for (const [ending, leave] of Object.entries(ENDINGS)) {
    test(`a request that ${ending} loses is sent again (${transport})`, { timeout: 20_000 }, async (t) => {
      const server = await serve(t, (n, request, socket) => {
        if (n > 1) return leave(socket);
        return request.startsWith('HEAD') ? OK.slice(0, -2) : OK;
      });
      const agent = agentFor(t, { retries: 1, transport });
      for (let n = 0; n < 5; n++) assert.equal(await ask(agent, server), 'ok');
      const big = 'x'.repeat(100_000);
      for (const body of ['short', big, Buffer.from('bytes'), Buffer.from(big)]) assert.equal(await ask(agent, server, { method: 'PUT', body }), 'ok');
      assert.equal(await ask(agent, server, { method: 'HEAD', path: '/head' }).catch(String), '');
      const { retried, requests, connections: { opened }, otherErrors } = agent.stats();
      assert.deepEqual([retried, requests, opened, otherErrors], [9, 10, 10, {}]);
      assert.deepEqual(server.seen.filter((line) => line.startsWith('PUT')).map((line) => line.length), [
        ...Array(2).fill('PUT / HTTP/1.1 short'.length), ...Array(2).fill('PUT / HTTP/1.1 '.length + 100_000),
        ...Array(2).fill('PUT / HTTP/1.1 bytes'.length), ...Array(2).fill('PUT / HTTP/1.1 '.length + 100_000),
      ]);
    });
  }

  test(`a request that may have taken effect, or is not fully available, is not sent again (${transport})`, { timeout: 20_000 }, async (t) => {
    const server = await serve(t, (n, _request, socket) => (n === 1 ? OK : void socket.end()));
    const agent = agentFor(t, { retries: 5, transport });
    assert.equal(await ask(agent, server), 'ok');
    assert.equal(await ask(agent, server, { method: 'POST', body: 'x' }), 'ECONNRESET');
    assert.equal(await ask(agent, server), 'ok');
    const req = http.request({ agent, ...server, seen: undefined, method: 'PUT', headers: { 'content-length': 2 } });
    req.write('o');
    setImmediate(() => setImmediate(() => req.end('k')));
    const [{ code }] = await once(req, 'error');
    assert.equal(code, 'ECONNRESET');
    assert.equal(await ask(agent, server), 'ok');
    assert.equal(await ask(agent, server, { method: 'PUT', body: 'x'.repeat(1024 * 1024 + 1) }), 'ECONNRESET');
    assert.equal(agent.stats().retried, 0);
  });

  test(`a request whose answer has begun is not sent again (${transport})`, { timeout: 20_000 }, async (t) => {
    for (const begun of ['H', 'HTTP/1.1 1', 'HTTP/1.1 102 Processing\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Le']) {
      const server = await serve(t, (n, _request, socket) => (n === 1 ? OK : void socket.end(begun)));
      const agent = agentFor(t, { retries: 5, transport });
      assert.equal(await ask(agent, server), 'ok');
      assert.equal(await ask(agent, server), 'ECONNRESET');
      assert.deepEqual([agent.stats().retried, server.seen.length], [0, 2]);
    }
  });

  test(`a request is sent again only as often as the option allows, and never when a new connection fails (${transport})`, { timeout: 20_000 }, async (t) => {
    let isGood = true;
    const server = await serve(t, (_n, _request, socket) => (isGood ? OK : void socket.end()));
    const agent = agentFor(t, { retries: 2, transport });
    assert.equal(await ask(agent, server), 'ok');
    isGood = false;
    // The second connection is new: a request lost on it fails.
    assert.equal(await ask(agent, server), 'ECONNRESET');
    assert.deepEqual([agent.stats().retried, server.seen.length], [1, 3]);
    assert.deepEqual(agent.stats().otherErrors, { ECONNRESET: 1 });
  });

  test(`the events of a request that is sent again are those of one, with a further 'socket' (${transport})`, { timeout: 20_000 }, async (t) => {
    const server = await serve(t, (n, _request, socket) => (n === 1 ? OK : void socket.end()));
    const agent = agentFor(t, { retries: 1, transport });
    assert.equal(await ask(agent, server), 'ok');
    const events = [];
    const req = http.request({ agent, port: server.port, host: server.host, timeout: 10_000 });
    for (const event of ['socket', 'prefinish', 'finish', 'response', 'timeout', 'error', 'close']) req.on(event, () => events.push(event));
    req.on('response', (res) => res.resume());
    req.setTimeout(9_000);
    req.end(() => events.push('end callback'));
    await once(req, 'close');
    assert.deepEqual(events.filter((event) => event !== 'socket').sort(), ['close', 'end callback', 'finish', 'prefinish', 'response']);
    assert.equal(events.filter((event) => event === 'socket').length, 2);
    assert.equal(req.reusedSocket, false);
  });

  test(`a request that is destroyed while it waits for another connection is not sent again (${transport})`, { timeout: 20_000 }, async (t) => {
    const server = await serve(t, (n, _request, socket) => (n === 1 ? OK : void socket.end()));
    const agent = agentFor(t, { retries: 1, transport });
    assert.equal(await ask(agent, server), 'ok');
    const req = http.get({ agent, port: server.port, host: server.host });
    const [socket] = await once(req, 'socket');
    socket.on('end', () => req.destroy(new Error('enough')));
    const [{ message }] = await once(req, 'error');
    assert.equal(message, 'enough');
    assert.equal(server.seen.length, 2);
  });

  test(`requests that waited for a connection are also sent again (${transport})`, { timeout: 60_000 }, async (t) => {
    const server = await serve(t, (n, _request, socket) => (n % 3 > 0 ? OK : void socket.end()));
    const agent = agentFor(t, { retries: 1, transport, maxSockets: 3 });
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(agent, server)));
    assert.deepEqual(new Set(answers), new Set(['ok']));
    const { connections: { open }, retried, requests } = agent.stats();
    assert.ok(open <= 3 && retried > 0);
    assert.equal(requests, 200);
  });

  test(`requests to a server that closes at the worst moment are all answered (${transport})`, { timeout: 120_000 }, async (t) => {
    const draw = random(21);
    const limits = new WeakMap();
    const server = await serve(t, (n, _request, socket) => {
      if (!limits.has(socket)) limits.set(socket, 2 + draw(20));
      return n < limits.get(socket) ? OK : void socket.destroy();
    });
    const load = async (agent, module) => {
      let left = TOTAL;
      let failed = 0;
      await Promise.all(Array.from({ length: 16 }, async () => {
        while (left-- > 0) {
          const answer = await ask(agent, server, { module });
          if (answer !== 'ok') failed++;
        }
      }));
      return failed;
    };
    const agent = agentFor(t, { retries: 1, transport, maxSockets: 16 });
    assert.equal(await load(agent, http), 0);
    assert.ok(agent.stats().retried > TOTAL / 20);
    // Without the option each of them fails, as with node's agent.
    const without = await load(agentFor(t, { transport, maxSockets: 16 }), http);
    const node = await load(agentFor(t, { maxSockets: 16 }, builtin.Agent), builtin);
    t.diagnostic(`errors of ${TOTAL} requests: 0 with retries (${agent.stats().retried} sent again), ${without} without, ${node} of node:http`);
    assert.ok(without > TOTAL / 20 && node > TOTAL / 20);
  });
}

test('an https agent sends again too', { timeout: 20_000 }, async (t) => {
  const [key, cert] = ['key', 'cert'].map((name) => fs.readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`)));
  const server = await serve(t, (n, _request, socket) => (n === 1 ? OK : void socket.destroy()), (listener) => tls.createServer({ key, cert }, listener));
  const agent = agentFor(t, { retries: 1 }, https.Agent);
  for (let n = 0; n < 3; n++) assert.equal(await ask(agent, server, { module: https, rejectUnauthorized: false }), 'ok');
  assert.equal(agent.stats().retried, 2);
});

test('values other than whole numbers from 0 on are refused', () => {
  for (const { Agent } of [http, https]) {
    assert.throws(() => new Agent({ retries: '1' }), { code: 'ERR_INVALID_ARG_TYPE' });
    for (const retries of [-1, 0.5, Infinity]) assert.throws(() => new Agent({ retries }), { code: 'ERR_OUT_OF_RANGE' });
    assert.equal(new Agent({ retries: 0 }).stats().retried, 0);
  }
});
