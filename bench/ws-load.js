'use strict';

// Load of WebSocket echoes, without a WebSocket library:  node ws-load.js PORT CONNECTIONS SECONDS
// Each connection has one text message of 64 bytes in flight. Prints a result line like wrk/load.lua.

const net = require('node:net');

const [port, connections, seconds] = process.argv.slice(2).map(Number);
const LENGTH = 64;
const MASK = 0x80;
const head = 'GET / HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
// RFC 6455 section 5.2: a final text frame; its masking key is 0.
const message = Buffer.concat([Buffer.from([0x81, MASK | LENGTH, 0, 0, 0, 0]), Buffer.alloc(LENGTH, 'x')]);
const ANSWER = 2 + LENGTH;

let requests = 0;
let errors = 0;
const samples = [];
const started = performance.now();

function open() {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(head));
  let text = '';
  let bytes = 0;
  let sent = 0;
  const send = () => {
    sent = performance.now();
    socket.write(message);
  };
  socket.on('error', () => errors++);
  socket.on('data', (data) => {
    if (text !== null) {
      text += data.latin1Slice();
      if (!text.includes('\r\n\r\n')) return;
      if (!text.startsWith('HTTP/1.1 101 ')) errors++;
      text = null;
      send();
      return;
    }
    bytes += data.length;
    if (bytes < ANSWER) return;
    bytes -= ANSWER;
    requests++;
    samples.push(performance.now() - sent);
    send();
  });
}

function percentile(sorted, part) {
  return Math.round((sorted[Math.floor(sorted.length * part)] ?? 0) * 1000);
}

function report() {
  const us = Math.round((performance.now() - started) * 1000);
  samples.sort((a, b) => a - b);
  const counts = { requests, us, p50: percentile(samples, 0.5), p99: percentile(samples, 0.99) };
  console.log(`result ${JSON.stringify({ ...counts, status: 0, connect: 0, read: errors, write: 0, timeout: 0 })}`);
  process.exit(0);
}

for (let n = 0; n < connections; n++) open();
setTimeout(report, seconds * 1000);
