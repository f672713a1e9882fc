'use strict';
// proxyProtocol: whose connection it is, and what a trusted proxy must send.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { get, pass, testsOn, until } = require('../transport/ways');

const TRUSTED = { proxyProtocol: { trusted: ['127.0.0.0/8'] } };
const LINE = 'PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n';
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';

/** A header of version 2. */
function binary(command, kind, block) {
  return SIGNATURE + String.fromCharCode(0x20 | command, kind, block.length >> 8, block.length & 0xff) + block;
}

const V4 = '\xcb\0\x71\x07\xc0\0\x02\x01\xdc\x04\x01\xbb';
const V6 = `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x07${'\0'.repeat(15)}\x01\xdc\x04\x01\xbb`;
const tlv = (type, value) => String.fromCharCode(type, value.length >> 8, value.length & 0xff) + value;

// Each header, and the client it names: none if that is the connection itself.
const HEADERS = {
  'a line': [LINE, ['203.0.113.7', 56324, 'IPv4']],
  'a line of IPv6': ['PROXY TCP6 2001:db8::7 ::1 56324 443\r\n', ['2001:db8::7', 56324, 'IPv6']],
  'a line of UNKNOWN': ['PROXY UNKNOWN ffff::1 ::1 1 2\r\n', null],
  'the binary form': [binary(1, 0x11, V4), ['203.0.113.7', 56324, 'IPv4']],
  'the binary form of IPv6, with TLVs': [binary(1, 0x21, V6 + tlv(1, 'h2') + tlv(4, 'x'.repeat(300))), ['2001:db8::7', 56324, 'IPv6']],
  'the binary form of a path': [binary(1, 0x31, '/tmp/client'.padEnd(108, '\0') + '/tmp/proxy'.padEnd(108, '\0')), [undefined, undefined, undefined]],
  'LOCAL': [binary(0, 0x11, V4), null],
  'the binary form that says nothing': [binary(1, 0, ''), null],
};

// Answers each request with its client.
function tell({ socket }, res) {
  const { remoteAddress, remotePort, remoteFamily } = socket;
  res.end(JSON.stringify([remoteAddress, remotePort, remoteFamily]));
}

const clientsIn = (text) => [...text.matchAll(/\[[^\]]*\]/g)].map(([json]) => JSON.parse(json));
const expected = (client, named) => (named ?? ['127.0.0.1', client.localPort, 'IPv4']).map((value) => value ?? null);

const skip = process.platform === 'win32' && 'the core cannot look at what a socket has received there';

for (const name of skip ? [] : ['stream', 'native', 'offload']) {
  const onWay = testsOn(name, 60_000);

  for (const [kind, [header, named]] of Object.entries(HEADERS)) {
    onWay(`the client is the one that ${kind} names, with the first request in the same packet and after it`, async (way) => {
      const server = await way.serve(tell, TRUSTED);
      const together = await way.connect(server);
      together.write(header + get('/') + get('/'), 'latin1');
      const apart = await way.connect(server);
      apart.write(header, 'latin1');
      await pass(20);
      apart.write(get('/'));
      await until(() => clientsIn(together.text).length === 2 && clientsIn(apart.text).length === 1);
      for (const client of [together, apart]) {
        for (const told of clientsIn(client.text)) assert.deepEqual(told, expected(client, named));
      }
      assert.equal(server.stats().limits.proxyProtocol, 0);
      assert.equal(server.stats().connections.accepted, 2);
    });
  }

  onWay('a header may be cut at every byte, and may come byte by byte', async (way) => {
    const server = await way.serve(tell, TRUSTED);
    for (const header of [LINE, binary(1, 0x11, V4 + tlv(3 + 1, 'no'))]) {
      const whole = header + get('/');
      const cuts = await Promise.all(Array.from({ length: header.length + 3 }, async (_, cut) => {
        const client = await way.connect(server);
        client.write(whole.slice(0, cut), 'latin1');
        return [client, whole.slice(cut)];
      }));
      await pass(30);
      for (const [client, rest] of cuts) client.write(rest, 'latin1');
      const slow = await way.connect(server);
      for (const byte of whole) {
        slow.write(byte, 'latin1');
        await new Promise(setImmediate);
      }
      const clients = [slow, ...cuts.map(([client]) => client)];
      await until(() => clients.every(({ text }) => clientsIn(text).length === 1));
      for (const { text } of clients) assert.deepEqual(clientsIn(text), [['203.0.113.7', 56324, 'IPv4']]);
    }
    assert.equal(server.stats().limits.proxyProtocol, 0);
  });

  onWay('a trusted peer without a valid header is ended without an answer, and counted', async (way) => {
    const server = await way.serve(tell, TRUSTED);
    const seen = [];
    server.on('connection', (socket) => seen.push(socket)).on('clientError', (error) => seen.push(error));
    const garbage = [
      get('/'), 'PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n' + get('/'), 'PROXY TCP9 1.2.3.4 5.6.7.8 1 2\r\n', `PROXY UNKNOWN ${'x'.repeat(200)}\r\n`, `PROXY ${'x'.repeat(120)}`,
      binary(3, 0x11, V4), binary(1, 0x41, V4), binary(1, 0x11, V4.slice(1)), binary(1, 0x11, `${V4}\x04\xff\xff`), binary(1, 0x11, 'x'.repeat(5000)),
      binary(1, 0x11, V4 + tlv(3, '\0\0\0\0')), '\x16\x03\x01\x02\0\x01', '\0', LINE.toLowerCase(), ` ${LINE}`, SIGNATURE.slice(0, 5) + 'GET',
    ];
    const clients = await Promise.all(garbage.map(async (bytes) => {
      const client = await way.connect(server);
      client.write(bytes, 'latin1');
      return client;
    }));
    const gone = await way.connect(server);
    gone.end('PROXY TCP4');
    const unsaid = await way.connect(server);
    unsaid.end();
    for (const client of [...clients, gone, unsaid]) {
      await until(() => client.closed_ || client.ended);
      assert.equal(client.text, '');
    }
    assert.equal(server.stats().limits.proxyProtocol, garbage.length + 2);
    assert.deepEqual(seen, []);
    assert.equal(server.stats().connections.accepted, 0);
  });

  onWay('a connection whose header does not arrive within headersTimeout ends', async (way) => {
    const server = await way.serve(tell, { ...TRUSTED, headersTimeout: 100 });
    const silent = await way.connect(server);
    const slow = await way.connect(server);
    const timer = setInterval(() => slow.write('x'), 20);
    slow.write('PROXY UNKNOWN ');
    await until(() => [silent, slow].every((client) => client.closed_ || client.ended));
    clearInterval(timer);
    assert.deepEqual([silent.text, slow.text, server.stats().limits.proxyProtocol], ['', '', 2]);
    const served = await way.connect(server);
    served.write(LINE + get('/'));
    await until(() => clientsIn(served.text).length === 1);
  });

  onWay('a peer that is not trusted has no header: its bytes are HTTP, and what looks like one is a bad request', async (way) => {
    const server = await way.serve(tell, { proxyProtocol: { trusted: ['10.0.0.0/8', '::1', 'unix'] } });
    const plain = await way.connect(server);
    plain.write(get('/'));
    await until(() => clientsIn(plain.text).length === 1);
    assert.deepEqual(clientsIn(plain.text), [expected(plain, null)]);
    const lying = await way.connect(server);
    lying.write(LINE + get('/'));
    await until(() => lying.ended || lying.closed_);
    assert.match(lying.text, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.equal(server.stats().limits.proxyProtocol, 0);
  });

  onWay('the socket has everything in the header from the \'connection\' listener on', async (way) => {
    const server = await way.serve((req, res) => res.end('ok'), TRUSTED);
    const heard = [];
    server.on('connection', (socket) => heard.push([socket.remoteAddress, socket.proxyProtocol]));
    server.on('request', ({ socket }) => heard.push([socket.remoteAddress, socket.proxyProtocol]));
    const client = await way.connect(server);
    client.write(binary(1, 0x21, V6 + tlv(2, 'example.com') + tlv(0xe0, '\0\xff')) + get('/'), 'latin1');
    await until(() => heard.length === 2);
    const header = {
      version: 2, command: 'PROXY', family: 'IPv6', transport: 'stream', sourceAddress: '2001:db8::7', sourcePort: 56324, destinationAddress: '::1', destinationPort: 443,
      proxyAddress: '127.0.0.1', proxyPort: client.localPort, tlvs: [{ type: 2, value: Buffer.from('example.com') }, { type: 0xe0, value: Buffer.from([0, 0xff]) }],
    };
    assert.deepEqual(heard, [['2001:db8::7', header], ['2001:db8::7', header]]);
    const local = await way.connect(server);
    local.write(binary(0, 0, 'anything') + get('/'), 'latin1');
    await until(() => heard.length === 4);
    const { proxyPort, ...rest } = heard[3][1];
    assert.equal(proxyPort, local.localPort);
    assert.deepEqual(rest, {
      version: 2, command: 'LOCAL', family: undefined, transport: undefined, sourceAddress: undefined, sourcePort: undefined, destinationAddress: undefined,
      destinationPort: undefined, proxyAddress: '127.0.0.1', tlvs: [],
    });
  });

  onWay('the limit of an address counts clients, not proxies', async (way) => {
    const server = await way.serve(tell, { ...TRUSTED, maxConnectionsPerAddress: 1 });
    const of = async (address) => {
      const client = await way.connect(server);
      client.write(`PROXY TCP4 ${address} 192.0.2.1 1 2\r\n${get('/')}`);
      return client;
    };
    const taken = [await of('203.0.113.1'), await of('203.0.113.2')];
    await until(() => taken.every(({ text }) => clientsIn(text).length === 1));
    const third = await of('203.0.113.1');
    await until(() => third.ended || third.closed_);
    assert.equal(server.stats().limits.maxConnectionsPerAddress, 1);
  });

  onWay('a closing server ends connections that wait for a header', async (way) => {
    const server = await way.serve(tell, TRUSTED);
    const client = await way.connect(server);
    client.write('PROXY ');
    await pass(30);
    server.close();
    await once(server, 'close');
    await until(() => client.ended || client.closed_);
    assert.equal(server.stats().limits.proxyProtocol, 0);
  });

  onWay('a peer of a server that listens to a path is trusted as unix', async (way) => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'proxied-'));
    const where = path.join(dir, 'socket');
    const server = await way.serve(tell, { proxyProtocol: { trusted: ['unix'] } }, [where]);
    try {
      const client = await way.connect(server);
      client.write(LINE + get('/'));
      await until(() => clientsIn(client.text).length === 1);
      assert.deepEqual(clientsIn(client.text), [['203.0.113.7', 56324, 'IPv4']]);
      const unknown = await way.connect(server);
      unknown.write('PROXY UNKNOWN\r\n' + get('/'));
      await until(() => clientsIn(unknown.text).length === 1);
      assert.deepEqual(clientsIn(unknown.text), [[null, null, null]]);
    } finally {
      await way.close();
      fs.rmSync(dir, { recursive: true });
    }
  });

  if (name === 'stream') continue;
  onWay('the core reads a connection after its header like any other', async (way) => {
    const server = await way.serve(tell, TRUSTED);
    const clients = [await way.connect(server), await way.connect(server)];
    for (const client of clients) client.write(LINE + get('/'));
    await until(() => clients.every(({ text }) => clientsIn(text).length === 1));
    const { attached, open } = server.stats();
    assert.deepEqual([attached, open], [2, 2]);
  });
}

test('the option is refused if the core cannot look at what a socket has received', { skip: !skip && 'it can here' }, () => {
  assert.throws(() => http.createServer({ proxyProtocol: { trusted: ['127.0.0.1'] } }), { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
});

test('with TLS the header comes before the handshake, and both sockets have the client\'s address', { skip, timeout: 60_000 }, async () => {
  const [key, cert] = ['key', 'cert'].map((name) => fs.readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`)));
  const server = https.createServer({ ...TRUSTED, key, cert }, tell);
  const heard = [];
  server.on('connection', (socket) => heard.push(socket.remoteAddress, socket.proxyProtocol?.version));
  server.on('request', ({ socket }) => heard.push(socket.encrypted, socket.proxyProtocol?.sourcePort));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  try {
    for (const cut of [LINE.length, 7]) {
      const raw = net.connect({ port, host: '127.0.0.1', noDelay: true });
      await once(raw, 'connect');
      raw.write(LINE.slice(0, cut));
      if (cut < LINE.length) {
        await pass(20);
        raw.write(LINE.slice(cut));
      }
      const client = tls.connect({ socket: raw, rejectUnauthorized: false });
      let text = '';
      client.setEncoding('latin1').on('data', (data) => { text += data; });
      client.write(get('/'));
      await until(() => clientsIn(text).length === 1);
      assert.deepEqual(clientsIn(text), [['203.0.113.7', 56324, 'IPv4']]);
      assert.deepEqual(heard.splice(0), ['203.0.113.7', 1, true, 56324]);
      client.destroy();
    }
    const bare = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const [error] = await once(bare, 'error');
    assert.ok(error.code);
    await until(() => server.stats().limits.proxyProtocol === 1);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

// A program that prints the port it listens on, and serves `tell`.
const PROGRAM = `
  const http = require(${JSON.stringify(path.join(__dirname, '../..'))});
  const cluster = require('node:cluster');
  ${tell}
  if (process.argv[1] === 'cluster' && cluster.isPrimary) {
    cluster.on('listening', (worker, { port }) => console.log(port)).fork();
  } else {
    const server = http.createServer(${JSON.stringify(TRUSTED)}, tell);
    server.listen(process.argv[1] === 'fd' ? { fd: 3 } : { port: 0, host: '127.0.0.1' }, () => cluster.isPrimary && console.log(server.address().port));
  }
`;

for (const way of ['fd', 'cluster']) {
  test(`a server that gets its connections by ${way} accepts headers like any other`, { skip, timeout: 60_000 }, async () => {
    const listening = net.createServer();
    await once(listening.listen(0, '127.0.0.1'), 'listening');
    const child = spawn(process.execPath, ['-e', PROGRAM, way], { stdio: ['ignore', 'pipe', 'inherit', way === 'fd' ? listening._handle : 'ignore'] });
    try {
      const [port] = await once(child.stdout, 'data');
      // Otherwise it accepts too.
      listening.close();
      const client = net.connect(Number(port), '127.0.0.1');
      let text = '';
      client.setEncoding('latin1').on('data', (data) => { text += data; });
      client.write(LINE.slice(0, 9));
      await pass(20);
      client.write(LINE.slice(9) + get('/'));
      await until(() => clientsIn(text).length === 1);
      assert.deepEqual(clientsIn(text), [['203.0.113.7', 56324, 'IPv4']]);
      client.destroy();
    } finally {
      child.kill();
      await once(child, 'close');
    }
  });
}

test('options that name no proxies are refused', { skip }, () => {
  for (const trusted of [undefined, '10.0.0.0/8', {}]) {
    assert.throws(() => http.createServer({ proxyProtocol: { trusted } }), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const proxyProtocol of [true, null, 'all']) assert.throws(() => http.createServer({ proxyProtocol }), { code: 'ERR_INVALID_ARG_TYPE' });
  for (const entry of ['', 'localhost', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '10.0.0/8', 7, null]) {
    assert.throws(() => http.createServer({ proxyProtocol: { trusted: [entry] } }), { code: 'ERR_INVALID_ARG_VALUE' }, String(entry));
  }
  assert.doesNotThrow(() => https.createServer({ proxyProtocol: { trusted: ['::ffff:10.0.0.1', 'fd00::/8', '0.0.0.0/0'] } }));
});

test('a server without the option has no extra listener or property', () => {
  const server = http.createServer();
  assert.equal(server.listenerCount('connection'), 1);
  assert.equal(server.listenerCount('secureConnection'), 0);
  assert.equal(server.listenerCount('close'), 0);
});
