'use strict';
// Everything at once on one server, with every body compared.   npm run bench:soak -- [SECONDS]
// At the end it prints what the server's process held after warming up, at the end, and after its server was closed.
// Exits 1 if a byte was lost or exchanged, if a descriptor, a thread or a handle was left over, or if memory grew.

const crypto = require('node:crypto');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { fork } = require('node:child_process');
const { once } = require('node:events');
const ours = require('..');
const { body } = require('./soak-body');

const seconds = Number(process.argv[2] ?? 60);
const WORKERS_PER_KIND = 4;
/** Resident bytes that the end may have more than after warming up: they come and go with the allocator. */
const RSS_SLACK = 48 << 20;
/** Milliseconds without progress after which an exchange has failed. */
const STUCK = 20_000;

const counts = {};
const failures = [];
let port;
let ended = false;
const keepAlive = new http.Agent({ keepAlive: true, maxSockets: WORKERS_PER_KIND * 2, timeout: STUCK });
const closing = new http.Agent({ keepAlive: false });
const oursKeepAlive = new ours.Agent({ keepAlive: true, maxSockets: WORKERS_PER_KIND * 2, timeout: STUCK });

const random = (limit) => Math.floor(Math.random() * limit);
// Most bodies are small, some large.
const size = () => (random(10) === 0 ? random(1 << 20) : random(4000));
const pass = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

function expectBytes(what, got, wanted) {
  if (!got.equals(wanted)) throw new Error(`${what}: ${got.length} bytes for ${wanted.length}, or others`);
}

async function request(options, upload) {
  const client = options.agent === oursKeepAlive ? ours : http;
  const req = client.request({ port, host: '127.0.0.1', ...options });
  req.end(upload);
  const [res] = await once(req, 'response');
  const parts = [];
  for await (const part of res) parts.push(part);
  return Buffer.concat(parts);
}

const PATHS = ['/now', '/late', '/pieces'];

async function get(agent) {
  const seed = random(1e9);
  const length = size();
  const way = PATHS[random(PATHS.length)];
  expectBytes(way, await request({ agent, path: `${way}?seed=${seed}&length=${length}` }), body(seed, length));
}

async function upload(agent) {
  const bytes = body(random(1e9), size());
  const headers = random(2) ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': bytes.length };
  const digest = await request({ agent, path: '/digest', method: 'POST', headers }, bytes);
  if (String(digest) !== crypto.createHash('sha1').update(bytes).digest('hex')) throw new Error('upload: another digest');
}

async function abort() {
  const socket = await open();
  const kind = random(3);
  if (kind === 0) socket.write('POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc');
  else if (kind === 1) socket.write(`GET /pieces?seed=1&length=${1 << 20} HTTP/1.1\r\nHost: x\r\n\r\n`);
  else socket.write('GET /now?seed=1&length=10 HTTP/1.1\r\nHo');
  await pass(random(10));
  if (random(2)) socket.resetAndDestroy();
  else socket.destroy();
}

async function open() {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.setTimeout(STUCK, () => { socket.destroy(new Error('stuck')); });
  await once(socket, 'connect');
  return socket;
}

async function readAll(socket) {
  const parts = [];
  for await (const part of socket) parts.push(part);
  return Buffer.concat(parts);
}

// The bodies of successive responses with Content-Length.
function bodiesOf(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n\r\n', at) + 4;
    const length = Number(/content-length: (\d+)/i.exec(bytes.toString('latin1', at, end))[1]);
    found.push(bytes.subarray(end, end + length));
    at = end + length;
  }
  return found;
}

async function pipelined() {
  const socket = await open();
  const wanted = Array.from({ length: 1 + random(40) }, () => ({ seed: random(1e9), length: random(3000) }));
  const text = wanted.map(({ seed, length }) => `GET ${PATHS[random(2)]}?seed=${seed}&length=${length} HTTP/1.1\r\nHost: x\r\n\r\n`).join('');
  // Cut anywhere.
  const cut = random(text.length);
  socket.write(text.slice(0, cut));
  await pass(random(3));
  // Half-open: the end of the requests comes before the answers.
  socket.end(text.slice(cut));
  const got = bodiesOf(await readAll(socket));
  if (got.length !== wanted.length) throw new Error(`pipelined: ${got.length} answers for ${wanted.length}`);
  got.forEach((bytes, n) => { expectBytes('pipelined', bytes, body(wanted[n].seed, wanted[n].length)); });
}

async function slow() {
  const socket = await open();
  const seed = random(1e9);
  const length = 200_000 + random(2_000_000);
  socket.write(`GET /now?seed=${seed}&length=${length} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const parts = [];
  for await (const part of socket) {
    parts.push(part);
    if (random(4) === 0) await pass(2);
  }
  socket.end();
  expectBytes('slow', bodiesOf(Buffer.concat(parts))[0], body(seed, length));
}

async function upgrade() {
  const socket = await open();
  const bytes = body(random(1e9), random(100_000));
  const cut = random(bytes.length + 1);
  socket.write(Buffer.concat([Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'), bytes.subarray(0, cut)]));
  await pass(random(3));
  socket.end(bytes.subarray(cut));
  const all = await readAll(socket);
  expectBytes('upgrade', all.subarray(all.indexOf('\r\n\r\n') + 4), bytes);
}

const KINDS = {
  keepAlive: () => get(keepAlive), oursKeepAlive: () => get(oursKeepAlive), close: () => get(closing),
  upload: () => upload(keepAlive), oursUpload: () => upload(oursKeepAlive), abort, pipelined, slow, upgrade,
};

async function work(name) {
  while (!ended && failures.length < 10) {
    try {
      await KINDS[name]();
      counts[name] = (counts[name] ?? 0) + 1;
    } catch (error) {
      failures.push(`${name}: ${error.stack}`);
    }
  }
}

async function main() {
  const child = fork(path.join(__dirname, 'soak-server.js'), { execArgv: ['--expose-gc'] });
  child.on('exit', (code, signal) => {
    if (ended && code === 0) return;
    console.log(`FAILED the server's process has ended: ${signal ?? code}; exchanges: ${JSON.stringify(counts)}`);
    process.exit(1);
  });
  [{ port }] = await once(child, 'message');
  const look = async (message = 'look') => {
    child.send(message);
    return (await once(child, 'message'))[0];
  };
  const start = await look();
  const workers = Object.keys(KINDS).flatMap((name) => Array.from({ length: WORKERS_PER_KIND }, () => work(name)));
  await pass(seconds * 300);
  const warm = await look();
  await pass(seconds * 700);
  ended = true;
  await Promise.all(workers);
  keepAlive.destroy();
  oursKeepAlive.destroy();
  // Idle connections run into keepAliveTimeout.
  await pass(4000);
  const end = await look();
  const closed = await look('close');
  child.send('end');

  const count = (of) => Object.values(of.resources).reduce((sum, n) => sum + n, 0);
  console.log(`exchanges: ${JSON.stringify(counts)}`);
  console.log(`connections: ${JSON.stringify(end.stats)}`);
  console.log(`our client's: ${JSON.stringify(oursKeepAlive.stats())}`);
  for (const [name, of] of Object.entries({ start, 'warmed up': warm, end, closed })) {
    console.log(`${name}: ${(of.rss / 1e6).toFixed(1)} MB resident, ${(of.heap / 1e6).toFixed(1)} MB heap, ` +
      `${of.descriptors} descriptors, ${of.threads} threads, resources ${JSON.stringify(of.resources)}`);
  }
  // The listener is gone; node may have opened one more for itself.
  if (closed.descriptors > start.descriptors) failures.push('descriptors were left open');
  if (closed.threads > start.threads) failures.push('threads were left over');
  if (count(end) > count(start) + 1) failures.push('handles were left over');
  if (end.rss > warm.rss + RSS_SLACK) failures.push('memory grew');
  if (end.stats.open !== 0) failures.push(`${end.stats.open} connections are still attached`);
  for (const failure of failures) console.log(`FAILED ${failure}`);
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  console.log(`${total} exchanges, ${failures.length} failures`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

main();
