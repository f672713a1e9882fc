'use strict';

// How program blocks of the documents are run: the key is a line of the block. `answer` is the answer to a GET of /
// from the server it starts (a preload moves it to a free port); `prints` is its output before it ends by itself,
// `unix` why that differs on Windows.

const PROGRAMS = {
  'http.createServer((req, res) => {': { answer: '200 Hello World\n' },
  'const agent = new http.Agent({ keepAlive: true });': { prints: /^1 request on 1 connection, 1\d\d bytes of answer$/m },
  'const server = http.createServer({ strict: true }, (req, res) => res.end(\'served\'));': { prints: /^refused with HPE_STRICT_HOST$/m },
  'console.log(\'connections are read by\', server.transport);': { prints: /^connections are read by stream$/m },
  'const sent = new http.Agent({ keepAlive: true, transport: \'native\' });': { prints: /^sent 1 and served 1$/m },
  'const fresh = new http.Agent({ keepAlive: true, maxRequestsPerSocket: 2 });': { prints: /^4 requests on 2 connections$/m },
  'const patient = new http.Agent({ keepAlive: true, retries: 2 });': { prints: /^2 connections for 2 requests, 1 sent again$/m },
  'const behind = http.createServer({ proxyProtocol: { trusted: [\'127.0.0.1\'] } }, ({ socket }, res) => {': { unix: 'the core cannot look at what a socket has received there', prints: /^a client at 203\.0\.113\.7 has come to 192\.0\.2\.1$/m },
  'const healthy = http.createServer((req, res) => res.end(\'from the handler\'));': { prints: /^status 200 and 1 fixed answer$/m },
  'const guarded = http.createServer({': { prints: /^status 413 and 1 body refused$/m },
  'const draining = http.createServer((req, res) => {': { prints: /^connection: close\ndrained behind 1 answer$/m },
  'const timed = http.createServer({ timing: true }, (req, res) => {': {
    prints: /^the server has reached accepted, head, body, answered, flushed\nthe request has reached queue, connect, sent, firstByte, done$/m,
  },
  'channel(\'rust-http.server.timings\').subscribe(({ request, timings }) => {': { prints: /^\/page: flushed in time\n\/page: 200 without TLS$/m },
  'const { Worker, isMainThread, parentPort, workerData } = require(\'node:worker_threads\');': { unix: 'ports are shared on Linux and its like', prints: /^both listen to one port$/m },
  'const started = new WeakMap();': { prints: /^GET \/page 200 in no time$/m },
};

module.exports = { PROGRAMS };
