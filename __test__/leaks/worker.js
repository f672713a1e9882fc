'use strict';
// A thread that serves until it is ended.   new Worker(worker.js, { argv: [MODULE, TRANSPORT] })

const path = require('node:path');
const { parentPort } = require('node:worker_threads');

const [name, transport] = process.argv.slice(2);
const http = require(name === 'node:http' ? name : path.resolve(name));

const server = http.createServer(transport ? { transport } : {}, (req, res) => {
  res.end(req.url);
  if (req.url === '/exit') process.exit();
});
server.listen(0, '127.0.0.1', () => { parentPort.postMessage({ port: server.address().port }); });
