'use strict';
// TLS sockets are read into the shared buffer like plain ones: other readers of the socket see what they would see on
// node's.

const assert = require('node:assert');
const builtin = require('node:https');
const tls = require('node:tls');
const test = require('node:test');
const { once } = require('node:events');
const ours = require('../../lib/https');
const keys = require('../client/certificate');
const { until } = require('../transport/ways');

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const UPGRADE = 'GET /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
const LENGTH = 300_000;

function post(body) {
  return `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

// Runs a scenario with node's server and ours; both must show the same.
function both(name, scenario) {
  test(name, { timeout: 60_000 }, async () => {
    const results = [];
    for (const https of [builtin, ours]) {
      const server = https.createServer(keys);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = tls.connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false });
      client.text = '';
      client.setEncoding('latin1').on('data', (data) => { client.text += data; }).on('error', () => {});
      await once(client, 'secureConnect');
      results.push(await scenario(server, client));
      client.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
    assert.deepStrictEqual(results[1], results[0]);
  });
}

both('pieces of bodies keep their bytes while others are read, and each is of memory of its own', async (server, client) => {
  const kept = [];
  server.on('request', (req, res) => {
    req.on('data', (piece) => kept.push(piece)).on('end', () => res.end('done'));
  });
  for (const letter of ['a', 'b', 'c']) client.write(post(letter.repeat(LENGTH)));
  await until(() => client.text.split('done').length === 4);
  for (const piece of kept) assert.ok(piece.byteOffset + piece.length <= piece.buffer.byteLength && !(piece.buffer instanceof SharedArrayBuffer));
  return Buffer.concat(kept).toString();
});

both("a listener of 'data' sees all that comes behind it", async (server, client) => {
  let seen = '';
  server.on('request', (req, res) => {
    if (req.socket.listenerCount('data') < 2) req.socket.on('data', (data) => { seen += data; });
    req.resume().on('end', () => res.end('done'));
  });
  client.write(GET);
  await until(() => client.text.split('done').length === 2);
  client.write(post('x'.repeat(LENGTH)));
  await until(() => client.text.split('done').length === 3);
  return seen;
});

for (const how of ['data', 'readable', 'paused first']) {
  both(`an upgrade gets every byte in order (${how})`, async (server, client) => {
    let seen = '';
    let ended = false;
    let counts;
    server.on('upgrade', (req, socket, head) => {
      seen += head;
      socket.on('end', () => {
        ended = true;
        counts = [socket.bytesRead > LENGTH, socket.readableEnded];
        socket.end();
      });
      if (how === 'readable') {
        socket.on('readable', () => {
          for (let data = socket.read(); data !== null; data = socket.read()) seen += data;
        });
        return;
      }
      if (how === 'paused first') {
        socket.pause();
        setTimeout(() => socket.resume(), 100);
      }
      socket.on('data', (data) => { seen += data; });
    });
    const text = Array.from({ length: LENGTH / 10 }, (_, n) => String(n).padStart(10)).join('');
    client.write(`${UPGRADE}abc`);
    client.write(text);
    client.end();
    await until(() => ended);
    return [seen === `abc${text}`, counts];
  });
}

both('a socket that is paused by its program reads on when it is resumed', async (server, client) => {
  let requests = 0;
  server.on('request', (req, res) => {
    requests++;
    req.socket.pause();
    setTimeout(() => {
      res.end('done');
      req.socket.resume();
    }, 20);
  });
  client.write(GET);
  await until(() => client.text.split('done').length === 2);
  client.write(GET);
  await until(() => client.text.split('done').length === 3);
  return requests;
});

both('pipelined requests that are answered at once are all answered, and end in their order', async (server, client) => {
  const ended = [];
  server.on('request', (req, res) => {
    if (req.url === '/') ended.push(req, res);
    res.setHeader('Content-Length', 4);
    res.end(req.url.padEnd(4));
  });
  const COUNT = 8;
  client.write(GET.repeat(COUNT) + GET.replace('/', '/x'));
  await until(() => client.text.endsWith('/x  '));
  await until(() => ended.every(({ closed, destroyed }) => closed !== false && destroyed));
  return [client.text.split('/   ').length, ended.length];
});
