'use strict';
// listen({ reusePort: true }): on every line as in node since 22.12 and 23.1.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const { once } = require('node:events');
const path = require('node:path');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { get, testsOn, until } = require('../transport/ways');
const { SLOWNESS } = require('../support/slowness');

const TLS = Object.fromEntries(['key', 'cert'].map((name) => [name, fs.readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`))]));
const skip = process.platform !== 'linux' && 'connections are spread on Linux and its like';
const hasV6 = Object.values(os.networkInterfaces()).flat().some(({ address }) => address === '::1');

/** Makes a server listen. @returns {Promise<net.Server>} rejected with its error */
async function listening(server, ...args) {
  server.listen(...args);
  await once(server, 'listening');
  return server;
}

const makers = { http: () => http.createServer((req, res) => res.end('ok')), https: () => https.createServer(TLS, (req, res) => res.end('ok')) };

for (const [name, make] of Object.entries(makers)) {
  test(`servers of ${name} share a port with servers that set the option, and with no others`, { skip, timeout: 20_000 }, async (t) => {
    const servers = [];
    t.after(() => servers.forEach((server) => server.close()));
    const open = async (options) => {
      const server = await listening(make(), options);
      servers.push(server);
      return server.address();
    };
    for (const host of [undefined, '127.0.0.1', 'localhost', ...(hasV6 ? ['::1'] : [])]) {
      const { port, address, family } = await open({ port: 0, host, reusePort: true });
      assert.deepEqual(await open({ port, host, reusePort: true }), { port, address, family });
      assert.deepEqual(await open({ port: `${port}`, host, reusePort: true, backlog: 5 }), { port, address, family });
      if (host === undefined) assert.equal(address, hasV6 ? '::' : '0.0.0.0');
      else if (net.isIP(host)) assert.equal(address, host);
      // One that does not set it, or sets it otherwise.
      for (const reusePort of [undefined, false, 1, 'true']) {
        await assert.rejects(open({ port, host, reusePort }), ({ code, errno, syscall, port: told, message, address: at }) => {
          assert.deepEqual({ code, syscall, told, at }, { code: 'EADDRINUSE', syscall: 'listen', told: port, at: address });
          assert.equal(message, `listen EADDRINUSE: address already in use ${address}:${port}`);
          return errno === -os.constants.errno.EADDRINUSE;
        });
      }
    }
  });
}

test('a port of a socket that does not share it is in use, and an address of another machine is not available', { skip, timeout: 20_000 }, async (t) => {
  const owner = await listening(net.createServer(), 0, '127.0.0.1');
  t.after(() => owner.close());
  const { port } = owner.address();
  await assert.rejects(listening(makers.http(), { port, host: '127.0.0.1', reusePort: true }), { code: 'EADDRINUSE', address: '127.0.0.1', port, syscall: 'listen' });
  await assert.rejects(listening(makers.http(), { port: 0, host: '203.0.113.1', reusePort: true }), { code: 'EADDRNOTAVAIL', message: 'listen EADDRNOTAVAIL: address not available 203.0.113.1' });
  await assert.rejects(listening(makers.http(), { port: 0, host: 'no.invalid', reusePort: true }), { syscall: 'getaddrinfo', hostname: 'no.invalid' });
});

test('a server on IPv6 only leaves IPv4 to others', { skip: skip || (!hasV6 && 'there is no IPv6'), timeout: 20_000 }, async (t) => {
  const six = await listening(makers.http(), { port: 0, host: '::', ipv6Only: true, reusePort: true });
  t.after(() => six.close());
  const { port } = six.address();
  const four = await listening(makers.http(), { port, host: '0.0.0.0', reusePort: true });
  four.close();
});

test('an invalid port, host or signal is refused as usual, and so is a second listen()', { timeout: 20_000 }, async (t) => {
  for (const [options, code] of [
    [{ port: 70_000 }, 'ERR_SOCKET_BAD_PORT'], [{ port: 'x' }, 'ERR_SOCKET_BAD_PORT'], [{}, 'ERR_INVALID_ARG_VALUE'], [{ port: 0, host: 5 }, 'ERR_INVALID_ARG_TYPE'],
    [{ port: 0, signal: {} }, 'ERR_INVALID_ARG_TYPE'],
  ]) {
    assert.throws(() => makers.http().listen({ ...options, reusePort: true }), { code }, JSON.stringify(options));
  }
  if (skip) return;
  const server = await listening(makers.http(), { port: 0, reusePort: true });
  t.after(() => server.close());
  assert.throws(() => server.listen({ port: 0, reusePort: true }), { code: 'ERR_SERVER_ALREADY_LISTEN' });
});

test('the callback is called, a signal ends the server, and it can listen again', { skip, timeout: 20_000 }, async () => {
  const server = makers.http();
  for (const when of ['before', 'behind']) {
    const controller = new AbortController();
    if (when === 'before') controller.abort();
    const closed = once(server, 'close');
    const called = new Promise((resolve) => { server.listen({ port: 0, host: '127.0.0.1', reusePort: true, signal: controller.signal }, resolve); });
    if (when === 'behind') {
      await called;
      assert.equal(server.listening, true);
      controller.abort();
    }
    await closed;
  }
  assert.equal(await new Promise((resolve) => { const same = server.listen({ port: 0, reusePort: true }, () => resolve(same)); }), server);
  server.close();
  await once(server, 'close');
});

test('listening on a path or a descriptor works as usual', { skip, timeout: 20_000 }, async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'shared-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'socket');
  const server = await listening(makers.http(), { path: file, reusePort: true });
  assert.equal(server.address(), file);
  server.close();
});

for (const name of ['stream', 'native', 'offload']) {
  testsOn(name, 20_000)('connections are spread over the servers of a port, and served', async (way) => {
    if (skip) return;
    const counts = new Map();
    const serve = async (port) => {
      const server = way.create((req, res) => {
        counts.set(server, (counts.get(server) ?? 0) + 1);
        res.end('ok');
      });
      return listening(server, { port, host: '127.0.0.1', reusePort: true });
    };
    const first = await serve(0);
    const second = await serve(first.address().port);
    // The system chooses which of them gets a connection: 64 to one of two has a chance of one in 2^63.
    const clients = await Promise.all(Array.from({ length: 64 }, () => way.connect(first)));
    for (const client of clients) client.write(get('/'));
    await until(() => clients.every(({ text }) => text.endsWith('ok')));
    assert.equal(counts.size, 2);
    assert.equal(counts.get(first) + counts.get(second), 64);
    assert.equal(first.transport, name);
  });
}

test('workers of a cluster, and threads, each listen to the port themselves', { skip, timeout: 60_000 * SLOWNESS }, () => {
  const program = (lib) => {
    const cluster = require('node:cluster');
    const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
    const listen = (port, told) => {
      const server = require(lib).createServer((req, res) => res.end()).on('error', ({ code }) => told(code));
      server.listen({ port, host: '127.0.0.1', reusePort: true }, () => told(server.address().port));
    };
    if (!isMainThread) return listen(workerData, (port) => parentPort.postMessage(port));
    if (cluster.isWorker) return listen(Number(process.env.SHARED), (port) => process.send(port));
    const probe = require('node:net').createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(async () => {
        const told = (worker) => new Promise((resolve) => { worker.on('message', resolve); });
        const threads = [1, 2].map(() => new Worker(process.argv[1], { workerData: port }));
        const workers = [1, 2].map(() => cluster.fork({ SHARED: port }));
        let shared = 0;
        // The primary would report what it opens for them.
        cluster.on('listening', () => { shared++; });
        const ports = await Promise.all([...threads, ...workers].map(told));
        console.log(ports.every((each) => each === port), shared);
        process.exit();
      });
    });
  };
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'shared-'));
  const file = path.join(directory, 'program.js');
  fs.writeFileSync(file, `(${program})(${JSON.stringify(path.join(__dirname, '../..'))});`);
  try {
    assert.equal(execFileSync(process.execPath, [file], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' }, timeout: 40_000 * SLOWNESS }), 'true 0\n');
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

test('a Node that has the option keeps its own listen()', () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isNodes = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
  for (const { Server } of [http, https]) {
    assert.equal(Object.hasOwn(Server.prototype, 'listen'), !isNodes);
  }
});
