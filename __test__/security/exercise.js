'use strict';

// A program that uses every part of the addon, for tools that watch memory: see scripts/valgrind.js. Takes a transport.

const net = require('node:net');
const { once } = require('node:events');
const http = require('../..');
const { REFUSED_REQUESTS, SERVED_REQUESTS } = require('./rows');

async function post(port, agent, length) {
  const req = http.request({ port, agent, method: 'POST', host: '127.0.0.1' });
  req.end('x'.repeat(length));
  const [res] = await once(req, 'response');
  let body = '';
  for await (const chunk of res) body += chunk;
  if (body !== `${length}`) throw new Error(`${length} bytes sent, ${body} seen`);
}

async function raw(port, bytes) {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  // Cut at an odd place.
  socket.write(bytes.slice(0, bytes.length >> 1), 'latin1');
  await new Promise(setImmediate);
  socket.end(bytes.slice(bytes.length >> 1), 'latin1');
  await once(socket, 'close');
}

async function main(transport) {
  const server = http.createServer({ transport }, (req, res) => {
    let length = 0;
    req.on('data', (chunk) => { length += chunk.length; });
    req.on('error', () => {});
    req.on('end', () => {
      res.setHeader('X', 'y');
      res.write('');
      res.end(String(length));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true });
  for (let n = 0; n < 20; n++) await post(port, agent, n * 100);
  await post(port, agent, 300_000);
  await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(50));
  for (const [, bytes] of [...REFUSED_REQUESTS, ...SERVED_REQUESTS]) await raw(port, bytes);
  agent.destroy();
  server.close();
  await once(server, 'close');
  console.log('done');
}

main(process.argv[2]);
