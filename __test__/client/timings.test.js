'use strict';
// `req.timings` of a client: which stages a request has reached, and in which order. Durations are never asserted.

const assert = require('node:assert/strict');
const builtin = require('node:http');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const { channel } = require('node:diagnostics_channel');
const { once } = require('node:events');
const path = require('node:path');
const { Duplex } = require('node:stream');
const tls = require('node:tls');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { until } = require('../transport/ways');

const STAGES = ['queue', 'lookup', 'connect', 'secure', 'sent', 'firstByte', 'done'];
const ALL_PLAIN = STAGES.filter((stage) => stage !== 'secure');
const KEPT = ['queue', 'sent', 'firstByte', 'done'];
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const TLS = Object.fromEntries(['key', 'cert'].map((name) => [name, fs.readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`))]));

/** The stages reached; checks that no time is before the start, and that the stages of a connection are in order. */
function reached(timings) {
  assert.deepEqual(Object.keys(timings), STAGES);
  const names = STAGES.filter((stage) => timings[stage] !== null);
  for (const name of names) assert.ok(typeof timings[name] === 'number' && timings[name] >= 0, `${name}: ${timings[name]}`);
  for (const order of [['queue', 'lookup', 'connect', 'secure', 'firstByte', 'done'], ['queue', 'connect', 'secure', 'sent']]) {
    const times = order.map((stage) => timings[stage]).filter((time) => time !== null);
    assert.deepEqual(times, [...times].sort((one, other) => one - other), JSON.stringify(timings));
  }
  return names;
}

/** A socket server, closed after the test together with its sockets. */
async function serve(t, listener, make = net.createServer, where = [0, '127.0.0.1']) {
  const sockets = new Set();
  const server = make((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    listener(socket);
  });
  server.listen(...where);
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

/** Answers each piece, because each is a request here. */
function answering(socket) {
  socket.on('data', () => socket.write(OK));
}

/** Sends a request to its end. @returns {Promise<http.ClientRequest>} */
function ask(options, module = http) {
  const req = module.get(options, (res) => res.on('error', () => {}).resume());
  return closed(req.on('error', (error) => { req.failure = error.code; }));
}

/** @param {http.ClientRequest} req @returns {Promise<http.ClientRequest>} */
function closed(req) {
  return new Promise((resolve) => { req.on('close', () => resolve(req)); });
}

function agentFor(t, options, Agent = http.Agent) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, timing: true, ...options });
  t.after(() => agent.destroy());
  return agent;
}

for (const transport of ['stream', 'native']) {
  test(`a new connection has all stages, a kept one neither lookup nor connect (${transport})`, { timeout: 20_000 }, async (t) => {
    const { port } = (await serve(t, answering, net.createServer, [0])).address();
    const agent = agentFor(t, { transport });
    for (let n = 0; n < 4; n++) {
      const req = await ask({ agent, port, host: 'localhost' });
      assert.deepEqual(reached(req.timings), n === 0 ? ALL_PLAIN : KEPT);
    }
  });

  test(`an address is not looked up, nor is the path of a socket (${transport})`, { timeout: 20_000 }, async (t) => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'timings-'));
    t.after(() => fs.rmSync(directory, { recursive: true }));
    const socketPath = process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(directory)}` : path.join(directory, 'socket');
    const { port } = (await serve(t, answering)).address();
    await serve(t, answering, net.createServer, [socketPath]);
    for (const where of [{ port, host: '127.0.0.1' }, { socketPath }]) {
      const agent = agentFor(t, { transport });
      for (const stages of [ALL_PLAIN.filter((stage) => stage !== 'lookup'), KEPT, KEPT]) {
        assert.deepEqual(reached((await ask({ agent, ...where })).timings), stages);
      }
    }
  });

  test(`a response in pieces begins with the first and ends with the last (${transport})`, { timeout: 20_000 }, async (t) => {
    const sockets = [];
    const { port } = (await serve(t, (socket) => socket.on('data', () => sockets.push(socket)))).address();
    const agent = agentFor(t, { transport });
    for (let n = 1; n < 4; n++) {
      const req = http.get({ agent, port, host: '127.0.0.1' });
      const isClosed = closed(req);
      await until(() => sockets.length === n);
      assert.equal(req.timings.firstByte, null);
      sockets.at(-1).write(OK.slice(0, 3));
      await until(() => req.timings.firstByte !== null);
      const { firstByte } = req.timings;
      assert.equal(req.timings.done, null);
      sockets.at(-1).write(OK.slice(3, -1));
      const [res] = await once(req, 'response');
      assert.equal(req.timings.done, null);
      sockets.at(-1).write(OK.slice(-1));
      await once(res.resume(), 'end');
      assert.equal(req.timings.firstByte, firstByte);
      assert.notEqual(req.timings.done, null);
      await isClosed;
      reached(req.timings);
    }
  });

  test(`a waiting request begins when it gets its connection (${transport})`, { timeout: 20_000 }, async (t) => {
    const sockets = [];
    const { port } = (await serve(t, (socket) => socket.on('data', () => sockets.push(socket)))).address();
    const agent = agentFor(t, { transport });
    const first = http.get({ agent, port, host: '127.0.0.1' }, (res) => res.resume());
    const second = http.get({ agent, port, host: '127.0.0.1' }, (res) => res.resume());
    await until(() => sockets.length === 1);
    assert.equal(second.timings.queue, null);
    sockets[0].write(OK);
    await until(() => sockets.length === 2);
    // (A request says so since 18.13.)
    assert.notEqual(first.closed, false);
    sockets[1].write(OK);
    await closed(second);
    assert.deepEqual(reached(second.timings), KEPT);
    // A new one, if the connection is not kept.
    const closing = agentFor(t, { transport, keepAlive: false });
    const all = Array.from({ length: 3 }, () => http.get({ agent: closing, port, host: '127.0.0.1' }, (res) => res.resume()));
    for (const [n, req] of all.entries()) {
      await until(() => sockets.length === 3 + n);
      assert.deepEqual(all.map(({ timings }) => timings.queue !== null), all.map((_, m) => m <= n));
      sockets.at(-1).end(OK.replace('OK\r\n', 'OK\r\nConnection: close\r\n'));
      await closed(req);
      assert.deepEqual(reached(req.timings), ALL_PLAIN.filter((stage) => stage !== 'lookup'));
    }
  });

  test(`a request that is sent again has the times of its last connection (${transport})`, { timeout: 20_000 }, async (t) => {
    const { port } = (await serve(t, (socket) => {
      let n = 0;
      socket.on('data', () => (++n === 1 ? socket.write(OK) : socket.end()));
    })).address();
    const agent = agentFor(t, { transport, retries: 1 });
    await ask({ agent, port, host: '127.0.0.1' });
    for (let n = 0; n < 3; n++) {
      const req = await ask({ agent, port, host: '127.0.0.1' });
      assert.equal(req.failure, undefined);
      assert.deepEqual(reached(req.timings), ALL_PLAIN.filter((stage) => stage !== 'lookup'));
    }
    assert.equal(agent.stats().retried, 3);
  });

  test(`requests that are destroyed, or fail, keep the stages that they have reached (${transport})`, { timeout: 20_000 }, async (t) => {
    const answers = [];
    const { port } = (await serve(t, (socket) => socket.on('data', () => answers.shift()(socket)))).address();
    const agent = agentFor(t, { transport });
    // Before it has a connection.
    const early = http.get({ agent: agentFor(t, { transport }), port, host: '127.0.0.1' }).on('error', () => {});
    early.destroy();
    await closed(early);
    assert.deepEqual(reached(early.timings), ['queue']);
    // Without an answer, after a part of its head, and after a part of its body: on a new connection, and on a kept
    // one.
    for (const kept of [false, true]) {
      for (const [answer, expected] of [['', []], ['HTTP/1.1 2', ['firstByte']], [OK.slice(0, -1), ['firstByte']], ['nonsense', ['firstByte']]]) {
        const options = { agent: agentFor(t, { transport }), port, host: '127.0.0.1' };
        if (kept) {
          answers.push((socket) => socket.write(OK));
          await ask(options);
        }
        answers.push((socket) => setImmediate(() => (answer === '' ? socket.end() : socket.end(answer))));
        const req = await ask(options);
        assert.deepEqual(reached(req.timings), [...(kept ? ['queue', 'sent'] : ['queue', 'connect', 'sent']), ...expected], answer);
      }
    }
    // No listener on the port; no host with the name.
    const gone = net.createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const free = gone.address().port;
    await new Promise((resolve) => { gone.close(resolve); });
    const refused = await ask({ agent, port: free, host: '127.0.0.1' });
    assert.deepEqual([refused.failure, reached(refused.timings)], ['ECONNREFUSED', ['queue']]);
    const lookup = (host, _options, callback) => callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    const nameless = await ask({ agent, port, host: 'nowhere.test', lookup });
    assert.deepEqual([nameless.failure, reached(nameless.timings)], ['ENOTFOUND', ['queue']]);
    // It has no 'close'.
    const unopened = http.get({ timing: true, createConnection: (_options, callback) => void callback(new Error('no')) });
    await once(unopened, 'error');
    assert.deepEqual(reached(unopened.timings), []);
  });

  test(`an upgrade and a CONNECT are done with their head (${transport})`, { timeout: 20_000 }, async (t) => {
    const { port } = (await serve(t, (socket) => socket.once('data', (text) => {
      socket.write(`${text}`.startsWith('CONNECT') ? 'HTTP/1.1 200 OK\r\n\r\n' : 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    }))).address();
    for (const [event, options] of [['upgrade', { headers: { Connection: 'Upgrade', Upgrade: 'x' } }], ['connect', { method: 'CONNECT', path: 'x:1' }]]) {
      const req = http.request({ agent: agentFor(t, { transport }), port, host: '127.0.0.1', ...options }).end();
      const [, socket] = await once(req, event);
      socket.destroy();
      assert.deepEqual(reached(req.timings), ALL_PLAIN.filter((stage) => stage !== 'lookup'), event);
    }
  });

  test(`answers without a body, after interim ones, and up to the end of the connection are done (${transport})`, { timeout: 20_000 }, async (t) => {
    const answers = [];
    const { port } = (await serve(t, (socket) => socket.on('data', () => answers.shift()(socket)))).address();
    const agent = agentFor(t, { transport });
    for (const [method, text, ends] of [
      ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'], ['GET', 'HTTP/1.1 304 Not Modified\r\n\r\n'], ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['GET', `HTTP/1.1 102 Processing\r\n\r\n${OK}`], ['GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n'],
      ['GET', 'HTTP/1.1 200 OK\r\n\r\nall there is', true],
    ]) {
      answers.push((socket) => (ends ? socket.end(text) : socket.write(text)));
      const req = await ask({ agent, port, host: '127.0.0.1', method });
      assert.deepEqual(reached(req.timings).slice(-3), ['sent', 'firstByte', 'done'], text);
    }
  });
}

test('a connection over TLS is secure when its handshake is over', { timeout: 20_000 }, async (t) => {
  const { port } = (await serve(t, answering, (listener) => tls.createServer(TLS, listener), [0])).address();
  const agent = agentFor(t, {}, https.Agent);
  for (const stages of [STAGES, KEPT]) assert.deepEqual(reached((await ask({ agent, port, host: 'localhost', rejectUnauthorized: false }, https)).timings), stages);
  // A certificate without a trusted issuer.
  const failed = await ask({ timing: true, agent: false, port, host: 'localhost' }, https);
  assert.ok(failed.failure);
  assert.ok(!reached(failed.timings).includes('firstByte'));
});

test('a connection opened by other means counts as connected when it was ready', { timeout: 20_000 }, async (t) => {
  const { port } = (await serve(t, answering)).address();
  const secure = (await serve(t, answering, (listener) => tls.createServer(TLS, listener))).address().port;
  const tunnel = new http.Agent();
  tunnel.createConnection = (_options, callback) => {
    const socket = net.connect(port, '127.0.0.1', () => callback(null, socket));
  };
  assert.deepEqual(reached((await ask({ agent: tunnel, timing: true, host: 'x' })).timings), ALL_PLAIN.filter((stage) => stage !== 'lookup'));
  const secured = new https.Agent();
  secured.createConnection = (_options, callback) => {
    const socket = tls.connect({ port: secure, host: '127.0.0.1', rejectUnauthorized: false }, () => callback(null, socket));
  };
  assert.deepEqual(reached((await ask({ agent: secured, timing: true, host: 'x' }, https)).timings), STAGES.filter((stage) => stage !== 'lookup'));
  const createConnection = () => {
    return new Duplex({ read() {}, write(chunk, encoding, callback) { callback(); this.push(OK); this.push(null); } });
  };
  assert.deepEqual(reached((await ask({ createConnection, timing: true })).timings), ALL_PLAIN.filter((stage) => stage !== 'lookup'));
});

test('the option of a request overrides its agent\'s, and requests without it have no timings', { timeout: 20_000 }, async (t) => {
  const { port } = (await serve(t, answering)).address();
  const timed = agentFor(t);
  const plain = agentFor(t, { timing: false });
  const where = { port, host: '127.0.0.1' };
  const own = async (options) => 'timings' in await ask({ ...where, ...options });
  assert.deepEqual([await own({ agent: timed }), await own({ agent: timed, timing: false }), await own({ agent: plain }), await own({ agent: plain, timing: true })], [true, false, false, true]);
  const keys = (req) => Reflect.ownKeys(req).map(String);
  const [asks, asksNot] = [await ask({ ...where, agent: timed }), await ask({ ...where, agent: plain })];
  assert.deepEqual(keys(asks).filter((key) => !keys(asksNot).includes(key)), ['timings', 'Symbol(timings)']);
  assert.deepEqual([asks.listenerCount('finish') - asksNot.listenerCount('finish'), 'timings' in http.ClientRequest.prototype], [1, false]);
});

test('a channel has the times of all requests, also of those that fail, and the requests show none', { timeout: 20_000 }, async (t) => {
  const { port } = (await serve(t, answering)).address();
  const seen = [];
  const listener = (message) => seen.push(message);
  const timings = channel('rust-http.client.timings');
  timings.subscribe(listener);
  t.after(() => timings.unsubscribe(listener));
  const req = await ask({ agent: agentFor(t, { timing: undefined }), port, host: '127.0.0.1' });
  const failed = await ask({ agent: false, port: 1, host: '127.0.0.1' });
  assert.deepEqual(seen.map(({ request }) => request), [req, failed]);
  assert.deepEqual(seen.map(Object.keys), Array(2).fill(['request', 'response', 'timings']));
  assert.equal(seen[0].response, req.res);
  assert.deepEqual(seen.map((message) => reached(message.timings)), [ALL_PLAIN.filter((stage) => stage !== 'lookup'), ['queue']]);
  assert.ok(!('timings' in req));
});

test('requests of an agent of the program\'s own class, or of node\'s, are also timed', { timeout: 20_000 }, async (t) => {
  const { port } = (await serve(t, answering)).address();
  class Own extends http.Agent {
    createSocket(req, options, callback) {
      setImmediate(() => super.createSocket(req, options, callback));
    }
  }
  for (const stages of [ALL_PLAIN.filter((stage) => stage !== 'lookup'), KEPT]) {
    t.agent ??= agentFor(t, {}, Own);
    assert.deepEqual(reached((await ask({ agent: t.agent, port, host: '127.0.0.1' })).timings), stages);
  }
  // An agent of node's asks for nothing, but its requests can.
  const agent = new builtin.Agent();
  t.after(() => agent.destroy());
  assert.deepEqual(reached((await ask({ agent, timing: true, port, host: '127.0.0.1' })).timings), ALL_PLAIN.filter((stage) => stage !== 'lookup'));
});

test('a `timing` that is not a boolean is refused', () => {
  for (const timing of ['true', 1, null]) {
    assert.throws(() => new http.Agent({ timing }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => new https.Agent({ timing }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => http.request({ timing }), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});
