'use strict';
// Processes that share a port: the system spreads connections over them, and no process hands them on. Each drains when it ends.
//   node examples/shared-port.js          with threads: node examples/shared-port.js threads

const cluster = require('node:cluster');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const http = require('rust-http');

const COUNT = 2;
const PORT = Number(process.env.PORT ?? 3000);
const name = isMainThread ? `process ${process.pid}` : `thread ${require('node:worker_threads').threadId}`;

function serve() {
  const server = http.createServer((req, res) => res.end(`${name}\n`));
  server.listen({ port: PORT, host: '127.0.0.1', reusePort: true }, () => console.log(`http://127.0.0.1:${PORT}/ by ${name}`));
  return server;
}

function startThreads() {
  const threads = Array.from({ length: COUNT }, () => new Worker(__filename));
  process.once('SIGTERM', () => threads.forEach((thread) => thread.postMessage('drain')));
}

function startProcesses() {
  const workers = Array.from({ length: COUNT }, () => cluster.fork());
  process.once('SIGTERM', () => workers.forEach((worker) => worker.send('drain')));
}

if (!isMainThread) {
  const server = serve();
  parentPort.once('message', () => server.drain());
} else if (cluster.isWorker) {
  const server = serve();
  process.once('message', () => server.drain().then(() => process.disconnect()));
} else if (process.argv[2] === 'threads') {
  startThreads();
} else {
  startProcesses();
}
