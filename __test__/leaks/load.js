'use strict';
// A program that serves its own requests, in every way a connection can go, and reports what it holds meanwhile.
//   node --expose-gc load.js MODULE REQUESTS [TRANSPORT]
// Prints a line of JSON: what it held after each eighth of the requests, garbage collected, and at the end with
// everything closed.

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { once } = require('node:events');

const [name, requests, transport] = process.argv.slice(2);
const isOurs = name !== 'node:http';
const http = require(isOurs ? path.resolve(name) : name);
const CONCURRENT = 16;
const LOOKS = 8;

const agent = new http.Agent({ keepAlive: true, maxSockets: CONCURRENT, ...(transport && transport !== 'offload' && { transport }) });
const upload = Buffer.alloc(3000, 'u');
let port;

function get(options, body) {
  return new Promise((resolve, reject) => {
    const req = http.request({ port, host: '127.0.0.1', agent, ...options }, (res) => {
      let length = 0;
      res.on('data', (piece) => { length += piece.length; });
      res.on('end', () => resolve(length));
      res.on('error', reject);
    });
    req.on('error', reject);
    req.end(body);
  });
}

async function expect(length, options, body) {
  const got = await get(options, body);
  if (got !== length) throw new Error(`${JSON.stringify(options)}: ${got} bytes for ${length}`);
}

// Sends bytes on a new connection. Resolves when it is closed: by the server, or, with `givesUp`, by this side at once.
function raw(text, givesUp) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(text);
      if (givesUp) setImmediate(() => socket.destroy());
    });
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', resolve);
  });
}

/** One of each ten requests. */
const KINDS = [
  () => expect(5, { path: '/hello' }),
  () => expect(5, { path: '/hello', headers: { 'X-A': 'b', 'Cookie': 'c=d' } }),
  () => expect(200, { path: '/pieces' }),
  () => expect(3000, { path: '/echo', method: 'POST' }, upload),
  () => expect(3000, { path: '/echo', method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } }, upload),
  () => expect(5, { path: '/hello', agent: false }),
  () => raw('GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  () => raw('GET / HTTP/1.1\r\nHost: a\r\nno field\r\n\r\n'),
  () => raw('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\nabc', true),
  () => get({ path: '/broken' }).then(() => { throw new Error('a broken answer came whole'); }, () => {}),
];

const server = http.createServer(transport ? { transport } : {}, (req, res) => {
  req.on('error', () => {});
  if (req.url === '/echo') {
    req.pipe(res);
  } else if (req.url === '/pieces') {
    res.write('p'.repeat(100));
    setImmediate(() => res.end('q'.repeat(100)));
  } else if (req.url === '/broken') {
    res.write('x', () => res.destroy());
  } else {
    res.end('hello');
  }
});

// But those of devices: with its first connections libuv, and OpenSSL on 20.9, keep one.
function openDescriptors() {
  if (process.platform === 'win32' || !fs.existsSync('/proc/self/fd')) return 0;
  return fs.readdirSync('/proc/self/fd').filter((number) => {
    try {
      return !fs.readlinkSync(`/proc/self/fd/${number}`).startsWith('/dev/');
    } catch {
      // That of the directory itself.
      return false;
    }
  }).length;
}

async function look() {
  // Finalizers run in tasks, and what they release is garbage for the next collection.
  for (let n = 0; n < 3; n++) {
    global.gc();
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  const { heapUsed, rss, external } = process.memoryUsage();
  const parsers = isOurs ? require('../../lib/native/addon').parserCount() - require('../../lib/message/parsers').parsers.list.length : 0;
  const attached = isOurs ? require('../../lib/transport/drivers').attachedCount() : 0;
  return { heapUsed, external, rss, descriptors: openDescriptors(), parsers, attached };
}

async function main() {
  const start = await look();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ port } = server.address());
  const looks = [];
  const total = Number(requests);
  let begun = 0;
  for (let n = 1; n <= LOOKS; n++) {
    const work = async () => {
      while (begun < total * n / LOOKS) await KINDS[begun++ % KINDS.length]();
    };
    await Promise.all(Array.from({ length: CONCURRENT }, work));
    looks.push(await look());
  }
  agent.destroy();
  server.close();
  await once(server, 'close');
  // The other ends of destroyed sockets.
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  console.log(JSON.stringify({ start, looks, end: await look() }));
}

main();
