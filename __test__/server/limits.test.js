'use strict';
// minBodyRate, maxConnectionsPerAddress and maxPipelined: what exceeds them ends, what stays within them goes on.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const { once } = require('node:events');
const path = require('node:path');
const tls = require('node:tls');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { get, pass, testsOn, until } = require('../transport/ways');

const LATE = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';
// A machine that is busy for a while must not make a steady peer a slow one.
const RATE = { bytesPerSecond: 10_000, grace: 1000 };
const post = (length, field = '') => `POST / HTTP/1.1\r\nHost: x\r\n${field}Content-Length: ${length}\r\n\r\n`;

// Answers with the length of the body.
function measure(req, res) {
  let length = 0;
  req.on('error', () => {}).on('data', (chunk) => { length += chunk.length; }).on('end', () => res.end(`${length}.`));
}

/** Sends a piece again and again, until it is told to stop or the peer ends. */
function trickle(client, piece) {
  const sending = { sent: 0, stop: () => clearInterval(timer) };
  const timer = setInterval(() => {
    if (client.ended || client.destroyed) return sending.stop();
    client.write(piece);
    sending.sent += piece.length;
  }, 5);
  return sending;
}

for (const name of ['stream', 'native', 'offload']) {
  const onWay = testsOn(name, 60_000);

  onWay('a body that trickles ends with 408 while a steady upload lives', async (way, t) => {
    const server = await way.serve(measure, { minBodyRate: RATE });
    const steady = await way.connect(server);
    steady.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const upload = trickle(steady, `3e8\r\n${'x'.repeat(1000)}\r\n`);
    const slow = await way.connect(server);
    slow.write(post(1_000_000));
    const begun = performance.now();
    const trickled = trickle(slow, 'x');
    await until(() => slow.ended);
    const ended = performance.now();
    assert.equal(slow.text, LATE);
    await pass(500);
    upload.stop();
    t.diagnostic(`${trickled.sent} bytes of 1,000,000, one each 5 ms, had come when that was ended, after ${Math.round(ended - begun)} ms; ` +
      `${upload.sent} bytes of a steady upload in ${Math.round(performance.now() - begun)} ms`);
    assert.equal(steady.text, '');
    steady.write('0\r\n\r\n' + get('/'));
    await until(() => (steady.text.match(/\d+\./g) ?? []).length >= 2);
    assert.deepEqual(server.stats().limits, { bodyLimit: 0, minBodyRate: 1, maxConnectionsPerAddress: 0, maxPipelined: 0, proxyProtocol: 0 });
    assert.deepEqual(server.stats().otherErrors, { ERR_HTTP_REQUEST_TIMEOUT: 1 });
  });

  onWay('a peer that goes on sending, and reads late, gets the 408 all the same', async (way) => {
    const server = await way.serve(measure, { minBodyRate: RATE });
    const client = await way.connect(server);
    client.pause();
    client.write(post(1_000_000));
    const sending = setInterval(() => client.write('x'), 5);
    await until(() => server.stats().limits.minBodyRate === 1);
    await pass(200);
    clearInterval(sending);
    client.resume();
    await until(() => client.ended || client.closed_);
    assert.deepEqual([client.text, client.failed], [LATE, undefined]);
  });

  onWay('a body that was fast and stalls ends, but a connection between two requests does not', async (way) => {
    const server = await way.serve(measure, { minBodyRate: RATE });
    const idle = await way.connect(server);
    idle.write(post(2) + 'ok');
    await until(() => idle.text.includes('2.'));
    const client = await way.connect(server);
    client.write(post(2_000_000) + 'x'.repeat(1_000_000));
    await until(() => client.ended);
    assert.equal(client.text, LATE);
    idle.write(post(2) + 'ok');
    await until(() => (idle.text.match(/2\./g) ?? []).length === 2);
    assert.equal(server.stats().limits.minBodyRate, 1);
  });

  onWay('time in which the program does not read, or has not asked for the body, does not count against the peer', async (way) => {
    const late = [];
    const server = await way.serve(measure, { minBodyRate: RATE });
    server.on('checkContinue', (req, res) => late.push(() => {
      res.writeContinue();
      measure(req, res);
    }));
    server.prependListener('request', (req) => {
      req.pause();
      late.push(() => req.resume());
    });
    const asking = await way.connect(server);
    asking.write(post(3, 'Expect: 100-continue\r\n'));
    const unread = await way.connect(server);
    unread.write(post(1_000_001) + 'x'.repeat(1_000_000));
    await until(() => late.length === 2);
    await pass(1500);
    assert.deepEqual([asking.text, unread.text], ['', '']);
    unread.write('x');
    late.forEach((go) => go());
    await until(() => asking.text.includes('100 Continue') && unread.text.includes('1000001.'));
    asking.write('now');
    await until(() => asking.text.includes('3.'));
    assert.equal(server.stats().limits.minBodyRate, 0);
  });

  onWay("'clientError' hears of a slow body once", async (way) => {
    const server = await way.serve((req) => req.on('error', () => {}).resume(), { minBodyRate: { ...RATE, grace: 20 } });
    const heard = [];
    server.on('clientError', (error, socket) => heard.push([error.code, socket]));
    const client = await way.connect(server);
    client.write(post(10));
    await until(() => heard.length > 0);
    await pass(100);
    assert.deepEqual(heard.map(([code]) => code), ['ERR_HTTP_REQUEST_TIMEOUT']);
    heard[0][1].destroy();
    await until(() => client.closed_ || client.ended);
  });

  onWay('an address gets as many connections as allowed, and another one when one has closed', async (way) => {
    const server = await way.serve((req, res) => res.end('ok'), { maxConnectionsPerAddress: 2 });
    const dropped = [];
    server.on('drop', (data) => dropped.push(data));
    const taken = [await way.connect(server), await way.connect(server)];
    for (const client of taken) client.write(get('/'));
    await until(() => taken.every((client) => client.text.endsWith('ok')));
    const third = await way.connect(server);
    await until(() => third.ended || third.closed_);
    assert.equal(third.text, '');
    assert.deepEqual(dropped.map(({ remoteAddress, remotePort, localPort }) => [remoteAddress, remotePort, localPort]),
                     [['127.0.0.1', third.localPort, server.address().port]]);
    const { connections: { open }, limits } = server.stats();
    assert.deepEqual([open, limits.maxConnectionsPerAddress], [2, 1]);

    taken[0].end();
    await until(() => server.stats().connections.open === 1);
    const fourth = await way.connect(server);
    fourth.write(get('/'));
    await until(() => fourth.text.endsWith('ok'));
    assert.equal(dropped.length, 1);
  });

  onWay('a connection that is upgraded is one of its address until it closes', async (way) => {
    const server = await way.serve((req, res) => res.end('ok'), { maxConnectionsPerAddress: 1 });
    const sockets = [];
    server.on('upgrade', (req, socket) => {
      sockets.push(socket.on('error', () => {}));
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    });
    const first = await way.connect(server);
    first.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    await until(() => first.text.includes('101'));
    const second = await way.connect(server);
    await until(() => second.ended || second.closed_);
    assert.equal(server.stats().limits.maxConnectionsPerAddress, 1);
    const closed = once(sockets[0], 'close');
    sockets[0].destroy();
    await closed;
    const third = await way.connect(server);
    third.write(get('/'));
    await until(() => third.text.endsWith('ok'));
  });

  onWay('requests pipelined beyond the limit are not answered, and the last answer says so', async (way) => {
    const held = [];
    const server = await way.serve((req, res) => {
      if (req.url === '/at-once') res.end('at once');
      else held.push(() => res.end(req.url));
    }, { maxPipelined: 3 });
    const client = await way.connect(server);
    for (let n = 1; n <= 5; n++) {
      client.write(get('/at-once').repeat(3));
      await until(() => client.text.split('at once').length === 3 * n + 1);
    }
    client.text = '';
    client.write(['/1', '/2', '/3', '/4', '/5'].map(get).join(''));
    await until(() => held.length === 3);
    client.write(get('/6'));
    held.forEach((answer) => answer());
    await until(() => client.ended);
    assert.deepEqual(client.text.match(/\/\d(?!\.)/g), ['/1', '/2', '/3']);
    assert.deepEqual(client.text.match(/Connection: [a-z-]+/g), ['Connection: keep-alive', 'Connection: keep-alive', 'Connection: close']);
    assert.deepEqual([held.length, client.failed, server.stats().limits.maxPipelined], [3, undefined, 1]);
    client.end();
    await until(() => server.stats().connections.open === 0);
  });

  onWay('a connection ends after the limit even if the head of its last answer was already sent', async (way) => {
    let answer;
    const server = await way.serve((req, res) => {
      res.setHeader('Content-Length', 5);
      res.write('be');
      answer = () => res.end('gun');
    }, { maxPipelined: 1 });
    const client = await way.connect(server);
    client.write(get('/'));
    await until(() => client.text.endsWith('be'));
    client.write(get('/'));
    await until(() => server.stats().limits.maxPipelined === 1);
    answer();
    await until(() => client.ended);
    assert.equal(client.text.endsWith('begun'), true);
  });

  onWay('a server with limits drains', async (way) => {
    const server = await way.serve((req, res) => res.end('ok'), { bodyLimit: 10, minBodyRate: RATE, maxConnectionsPerAddress: 5, maxPipelined: 5 });
    const client = await way.connect(server);
    client.write(get('/'));
    await until(() => client.text.endsWith('ok'));
    const { reason, idle } = await server.drain({ idle: 0 });
    assert.deepEqual([reason, idle], ['drained', 1]);
  });
}

test('an https server has the limits too', { timeout: 20_000 }, async () => {
  const [key, cert] = ['key', 'cert'].map((name) => fs.readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`)));
  const server = https.createServer({ key, cert, minBodyRate: RATE, maxConnectionsPerAddress: 1 }, measure);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connect = () => tls.connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {});
  const client = connect();
  await once(client, 'secureConnect');
  client.write(post(10));
  const other = connect().resume();
  await once(other, 'close');
  let text = '';
  for await (const chunk of client) text += chunk;
  assert.equal(text, LATE);
  assert.deepEqual(server.stats().limits, { bodyLimit: 0, minBodyRate: 1, maxConnectionsPerAddress: 1, maxPipelined: 0, proxyProtocol: 0 });
  server.close();
  await once(server, 'close');
});

test('connections over a pipe have no address, and no limit of it', { skip: process.platform === 'win32' && 'pipes have other names there', timeout: 20_000 }, async () => {
  const server = http.createServer({ maxConnectionsPerAddress: 1 }, (req, res) => res.end('ok'));
  const name = path.join(fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'limits-')), 'socket');
  server.listen(name);
  await once(server, 'listening');
  for (const client of [net.connect(name), net.connect(name)]) {
    client.write(get('/'));
    await once(client, 'data');
    client.destroy();
  }
  server.close();
  await once(server, 'close');
  fs.rmdirSync(path.dirname(name));
});

test('invalid limits are refused', () => {
  for (const { createServer } of [http, https]) {
    for (const option of ['maxConnectionsPerAddress', 'maxPipelined']) {
      assert.throws(() => createServer({ [option]: '1' }), { code: 'ERR_INVALID_ARG_TYPE' });
      for (const limit of [0, 0.5, NaN]) assert.throws(() => createServer({ [option]: limit }), { code: 'ERR_OUT_OF_RANGE' });
      createServer({ [option]: Infinity }).close();
    }
    for (const minBodyRate of [1, {}, { bytesPerSecond: '1' }, null]) assert.throws(() => createServer({ minBodyRate }), { code: 'ERR_INVALID_ARG_TYPE' });
    for (const minBodyRate of [{ bytesPerSecond: 0 }, { bytesPerSecond: 1, grace: 0 }, { bytesPerSecond: Infinity }]) {
      assert.throws(() => createServer({ minBodyRate }), { code: 'ERR_OUT_OF_RANGE' });
    }
  }
});
