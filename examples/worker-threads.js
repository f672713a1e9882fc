'use strict';
// A server in each of several threads of one process, each on its own port; the first one also reports what all have
// done.
//   node examples/worker-threads.js

const { once } = require('node:events');
const { Worker, isMainThread, parentPort, threadId } = require('node:worker_threads');
const http = require('rust-http');

const THREADS = 3;

function listen(server, port) {
  server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/ by thread ${threadId}`));
}

async function requestsOf(worker) {
  worker.postMessage('stats');
  const [stats] = await once(worker, 'message');
  return stats.requests;
}

if (isMainThread) {
  const workers = Array.from({ length: THREADS }, () => new Worker(__filename));
  listen(http.createServer(async (req, res) => {
    const requests = await Promise.all(workers.map(requestsOf));
    res.end(`${JSON.stringify(requests)}\n`);
  }), process.env.PORT ?? 3000);
} else {
  const server = http.createServer((req, res) => {
    res.end(`${threadId}\n`);
  });
  parentPort.on('message', () => parentPort.postMessage(server.stats()));
  listen(server, 0);
}
