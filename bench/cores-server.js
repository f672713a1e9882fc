'use strict';

// A server on several cores:  node cores-server.js MODULE WAY COUNT     prints its port, ends with its standard input
// WAY is 'one'; 'cluster', whose primary accepts and hands connections out in turn; 'shared processes' or 'shared
// threads', each of which listens on the port itself.

const cluster = require('node:cluster');
const net = require('node:net');
const { Worker, isMainThread, workerData } = require('node:worker_threads');

const [module_, way, count] = isMainThread ? process.argv.slice(2) : workerData;
function serve(port) {
  const server = require(module_).createServer((req, res) => res.end('Hello World\n'));
  return new Promise((resolve) => {
    server.listen({ port, host: '127.0.0.1', backlog: 1024, reusePort: way.startsWith('shared') }, () => resolve(server.address().port));
  });
}

// Finds a free port.
function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function main() {
  if (!isMainThread || cluster.isWorker) {
    const port = await serve(isMainThread ? Number(process.env.CORES_PORT) : workerData.at(-1));
    if (isMainThread) process.send(port);
    else require('node:worker_threads').parentPort.postMessage(port);
    return;
  }
  let port;
  if (way === 'one') {
    port = await serve(0);
  } else {
    port = await freePort();
    const workers = Array.from({ length: Number(count) }, () => (way === 'shared threads' ?
      new Worker(__filename, { workerData: [module_, way, count, port] }) :
      cluster.fork({ CORES_PORT: port })));
    await Promise.all(workers.map((worker) => new Promise((resolve) => { worker.once('message', resolve); })));
  }
  console.log(`port ${port}`);
  process.stdin.on('end', () => process.exit(0));
  process.stdin.resume();
}

main();
