'use strict';

// The program under attack, in its own process:   node target.js MODULE [TRANSPORT IOTHREADS]
// Prints its port. It answers every request, reads every body, and for `/ask?PORT` makes a request itself.

const path = require('node:path');

const [name, transport, ioThreads] = process.argv.slice(2);
const http = require(name === 'http' ? 'http' : path.resolve(name));

const big = Buffer.alloc(64 * 1024, 'x');
const CONCURRENT = 50;
let asking = 0;

function ask(port) {
  if (asking >= CONCURRENT) return;
  asking++;
  const done = () => {
    asking--;
    clearTimeout(timer);
  };
  const req = http.get({ port, host: '127.0.0.1', agent: false }, (res) => {
    res.resume();
    res.on('error', () => {});
  });
  // A program that sends requests to strangers sets a timeout.
  const timer = setTimeout(() => req.destroy(), 1000);
  req.on('error', () => {});
  req.on('close', done);
}

const server = http.createServer(transport ? { transport, ioThreads: Number(ioThreads) } : {}, (req, res) => {
  if (req.url.startsWith('/ask?')) ask(Number(req.url.slice(5)));
  req.on('error', () => {});
  req.resume();
  if (req.url === '/big') res.end(big);
  else if (req.method === 'GET') res.end('ok');
  else req.on('end', () => res.end('ok'));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
