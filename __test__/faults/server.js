'use strict';
// A server whose system calls fail: node server.js TRANSPORT. 'node' is the built-in's. Reports its port and, at the
// end of its input, how many more descriptors it has than at the start.

const { readdirSync, writeFileSync } = require('node:fs');
const { get } = require('node:http');
const [transport] = process.argv.slice(2);
const http = transport === 'node' ? require('node:http') : require('../../lib');

const body = 'x'.repeat(3000);
const gate = () => writeFileSync(process.env.FAULT_GATE, '');
const descriptors = () => readdirSync('/proc/self/fd').length;

// The core asks for another edge if bytes have come while nothing was read.
function pauseOnce(req) {
  req.once('data', () => {
    req.pause();
    setTimeout(() => req.resume(), 10);
  });
}

const server = http.createServer({ transport }, (req, res) => {
  let size = 0;
  req.on('data', (data) => { size += data.length; });
  if (process.env.FAULT_CALL === 'epoll_ctl_mod') pauseOnce(req);
  req.on('end', () => { res.end(`${size} ${body}`); });
  req.on('error', () => {});
});
server.keepAliveTimeout = 60_000;
const counts = { before: 0, opened: 0, closed: 0, errors: [] };
server.on('error', ({ syscall, code }) => counts.errors.push(`${syscall} ${code}`));
if (process.env.FAULT_CALL === 'thread') gate();

function begin() {
  server.on('connection', (socket) => {
    counts.opened++;
    socket.on('close', () => { counts.closed++; });
  });
  counts.before = descriptors();
  gate();
  process.send({ port: server.address().port });
}

server.listen(0, '127.0.0.1', () => {
  // What a thread opens with its first connection, it keeps.
  server.once('connection', (socket) => socket.on('close', () => setTimeout(begin, 100)));
  get({ port: server.address().port, host: '127.0.0.1', agent: false }, (res) => res.resume());
});
process.on('message', () => {
  server.close();
  server.closeAllConnections();
  // Closed descriptors return to the system in the following turns.
  setTimeout(() => process.send({ ...counts, after: descriptors() }, () => process.exit()), 100);
});
