'use strict';
// Code that takes a socket over below its streams gets all of it: nothing else reads a byte of what follows.

const assert = require('node:assert');
const http2 = require('node:http2');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { createHash, randomBytes } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const { everyWay, pass, until } = require('./ways');
const { sendUrgent, unavailable } = require('../support/native');

const [key, cert] = ['key', 'cert'].map((name) => readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`)));
const SWITCH = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n';
const SIZE = 1_000_000;

const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');

// A handler that answers 101 and keeps the socket from then on; `delay` of a turn or more before it takes it over.
function switching(takeOver, delay) {
  return (req, res) => {
    const { socket } = req;
    res.writeHead(101, { Connection: 'Upgrade', Upgrade: 'other' });
    res.flushHeaders();
    res.detachSocket(socket);
    if (delay === 0) takeOver(socket);
    else setTimeout(takeOver, delay, socket);
  };
}

/** Sends a request, and waits for 101. @returns {net.Socket} without listeners of ours */
async function switched(way, server) {
  const client = net.connect({ port: server.address().port, host: '127.0.0.1', noDelay: true });
  client.on('error', () => {});
  way.clients.push(client);
  client.write(SWITCH);
  const data = await new Promise((resolve) => { client.once('data', resolve); });
  client.pause();
  assert.match(data.toString(), /^HTTP\/1.1 101/);
  // The code that takes over may have sent something already.
  const end = data.indexOf('\r\n\r\n') + 4;
  if (end < data.length) client.unshift(data.subarray(end));
  return client;
}

for (const delay of [0, 20]) {
  everyWay(`TLS over the socket of a request, begun ${delay === 0 ? 'in its handler' : 'later'}, is intact both ways`, async (way) => {
    const body = randomBytes(SIZE);
    const server = await way.serve(switching((socket) => {
      const secure = new tls.TLSSocket(socket, { isServer: true, key, cert });
      secure.on('error', () => {});
      const pieces = [];
      let length = 0;
      secure.on('data', (data) => {
        pieces.push(data);
        length += data.length;
        if (length === SIZE) secure.end(Buffer.concat(pieces));
      });
    }, delay));
    server.on('clientError', (error, socket) => socket.destroy());
    const client = await switched(way, server);
    // A TLS client speaks first: not before its peer listens, or node itself gives the bytes to the parser.
    await pass(delay * 2);
    const secure = tls.connect({ socket: client, rejectUnauthorized: false }, () => secure.write(body));
    const pieces = [];
    let failed;
    secure.on('data', (data) => pieces.push(data));
    secure.on('error', (error) => { failed = error.code; });
    await until(() => failed || Buffer.concat(pieces).length === SIZE);
    secure.destroy();
    return [failed, md5(Buffer.concat(pieces)) === md5(body)];
  }, { expected: [undefined, true] });

  everyWay(`HTTP/2 on the socket of a request, begun ${delay === 0 ? 'in its handler' : 'later'}, is served`, async (way) => {
    const other = http2.createServer((req, res) => res.end(`${req.url} of HTTP/2`));
    other.on('sessionError', () => {});
    const server = await way.serve(switching((socket) => other.emit('connection', socket), delay));
    server.on('clientError', (error, socket) => socket.destroy());
    const client = await switched(way, server);
    await pass(delay * 2);
    const session = http2.connect('http://localhost', { createConnection: () => client });
    let failed;
    session.on('error', (error) => { failed = error.message; });
    let text = '';
    let ended = false;
    const stream = session.request({ ':path': '/it' });
    stream.on('error', (error) => { failed = error.message; });
    stream.on('data', (data) => { text += data; });
    stream.on('end', () => { ended = true; });
    await until(() => ended || failed);
    session.destroy();
    return [failed, text];
  }, { expected: [undefined, '/it of HTTP/2'] });
}

// node's parser gets what comes while the handler runs.
everyWay('a child that gets the socket as its input reads what follows', async (way) => {
  let got = '';
  let ended = false;
  const server = await way.serve(switching((socket) => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout)'], { stdio: [socket, 'pipe', 'inherit'] });
    child.stdout.on('data', (data) => { got += data; });
    child.on('close', () => {
      ended = true;
      socket.destroy();
    });
  }, 20));
  const client = await switched(way, server);
  await pass(40);
  for (const piece of ['one ', 'two ', 'three']) {
    client.write(piece);
    await pass(10);
  }
  client.end();
  await until(() => ended);
  return got;
}, { expected: 'one two three', skip: process.platform === 'win32' && 'no socket is handed to a child as a descriptor there' });

// A read ends at urgent data, even if more follows.
const URGENT = {
  'in a head': ['GET / HTTP/1.1\r\nHost: x\r\n', 'X: y\r\n\r\n', 'read 0'],
  'in a body': ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345', '67890', 'read 10'],
  'between requests': ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab', 'read 2'],
};

for (const [where, [before, behind, expected]] of Object.entries(URGENT)) {
  everyWay(`a request with urgent data ${where} is answered without it`, async (way) => {
    const server = await way.serve((req, res) => {
      let length = 0;
      req.on('data', (data) => { length += data.length; });
      req.on('end', () => res.end(`read ${length}`));
    });
    const client = await way.connect(server);
    // Nothing is read between these.
    client.write(before);
    sendUrgent(client._handle.fd);
    client.write(behind);
    await until(() => client.text.endsWith(expected));
    return client.text.slice(-expected.length);
  }, { expected, skip: unavailable ?? (process.platform !== 'linux' && 'only where the kernel tells of urgent data') });
}
