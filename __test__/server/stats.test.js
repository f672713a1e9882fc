'use strict';
// What server.stats() reports about connections, requests, bytes and errors, whichever way they are read.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { once } = require('node:events');
const path = require('node:path');
const { PassThrough } = require('node:stream');
const tls = require('node:tls');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { get, testsOn, until } = require('../transport/ways');

for (const name of ['stream', 'native', 'offload']) {
  const onWay = testsOn(name, 20_000);

  onWay('connections are open and idle, active, closed', async (way) => {
    let held;
    const server = await way.serve((req, res) => {
      if (req.url === '/hold') held = res;
      else res.end('ok');
    });
    const connections = () => server.stats().connections;
    assert.deepEqual(connections(), { accepted: 0, open: 0, idle: 0, active: 0, handedOver: 0 });

    const first = await way.connect(server);
    await until(() => connections().accepted === 1);
    assert.deepEqual(connections(), { accepted: 1, open: 1, idle: 1, active: 0, handedOver: 0 });

    first.write('GET / HT');
    await until(() => connections().active === 1);
    first.write('TP/1.1\r\nHost: x\r\n\r\n');
    await until(() => first.text.endsWith('ok'));
    assert.deepEqual(connections(), { accepted: 1, open: 1, idle: 1, active: 0, handedOver: 0 });

    const second = await way.connect(server);
    second.write(get('/hold'));
    await until(() => held !== undefined);
    assert.deepEqual(connections(), { accepted: 2, open: 2, idle: 1, active: 1, handedOver: 0 });
    held.end();

    first.destroy();
    await until(() => connections().open === 1);
    second.destroy();
    await until(() => connections().open === 0);
    assert.deepEqual(connections(), { accepted: 2, open: 0, idle: 0, active: 0, handedOver: 0 });
  });

  onWay('requests and bytes of open connections are counted, and stay when they close', async (way) => {
    const server = await way.serve((req, res) => {
      req.resume().on('end', () => res.end('x'.repeat(1000)));
    });
    const post = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n${'y'.repeat(500)}`;
    const sent = [get('/').repeat(3), post];
    const clients = [];
    for (const text of sent) {
      const client = await way.connect(server);
      client.write(text);
      clients.push(client);
    }
    await until(() => clients[0].text.split('HTTP/1.1 200').length === 4 && /x{1000}$/.test(clients[1].text));
    const expected = {
      requests: 4, bytesRead: sent.join('').length, bytesWritten: clients[0].text.length + clients[1].text.length,
    };
    const sums = () => {
      const { requests, bytesRead, bytesWritten } = server.stats();
      return { requests, bytesRead, bytesWritten };
    };
    await until(() => /x{1000}$/.test(clients[0].text));
    expected.bytesWritten = clients[0].text.length + clients[1].text.length;
    assert.deepEqual(sums(), expected);
    clients.forEach((client) => client.destroy());
    await until(() => server.stats().connections.open === 0);
    assert.deepEqual(sums(), expected);
  });

  onWay('errors are counted by code, those of the parser separately', async (way) => {
    const server = await way.serve((req) => req.socket.on('error', () => {}), { connectionsCheckingInterval: 20 });
    for (const text of ['GET / HTTP/1.1\r\nHo\x01st: x\r\n\r\n', 'nonsense\r\n\r\n', 'nonsense\r\n\r\n', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`]) {
      const client = await way.connect(server);
      client.write(text);
      await until(() => client.ended);
    }
    // The other connections have all the time they need.
    Object.assign(server, { headersTimeout: 49, requestTimeout: 50 });
    const slow = await way.connect(server);
    slow.write('GET /');
    await until(() => slow.ended);
    assert.match(slow.text, /^HTTP\/1\.1 408 /);
    Object.assign(server, { headersTimeout: 0, requestTimeout: 0 });
    const reset = await way.connect(server);
    reset.write(get('/'));
    await until(() => server.stats().requests === 1);
    reset.resetAndDestroy();
    await until(() => server.stats().otherErrors.ECONNRESET === 1);

    const { connections, parseErrors, otherErrors, requests } = server.stats();
    assert.deepEqual(parseErrors, { HPE_INVALID_HEADER_TOKEN: 1, HPE_INVALID_METHOD: 2, HPE_HEADER_OVERFLOW: 1 });
    assert.deepEqual(otherErrors, { ERR_HTTP_REQUEST_TIMEOUT: 1, ECONNRESET: 1 });
    assert.equal(requests, 1);
    assert.equal(connections.accepted, 6);
  });

  onWay('a connection that changes to another protocol is counted up to that point', async (way) => {
    const server = await way.serve((req, res) => res.end('ok'));
    const refused = await way.connect(server);
    refused.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
    await until(() => refused.closed_ || refused.ended);
    assert.equal(server.stats().connections.handedOver, 0);

    server.on('upgrade', (req, socket) => {
      socket.on('data', (data) => socket.write(data)).on('end', () => socket.end());
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    });
    const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
    const client = await way.connect(server);
    client.write(upgrade);
    await until(() => client.text.includes('101'));
    const before = server.stats();
    assert.deepEqual(before.connections, { accepted: 2, open: 0, idle: 0, active: 0, handedOver: 1 });
    assert.equal(before.requests, 2);
    client.write('hello');
    await until(() => client.text.endsWith('hello'));
    client.destroy();
    const last = await way.connect(server);
    last.write(get('/'));
    await until(() => last.text.endsWith('ok'));
    assert.equal(server.stats().bytesRead, before.bytesRead + get('/').length);
  });

  onWay('a socket that is served again after a CONNECT is not counted twice', async (way) => {
    const server = await way.serve((req, res) => res.end('ok'));
    server.on('connect', (req, socket) => {
      socket.write(established);
      server.emit('connection', socket);
    });
    const established = 'HTTP/1.1 200 Connection Established\r\n\r\n';
    const connect = 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n';
    const client = await way.connect(server);
    client.write(connect);
    await until(() => client.text.includes('Established'));
    client.write(get('/'));
    await until(() => client.text.endsWith('ok'));
    const { connections, requests, bytesRead, bytesWritten } = server.stats();
    assert.deepEqual(connections, { accepted: 2, open: 1, idle: 1, active: 0, handedOver: 1 });
    assert.deepEqual({ requests, bytesRead, bytesWritten }, { requests: 2, bytesRead: (connect + get('/')).length, bytesWritten: client.text.length - established.length });
  });
}

test('a server that does not listen counts the streams that it is given', async () => {
  const server = http.createServer((req, res) => res.end('ok'));
  const input = new PassThrough();
  const answers = [];
  const socket = require('node:stream').Duplex.from({ readable: input, writable: new PassThrough().on('data', (data) => answers.push(data)) });
  server.emit('connection', socket);
  assert.deepEqual(server.stats().connections, { accepted: 1, open: 1, idle: 1, active: 0, handedOver: 0 });
  input.write(get('/'));
  await until(() => Buffer.concat(answers).toString().endsWith('ok'));
  assert.deepEqual(server.stats().connections, { accepted: 1, open: 1, idle: 1, active: 0, handedOver: 0 });
  socket.destroy();
  await until(() => server.stats().connections.open === 0);
  const { requests, bytesRead } = server.stats();
  assert.deepEqual({ requests, bytesRead }, { requests: 1, bytesRead: 0 });
});

test('an https server counts too', async () => {
  const fixtures = path.join(__dirname, '../fixtures/tls');
  const server = https.createServer({
    key: fs.readFileSync(path.join(fixtures, 'key.pem')), cert: fs.readFileSync(path.join(fixtures, 'cert.pem')),
  }, (req, res) => res.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ port: server.address().port, rejectUnauthorized: false });
  client.write(get('/'));
  await once(client, 'data');
  const { connections, requests, bytesRead, streamed } = server.stats();
  assert.deepEqual({ open: connections.open, requests, streamed }, { open: 1, requests: 1, streamed: server.stats().transport !== 'stream' ? { 'no plain socket': 1 } : {} });
  assert.ok(bytesRead >= get('/').length);
  client.destroy();
  server.close();
  await once(server, 'close');
});

test('with rust-http/register, agents of the built-in https have stats, and its servers can be asked', () => {
  const program = (key, cert) => {
    const http = require('node:http');
    const https = require('node:https');
    const agent = new https.Agent({ keepAlive: true });
    const server = https.createServer({ key, cert }, (req, res) => res.end('ok')).listen(0, () => {
      https.get({ port: server.address().port, agent, rejectUnauthorized: false }, (res) => res.resume().on('close', () => {
        console.log(http.Server.prototype.stats.call(server).requests, agent.stats().requests, https.globalAgent.stats().requests);
        agent.destroy();
        server.close();
      }));
    });
  };
  const pem = (name) => JSON.stringify(fs.readFileSync(path.join(__dirname, '../fixtures/tls', name), 'utf8'));
  const args = ['--require', path.join(__dirname, '../../lib/register.js'), '-e', `(${program})(${pem('key.pem')}, ${pem('cert.pem')})`];
  assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: 20_000 }), '1 1 0\n');
});
