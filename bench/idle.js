'use strict';
// Memory of idle keep-alive connections that have had one answer each.   npm run bench:idle -- [CONNECTIONS [BYTES]]
// With BYTES, the request had a body of that many bytes and a head of 12,000. Prints, for node:http and for each
// transport, the bytes per connection: of the process (resident) and of JavaScript's heap; and the time of a request on
// one active connection among them.

const net = require('node:net');
const path = require('node:path');
const { fork } = require('node:child_process');
const { once } = require('node:events');

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n';
const AT_ONCE = 100;
const WAYS = ['node', 'stream', 'native', 'offload'];
const total = Number(process.argv[2] ?? 10_000);
const large = Number(process.argv[3] ?? 0);
const FIRST = large === 0 ? GET : `POST / HTTP/1.1\r\nHost: x\r\n${`X: ${'y'.repeat(115)}\r\n`.repeat(100)}Content-Length: ${large}\r\n\r\n${'z'.repeat(large)}`;

async function connect(port) {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(FIRST);
  await once(socket, 'data');
  return socket;
}

async function look(child) {
  child.send('look');
  return (await once(child, 'message'))[0];
}

// The 99th percentile of the time of a request, in microseconds.
async function active(socket) {
  const times = [];
  for (let n = 0; n < 5000; n++) {
    const start = process.hrtime.bigint();
    socket.write(GET);
    await once(socket, 'data');
    times.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)];
}

async function measure(way) {
  const child = fork(path.join(__dirname, 'idle-server.js'), [way], { execArgv: ['--expose-gc'] });
  const [{ port }] = await once(child, 'message');
  // What the first connections load and compile does not count.
  const sockets = [];
  for (let n = 0; n < AT_ONCE; n++) sockets.push(await connect(port));
  const alone = await active(sockets[0]);
  const before = await look(child);
  for (let n = 0; n < total; n += AT_ONCE) sockets.push(...await Promise.all(Array.from({ length: AT_ONCE }, () => connect(port))));
  const after = await look(child);
  const among = await active(sockets[0]);
  for (const socket of sockets) socket.destroy();
  child.disconnect();
  await once(child, 'exit');
  const each = (name) => (after[name] - before[name]) / total;
  return { way, resident: each('rss'), heap: each('heapUsed'), external: each('external'), alone, among };
}

async function main() {
  const base = [];
  for (const way of WAYS) {
    const { resident, heap, external, alone, among } = await measure(way);
    base.push(resident);
    console.log(`${way}: ${Math.round(resident)} bytes resident per connection (${(resident / base[0]).toFixed(2)}x node), ` +
      `${Math.round(heap)} of the heap, ${Math.round(external)} external; ` +
      `p99 of an active connection ${alone.toFixed(0)} us before, ${among.toFixed(0)} us among ${total} idle ones`);
  }
}

main();
