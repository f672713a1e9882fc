'use strict';

// The module itself: argv: module of http.

const http = require(process.argv[2]);
const { once } = require('node:events');
const { createHash } = require('node:crypto');
const { Readable, Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const serve = require('./serve');

const mebi = 1024 * 1024;
const pieceLength = 65536;

// Every piece has its own memory, so that waiting pieces are counted.
function* pieces(bytes) {
  for (let left = bytes; left > 0; left -= pieceLength) yield Buffer.alloc(Math.min(left, pieceLength), 'u');
}

// Bytes of buffers still referenced. Garbage is collected first: V8 may hold 30 to 60 MiB of it. The first collection
// frees buffers on another thread; the second waits for that.
function heldBytes() {
  global.gc();
  global.gc();
  return process.memoryUsage().arrayBuffers;
}

// Runs work() and returns its value with the largest growth of held bytes meanwhile, in MiB.
async function watched(work) {
  const start = heldBytes();
  let peak = start;
  const timer = setInterval(() => {
    peak = Math.max(peak, heldBytes());
  }, 5);
  try {
    const value = await work();
    return { value, grownMiB: (peak - start) / mebi };
  } finally {
    clearInterval(timer);
  }
}

// Passes bytes on, and pauses after 10 MiB: a source without backpressure would be far ahead by then.
function hesitating() {
  let passed = 0;
  return new Transform({
    transform(part, encoding, done) {
      const before = passed;
      passed += part.length;
      if (before < 10 * mebi && passed >= 10 * mebi) setTimeout(done, 300, null, part);
      else done(null, part);
    },
  });
}

async function bodyOf(res) {
  const parts = [];
  for await (const part of res) parts.push(part);
  return Buffer.concat(parts);
}

async function get(url, options) {
  const req = http.get(url, options ?? {});
  const [res] = await once(req, 'response');
  return { status: res.statusCode, text: (await bodyOf(res)).toString(), reused: req.reusedSocket };
}

serve(http, {
  get,

  async sequence(url, times) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const reused = [];
    for (let i = 0; i < times; i++) reused.push((await get(url, { agent })).reused);
    agent.destroy();
    return reused;
  },

  async crowd(url, times, maxSockets) {
    const agent = new http.Agent({ keepAlive: true, maxSockets });
    const all = await Promise.all(Array.from({ length: times }, () => get(url, { agent })));
    agent.destroy();
    return all.map((res) => res.status);
  },

  async upload(url, bytes, chunked) {
    const options = { method: 'PUT', headers: chunked ? {} : { 'Content-Length': bytes } };
    return watched(async () => {
      const req = http.request(url, options);
      const response = once(req, 'response');
      await pipeline(Readable.from(pieces(bytes)), req);
      const [res] = await response;
      return JSON.parse(await bodyOf(res));
    });
  },

  async download(url) {
    return watched(async () => {
      const [res] = await once(http.get(url), 'response');
      const hash = createHash('sha256');
      await pipeline(res, hesitating(), hash);
      return hash.digest('hex');
    });
  },

  async timeout(url, ms) {
    const req = http.get(url, { timeout: ms });
    const started = Date.now();
    req.on('timeout', () => req.destroy(new Error('too slow')));
    const [error] = await once(req, 'error');
    return { message: error.message, ms: Date.now() - started };
  },

  async signal(url, ms) {
    const req = http.get(url, { signal: AbortSignal.timeout(ms) });
    const [error] = await once(req, 'error');
    return { name: error.name, code: error.code };
  },

  async destroyInAnswer(url) {
    const req = http.get(url);
    const [res] = await once(req, 'response');
    const events = [];
    for (const name of ['aborted', 'error', 'end', 'close']) res.on(name, (error) => events.push(error?.code ? `${name} ${error.code}` : name));
    res.once('data', () => req.destroy());
    await new Promise((resolve) => res.on('close', resolve));
    return events;
  },
});
