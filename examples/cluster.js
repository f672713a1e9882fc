'use strict';
// Processes that share a port; one that dies is replaced.   node examples/cluster.js

const cluster = require('node:cluster');
const http = require('rust-http');

const WORKERS = 2;

if (cluster.isPrimary) {
  for (let n = 0; n < WORKERS; n++) cluster.fork();
  cluster.on('exit', (worker) => {
    if (!worker.exitedAfterDisconnect) cluster.fork();
  });
  cluster.on('listening', (worker, { port }) => console.log(`http://127.0.0.1:${port}/ by process ${worker.process.pid}`));
  process.once('SIGTERM', () => cluster.disconnect());
} else {
  const server = http.createServer((req, res) => {
    res.end(`${process.pid}\n`);
  });
  server.listen(process.env.PORT ?? 3000, '127.0.0.1');
}
