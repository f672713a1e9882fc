'use strict';
// The server of bench/soak.js, in its own process.   node --expose-gc soak-server.js
// Messages: { port } once it listens; then what the process holds, for each 'look', and for 'close' when the server is
// closed.

const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('..');
const { body } = require('./soak-body');

function answer(req, res) {
  const url = new URL(req.url, 'http://soak');
  if (url.pathname === '/digest') {
    const hash = crypto.createHash('sha1');
    req.on('data', (piece) => { hash.update(piece); });
    req.on('end', () => { res.end(hash.digest('hex')); });
    req.on('error', () => {});
    return;
  }
  const bytes = body(Number(url.searchParams.get('seed')), Number(url.searchParams.get('length')));
  if (url.pathname === '/late') setTimeout(() => { res.end(bytes); }, 5);
  else if (url.pathname === '/pieces') pieces(res, bytes);
  else res.end(bytes);
}

function pieces(res, bytes, at = 0) {
  if (at >= bytes.length) {
    res.end();
    return;
  }
  const next = at + 10_000;
  if (res.destroyed) return;
  if (res.write(bytes.subarray(at, next))) setImmediate(pieces, res, bytes, next);
  else res.once('drain', () => { pieces(res, bytes, next); });
}

const server = http.createServer(answer);
server.httpAllowHalfOpen = true;
server.keepAliveTimeout = 2000;
server.on('clientError', (error, socket) => { socket.destroy(); });
server.on('upgrade', (req, socket, head) => {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  if (head.length > 0) socket.write(head);
  socket.pipe(socket);
});

function entries(directory) {
  return fs.existsSync(directory) ? fs.readdirSync(directory).length : 0;
}

function look() {
  global.gc();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return {
    rss: process.memoryUsage.rss(),
    heap: process.memoryUsage().heapUsed,
    descriptors: entries('/proc/self/fd'),
    threads: entries('/proc/self/task'),
    resources,
    stats: server.stats(),
  };
}

process.on('message', (message) => {
  if (message === 'look') process.send(look());
  else if (message === 'close') server.close(() => { process.send(look()); });
  else process.disconnect();
});
process.on('disconnect', () => { process.exit(); });
server.listen(0, '127.0.0.1', 4096, () => { process.send({ port: server.address().port }); });
