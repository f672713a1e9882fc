'use strict';
// server.drain(): what has arrived is answered, kept connections are told, and what is left at the end is ended.

const assert = require('node:assert/strict');
const builtin = require('node:http');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');
const { Duplex, PassThrough } = require('node:stream');
const tls = require('node:tls');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { SLOWNESS } = require('../support/slowness');
const { Way, get, testsOn, until } = require('../transport/ways');

const NOTHING = { reason: 'drained', answered: 0, idle: 0, unused: 0, lost: 0, cut: 0, upgraded: 0, upgradedCut: 0, open: 0 };
const TLS = Object.fromEntries(['key', 'cert'].map((name) => [name, fs.readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`))]));
/** How many requests go to servers that end one after the other. */
const REQUESTS = Number(process.env.REQUESTS ?? 10_000);
const CLIENTS = 32;
const SERVERS = 10;

/**
 * Sends requests over kept connections while one server after the other ends: short and slow ones, with and without a
 * body.
 * @param {Way} way
 * @param {function(http.Server): Promise} end ends a server; the next one already listens
 * @returns {Promise<{answered: number, lost: string[], connections: number, ends: Array}>} `lost`: the errors of lost
 *   requests
 */
async function askWhileServersEnd(way, end) {
  const next = () => way.serve((req, res) => {
    if (req.url === '/slow') setTimeout(() => res.end('ok'), 2);
    else res.end('ok');
  });
  let server = await next();
  let connections = 0;
  let answered = 0;
  const lost = [];
  const agent = new builtin.Agent({ keepAlive: true, maxSockets: CLIENTS });
  agent.createConnection = () => {
    connections++;
    return net.connect(server.address().port, '127.0.0.1');
  };
  const body = Buffer.alloc(100_000);
  const askOne = (n) => new Promise((resolve) => {
    const failed = ({ code, message }) => resolve(lost.push(code ?? message));
    const posts = n % 50 === 0;
    const req = builtin.request({ agent, path: n % 10 === 1 ? '/slow' : '/', method: posts ? 'POST' : 'GET' }, (res) => {
      res.resume().on('end', () => resolve(answered++)).on('error', failed);
    });
    req.on('error', failed).end(posts ? body : undefined);
  });
  const ends = [];
  let begun = 0;
  const asking = async () => {
    while (begun < REQUESTS) {
      const n = ++begun;
      await askOne(n);
      if (n % (REQUESTS / SERVERS) === 0) {
        const old = server;
        server = await next();
        ends.push(end(old));
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: CLIENTS }, asking));
  } finally {
    agent.destroy();
  }
  return { answered, lost, connections, ends: await Promise.all(ends) };
}

for (const name of ['stream', 'native', 'offload']) {
  const onWay = testsOn(name, 120_000);

  onWay('drain() waits for exchanges, and their answers say close', async (way) => {
    let held;
    const server = await way.serve((req, res) => { held = res; });
    const client = await way.connect(server);
    client.write(get('/'));
    await until(() => held !== undefined);
    const closed = once(server, 'close');
    const drained = server.drain();
    await until(() => !server.listening);
    held.end('whole');
    assert.deepEqual(await drained, { ...NOTHING, answered: 1 });
    await closed;
    await until(() => client.ended);
    assert.match(client.text, /\r\nConnection: close\r\n[^]*whole$/);
  });

  onWay('a kept connection may ask once more, and is told that this was the last answer', async (way) => {
    const seen = [];
    const server = await way.serve((req, res) => {
      seen.push(req.url);
      res.end('ok');
    });
    const client = await way.connect(server);
    client.write(get('/1'));
    await until(() => client.text.endsWith('ok'));
    assert.match(client.text, /\r\nConnection: keep-alive\r\n/);
    const drained = server.drain();
    await until(() => !server.listening);
    // Requests after it are ignored: the peer may send them again elsewhere.
    client.write(get('/2') + get('/3'));
    assert.deepEqual(await drained, { ...NOTHING, answered: 1 });
    await until(() => client.closed_ || client.ended);
    assert.equal(client.text.split('Connection: close').length, 2);
    assert.deepEqual(seen, ['/1', '/2']);
  });

  onWay('requests waiting for their turn are all answered, and the last answer says close', async (way) => {
    const held = [];
    const server = await way.serve((req, res) => held.push(res));
    const client = await way.connect(server);
    client.write(get('/1') + get('/2'));
    await until(() => held.length === 2);
    const drained = server.drain();
    client.write(get('/3'));
    await until(() => held.length === 3);
    for (const res of held) res.end('ok');
    assert.deepEqual(await drained, { ...NOTHING, answered: 1 });
    await until(() => client.ended);
    assert.deepEqual(client.text.match(/Connection: [-a-z]+/g), ['Connection: keep-alive', 'Connection: keep-alive', 'Connection: close']);
  });

  onWay('idle and unused connections are closed when their time is over', async (way) => {
    const server = await way.serve((req, res) => res.end('ok'));
    const used = await way.connect(server);
    used.write(get('/'));
    await until(() => used.text.endsWith('ok'));
    const unused = await way.connect(server);
    await until(() => server.stats().connections.open === 2);
    assert.deepEqual(await server.drain({ idle: 0 }), { ...NOTHING, idle: 1, unused: 1 });
    await until(() => used.ended && unused.ended);
    assert.deepEqual([used.failed, unused.failed], [undefined, undefined]);
  });

  onWay('the rest is ended at the timeout, and by the signal', async (way) => {
    for (const how of ['timeout', 'signal', 'aborted signal']) {
      const seen = [];
      const server = await way.serve((req) => seen.push(req));
      const client = await way.connect(server);
      client.write(get('/'));
      await until(() => seen.length === 1);
      const controller = new AbortController();
      if (how === 'aborted signal') controller.abort();
      const drained = server.drain(how === 'timeout' ? { timeout: 1 } : { timeout: Infinity, signal: controller.signal });
      if (how === 'signal') {
        await until(() => !server.listening);
        controller.abort();
      }
      assert.deepEqual(await drained, { ...NOTHING, reason: how === 'timeout' ? how : 'signal', cut: 1 }, how);
      assert.equal(seen[0].destroyed, true);
    }
  });

  onWay('an exchange that its peer aborts counts as lost', async (way) => {
    const seen = [];
    const server = await way.serve((req) => seen.push(req));
    const client = await way.connect(server);
    client.write(get('/'));
    await until(() => seen.length === 1);
    const drained = server.drain();
    client.destroy();
    assert.deepEqual(await drained, { ...NOTHING, lost: 1 });
  });

  onWay('a body that is still on its way after its answer is read before the connection closes', async (way) => {
    const server = await way.serve((req, res) => res.end('early'));
    const client = await way.connect(server);
    await until(() => server.stats().connections.open === 1);
    const drained = server.drain();
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n');
    await until(() => client.text.endsWith('early'));
    await new Promise((resolve, reject) => { client.write('x'.repeat(4_000_000), (error) => (error ? reject(error) : resolve())); });
    assert.deepEqual(await drained, { ...NOTHING, answered: 1 });
    await until(() => client.ended);
    assert.equal(client.failed, undefined);
  });

  onWay('upgraded sockets are ended with the exchanges, or waited for', async (way) => {
    for (const upgraded of [false, true]) {
      const sockets = [];
      const server = await way.serve(() => {});
      server.on('upgrade', (req, socket) => {
        sockets.push(socket);
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
        socket.resume();
      });
      const before = await way.connect(server);
      const during = await way.connect(server);
      const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
      before.write(upgrade);
      await until(() => sockets.length === 1 && server.stats().connections.open === 1);
      const drained = server.drain({ upgraded });
      during.write(upgrade);
      if (upgraded) {
        await until(() => sockets.length === 2 && !server.listening);
        for (const socket of sockets) socket.end();
        for (const client of [before, during]) client.end();
      }
      const result = await drained;
      assert.deepEqual(result, { ...NOTHING, [upgraded ? 'upgraded' : 'upgradedCut']: 2 });
    }
  });

  onWay(`${REQUESTS} requests over connections that are kept lose none, while servers drain one after the other`, async (way, t) => {
    const { answered, lost, connections, ends } = await askWhileServersEnd(way, (server) => server.drain({ timeout: 60_000 }));
    const sum = (kind) => ends.reduce((total, { [kind]: count }) => total + count, 0);
    t.diagnostic(`${answered} requests on ${connections} connections, ${lost.length} lost; ${ends.length} servers: ${['answered', 'idle', 'unused'].map((kind) => `${sum(kind)} ${kind}`).join(', ')}`);
    assert.deepEqual([answered, lost], [REQUESTS, []]);
    assert.equal(ends.length, SERVERS);
    for (const { reason, cut, lost: gone, open } of ends) assert.deepEqual({ reason, cut, gone, open }, { reason: 'drained', cut: 0, gone: 0, open: 0 });
    assert.ok(connections > CLIENTS);
  });
}

/** Blocks each turn of the event loop for 30 ms, as a computing program does. @returns {function(): void} ends that */
function slowTurns() {
  let isSlow = true;
  const turn = () => {
    for (const until = performance.now() + 30; performance.now() < until;);
    if (isSlow) setImmediate(turn);
  };
  turn();
  return () => {
    isSlow = false;
  };
}

for (const { kind, count, transports, slow } of [
  { kind: 'however many', count: 200, transports: ['stream', 'native', 'offload'], slow: () => () => {} },
  { kind: 'however long the turns of the event loop take', count: 100, transports: ['native'], slow: slowTurns },
]) {
  test(`connections that wait to be accepted when a server begins to drain are served, ${kind}`, { timeout: 60_000 * SLOWNESS }, async () => {
    for (const transport of transports) {
      const way = new Way(transport);
      try {
        const server = await way.serve((req, res) => res.end('ok'));
        const { port } = server.address();
        // The system completes all of them before this process can accept one.
        const asked = Array.from({ length: count }, () => new Promise((resolve) => {
          const client = net.connect(port, '127.0.0.1', () => client.write(get('/')));
          let text = '';
          client.on('data', (data) => { text += data; }).on('error', ({ code }) => resolve(code)).on('close', () => resolve(text.slice(-2)));
        }));
        await new Promise((resolve) => { setImmediate(resolve); });
        const end = slow();
        const drained = server.drain();
        const answers = await Promise.all(asked).finally(end);
        assert.deepEqual([...new Set(answers)], ['ok'], transport);
        assert.equal((await drained).answered, count);
      } finally {
        await way.close();
      }
    }
  });
}

test('with close() of node:http each of these requests is answered or lost', { timeout: 120_000 }, async (t) => {
  const way = new Way('node');
  try {
    const { answered, lost, connections } = await askWhileServersEnd(way, async (server) => {
      server.close();
      await once(server, 'close');
    });
    t.diagnostic(`${answered + lost.length} requests on ${connections} connections, ${lost.length} lost (${[...new Set(lost)].join(', ')})`);
    assert.equal(answered + lost.length, REQUESTS);
  } finally {
    await way.close();
  }
});

test('a server may be drained twice, listen again, and be drained without listening', { timeout: 20_000 }, async () => {
  const server = http.createServer((req, res) => res.end('ok'));
  assert.deepEqual(await server.drain(), NOTHING);
  for (let n = 0; n < 2; n++) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const agent = new builtin.Agent({ keepAlive: true });
    const [res] = await once(builtin.get({ port: server.address().port, host: '127.0.0.1', agent }), 'response');
    assert.equal(res.headers.connection, 'keep-alive');
    await once(res.resume(), 'end');
    const results = await Promise.all([server.drain({ idle: 0 }), server.drain({ timeout: 1 })]);
    assert.deepEqual(results, [{ ...NOTHING, idle: 1 }, { ...NOTHING, idle: 1 }]);
    agent.destroy();
    assert.equal(server.listenerCount('connection'), 1);
  }
});

test('a stream passed to the server by the program is drained too', { timeout: 20_000 }, async () => {
  const server = http.createServer((req, res) => res.end('ok'));
  const input = new PassThrough();
  const output = new PassThrough();
  const socket = Duplex.from({ readable: input, writable: output });
  server.emit('connection', socket);
  const drained = server.drain();
  input.write(get('/'));
  const chunks = [];
  for await (const chunk of output) chunks.push(chunk);
  assert.match(Buffer.concat(chunks).toString(), /Connection: close[^]*ok$/);
  input.end();
  assert.deepEqual(await drained, { ...NOTHING, answered: 1 });
});

test('invalid options are refused', async () => {
  const server = http.createServer();
  for (const options of [null, 1, { timeout: '1' }, { idle: '1' }, { upgraded: 1 }, { signal: {} }]) {
    await assert.rejects(server.drain(options), { code: 'ERR_INVALID_ARG_TYPE' }, JSON.stringify(options));
  }
  for (const options of [{ timeout: -1 }, { timeout: NaN }, { idle: 0.5 }]) await assert.rejects(server.drain(options), { code: 'ERR_OUT_OF_RANGE' });
  assert.equal(server.listenerCount('connection'), 1);
});

test('an https server drains, and reports a handshake that it could not wait for', { timeout: 20_000 }, async () => {
  const server = https.createServer(TLS, (req, res) => res.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  client.write(get('/'));
  await once(client, 'data');
  const drained = server.drain();
  await until(() => !server.listening);
  client.write(get('/'));
  const [answer] = await once(client, 'data');
  assert.match(answer.toString(), /Connection: close/);
  client.resume();
  assert.deepEqual(await drained, { ...NOTHING, answered: 1 });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const silent = net.connect(server.address().port, '127.0.0.1');
  await once(server, 'connection');
  assert.deepEqual(await server.drain({ timeout: 1 }), { ...NOTHING, reason: 'timeout', open: 1 });
  silent.destroy();
  await once(server, 'close');
});

test('with rust-http/register the servers of the built-in http and https drain', { timeout: 60_000 * SLOWNESS }, () => {
  const program = (key, cert) => {
    const http = require('node:http');
    const servers = [http.createServer((req, res) => res.end('ok')), require('node:https').createServer({ key, cert }, (req, res) => res.end('ok'))];
    for (const [n, server] of servers.entries()) {
      server.listen(0, async () => {
        const client = require(n === 0 ? 'node:net' : 'node:tls').connect({ port: server.address().port, rejectUnauthorized: false });
        client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
        client.once('data', async () => {
          const { idle, reason } = await http.Server.prototype.drain.call(server, { idle: 0 });
          client.destroy();
          process.stdout.write(`${reason} ${idle}\n`);
        });
      });
    }
  };
  const args = ['--require', path.join(__dirname, '../../lib/register.js'), '-e', `(${program})(${JSON.stringify(`${TLS.key}`)}, ${JSON.stringify(`${TLS.cert}`)})`];
  assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: 30_000 * SLOWNESS }), 'drained 1\ndrained 1\n');
});

test('workers of a cluster, and threads, drain', { timeout: 60_000 * SLOWNESS }, () => {
  const program = (lib) => {
    const cluster = require('node:cluster');
    const { Worker, isMainThread, parentPort } = require('node:worker_threads');
    const serve = (ready, drained) => {
      const server = require(lib).createServer((req, res) => res.end('ok')).listen(0, '127.0.0.1', () => ready(server.address().port));
      return async () => {
        const result = server.drain();
        ready();
        drained(await result);
      };
    };
    let client;
    const ask = () => client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const begin = (port, end) => {
      client = require('node:net').connect(port, '127.0.0.1');
      ask();
      client.once('data', () => {
        client.on('data', (data) => console.log(/Connection: (.*)\r/.exec(data)[1]));
        end();
      });
    };
    if (!isMainThread) {
      const drain = serve((port) => parentPort.postMessage({ port }), (result) => parentPort.postMessage({ result }));
      parentPort.once('message', drain);
      return;
    }
    if (cluster.isWorker) {
      const drain = serve((port) => process.send({ port }), (result) => process.send({ result }, () => process.disconnect()));
      process.once('message', drain);
      return;
    }
    const file = process.argv[1];
    const through = (worker, post) => worker.on('message', ({ port, result }) => {
      if (port !== undefined) begin(port, post);
      else if (result === undefined) ask();
      else console.log(result.reason, result.answered, result.lost);
    });
    const worker = cluster.fork();
    through(worker, () => worker.send('drain'));
    worker.on('exit', () => {
      const thread = new Worker(file);
      through(thread, () => thread.postMessage('drain'));
    });
  };
  const directory = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'drain-'));
  const file = path.join(directory, 'program.js');
  fs.writeFileSync(file, `(${program})(${JSON.stringify(path.join(__dirname, '../..'))});`);
  try {
    const printed = execFileSync(process.execPath, [file], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' }, timeout: 40_000 * SLOWNESS });
    assert.deepEqual(printed.split('\n').filter(Boolean).sort(), ['close', 'close', 'drained 1 0', 'drained 1 0']);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});
