'use strict';
// respond(): a peer gets what a handler would have sent, byte for byte, and no listener is called.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const tls = require('node:tls');
const { once } = require('node:events');
const { channel } = require('node:diagnostics_channel');
const { PerformanceObserver } = require('node:perf_hooks');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { random } = require('../random');
const { get, pass, testsOn, until } = require('../transport/ways');

const HEALTH = { path: '/healthz' };
const HEALTHY = { headers: { 'Content-Type': 'text/plain', 'X-Id': ['1', '2'] }, body: 'healthy' };
const dated = (text) => text.replace(/\r\nDate: [^\r]{29}\r\n/g, '\r\nDate: (now)\r\n');

// Answers in a handler what FIXED answers by itself, and anything else with its target.
const FIXED = new Map([['GET /healthz', HEALTHY], ['POST /', { status: 201, body: Buffer.from([0xff, 0]) }], ['GET /none', { status: 204 }], ['HEAD /head', { status: 404, body: 'no' }]]);

function fixedOf({ headers, httpVersionMajor, method, url }) {
  if (httpVersionMajor !== 1 || headers.expect !== undefined || headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0 || headers.upgrade) return undefined;
  return FIXED.get(`${method} ${url}`) ?? (method === 'HEAD' ? FIXED.get(`GET ${url}`) : undefined);
}

function handle(req, res, fixed) {
  req.resume();
  if (fixed === undefined) {
    // Some are answered later than the requests after them.
    const answer = () => res.end(`${req.method} ${req.url}`);
    if (req.url === '/late') setTimeout(answer, 5);
    else answer();
    return;
  }
  const { body = '', headers = {}, status = 200 } = fixed;
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  if (status !== 204) res.setHeader('Content-Length', body.length);
  res.end(body);
}

/** Two servers: one with fixed answers, and one with a handler for them. */
async function twins(way, options = {}, prepare = () => {}) {
  const fixed = await way.serve((req, res) => handle(req, res, undefined), options);
  const handled = await way.serve((req, res) => handle(req, res, fixedOf(req)), options);
  for (const [key, answer] of FIXED) {
    const [method, target] = key.split(' ');
    assert.equal(fixed.respond({ method, path: target }, answer), fixed);
  }
  for (const server of [fixed, handled]) prepare(server);
  return [fixed, handled];
}

/** What servers send to a client that writes these pieces, some time apart, and then ends. */
async function ask(way, servers, pieces, apart = 0) {
  const clients = [];
  for (const server of servers) clients.push(await way.connect(server));
  for (const piece of pieces) {
    for (const client of clients) if (!client.destroyed) client.write(piece, 'latin1');
    if (apart === 0) await new Promise(setImmediate);
    else await pass(apart);
  }
  await pass(2);
  // Late answers would be lost.
  const late = pieces.join('').split('GET /late').length;
  await until(() => clients.every((client) => client.ended || client.closed_ || client.text.split('GET /late').length === late));
  for (const client of clients) if (!client.destroyed) client.end();
  await until(() => clients.every((client) => client.ended || client.closed_));
  return clients.map(({ text }) => dated(text));
}

// Splits each piece after every request with a fixed answer at its start.
function taken(pieces) {
  return pieces.flatMap((piece) => {
    const parts = [];
    for (let first; (first = PLAIN.find((request) => piece.startsWith(request) && piece.length > request.length)) !== undefined; piece = piece.slice(first.length)) parts.push(first);
    return [...parts, piece];
  });
}

/**
 * Both servers send the same. What follows a request that ends its connection, or is malformed, discards waiting
 * answers. If the first requests are answered as they are read, no answer waits, as if they had come separately.
 */
async function compare(way, [fixed, handled], pieces) {
  const [one, other] = await ask(way, [fixed, handled], pieces);
  if (one === other || !way.isNative) {
    assert.equal(one, other, JSON.stringify(pieces));
    return one;
  }
  // Pieces may be read together.
  for (const apart of [taken(pieces), taken([pieces.join('')])]) {
    const [third] = await ask(way, [handled], apart, 10);
    if (one === third) return one;
  }
  assert.fail(`${JSON.stringify(pieces)} got ${JSON.stringify(one)} and not ${JSON.stringify(other)}`);
}

const REQUESTS = {
  'a target': get('/healthz'),
  'a HEAD': 'HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
  'a HEAD of its own': 'HEAD /head HTTP/1.1\r\nHost: x\r\n\r\n',
  'a GET where there is a HEAD': get('/head'),
  'a POST without body': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
  'a POST with a body': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi',
  'chunks': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  'a 204': get('/none'),
  'a query': get('/healthz?'),
  'another': get('/other'),
  'a late one': get('/late'),
  '1.0': 'GET /healthz HTTP/1.0\r\n\r\n',
  '1.0 that is kept': 'GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  '1.0 that is kept, without a length': 'GET /none HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'the last one': 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  'no host': 'GET /healthz HTTP/1.1\r\n\r\n',
  'an expectation': 'GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n',
  'another expectation': 'GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n',
  'an upgrade that nobody takes': 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  'two hosts': 'GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  'many fields': `GET /healthz HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(60)}\r\n`,
  'a space behind a value': 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: keep-alive \r\n\r\n',
  'an empty line': `\r\n${get('/healthz')}`,
  'both lengths': 'GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a malformed field': 'GET /healthz HTTP/1.1\r\nHost: x\r\na b: c\r\n\r\n',
  'a fold': 'GET /healthz HTTP/1.1\r\nHost: x\r\na: b\r\n c\r\n\r\n',
  'an absolute target': 'GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n',
  'a lone line feed': 'GET /healthz HTTP/1.1\nHost: x\n\n',
  'no version': 'GET /healthz\r\n\r\n',
  'a large head': `GET /healthz HTTP/1.1\r\nHost: x\r\na: ${'b'.repeat(20_000)}\r\n\r\n`,
};

const PLAIN = ['a target', 'a HEAD', 'a HEAD of its own', 'a POST without body', 'a 204', '1.0 that is kept'].map((kind) => REQUESTS[kind]);

for (const name of ['stream', 'native', 'offload']) {
  const onWay = testsOn(name, 120_000);

  onWay('each kind of request gets what a handler sends, alone, after others and before others', async (way) => {
    const servers = await twins(way);
    for (const request of Object.values(REQUESTS)) {
      await compare(way, servers, [request]);
      await compare(way, servers, [get('/healthz'), request, get('/healthz')]);
      await compare(way, servers, [get('/healthz') + request + get('/healthz') + get('/other') + get('/healthz')]);
    }
    const { fixedAnswers, requests } = servers[0].stats();
    assert.ok(fixedAnswers > 100, String(fixedAnswers));
    assert.ok(requests > fixedAnswers, String(requests));
    assert.equal(servers[1].stats().fixedAnswers, 0);
  });

  onWay('pipelined mixtures, cut anywhere, get their answers in order and byte for byte', async (way) => {
    const servers = await twins(way);
    const kinds = Object.values(REQUESTS);
    const below = random(17);
    for (let n = 0; n < 120; n++) {
      const whole = Array.from({ length: 1 + below(8) }, () => (below(2) ? get('/healthz') : below(4) ? kinds[below(8)] : kinds[below(kinds.length)])).join('');
      const pieces = [];
      for (let at = 0; at < whole.length;) {
        const length = below(3) ? 1 + below(200) : whole.length;
        pieces.push(whole.slice(at, at + length));
        at += length;
      }
      await compare(way, servers, pieces);
    }
  });

  onWay('a request that is cut at any byte is answered', async (way) => {
    const servers = await twins(way);
    const request = get('/healthz');
    for (let cut = 1; cut < request.length; cut++) {
      const text = await compare(way, servers, [request + request.slice(0, cut), request.slice(cut) + request]);
      assert.equal(text.split('healthy').length, 4);
    }
  });

  onWay('an answer does not overtake one that is still due', async (way) => {
    const owed = [];
    const server = await way.serve((req, res) => owed.push(res));
    server.respond(HEALTH, HEALTHY);
    const client = await way.connect(server);
    client.write(get('/healthz'));
    await until(() => client.text.includes('healthy'));
    client.text = '';
    client.write(get('/owed'));
    await until(() => owed.length === 1);
    client.write(get('/healthz'));
    await pass(30);
    client.write(get('/healthz'));
    await pass(30);
    assert.equal(client.text, '');
    owed[0].write('first');
    await pass(30);
    owed[0].end('last');
    await until(() => client.text.split('healthy').length === 3);
    assert.match(client.text, /first[^]*last[^]*healthy[^]*healthy$/);
    client.write(get('/healthz'));
    await until(() => client.text.split('healthy').length === 4);
    assert.equal(server.stats().fixedAnswers, 4);
  });

  onWay('maxRequestsPerSocket, keepAliveTimeout and requireHostHeader hold, also when they are changed', async (way) => {
    const seen = await twins(way, {}, (server) => { server.maxRequestsPerSocket = 3; });
    await pass(150);
    const text = await compare(way, seen, [get('/healthz'), get('/healthz'), get('/healthz'), get('/healthz')]);
    assert.deepEqual(text.match(/HTTP\/1.1 \d+|Connection: [a-z-]+/g), [
      'HTTP/1.1 200', 'Connection: keep-alive', 'HTTP/1.1 200', 'Connection: keep-alive', 'HTTP/1.1 200', 'Connection: close', 'HTTP/1.1 503', 'Connection: close',
    ]);
    await compare(way, seen, [get('/other'), get('/healthz'), get('/other'), get('/healthz')]);
    for (const server of seen) Object.assign(server, { maxRequestsPerSocket: 0, keepAliveTimeout: 7000 });
    await pass(150);
    assert.match(await compare(way, seen, [get('/healthz')]), /Keep-Alive: timeout=7\r\n/);
  });

  onWay('an idle connection ends after its timeout, counted from the last answer, and an active one does not', async (way) => {
    const server = await way.serve(() => {}, { keepAliveTimeout: 1000, keepAliveTimeoutBuffer: 0 });
    server.respond(HEALTH, HEALTHY);
    const [idle, busy] = [await way.connect(server), await way.connect(server)];
    idle.write(get('/healthz'));
    const timer = setInterval(() => busy.write(get('/healthz')), 100);
    await until(() => idle.ended);
    clearInterval(timer);
    assert.equal(busy.ended, false);
    assert.ok(busy.text.split('healthy').length > 5);
    await until(() => busy.ended);
  });

  onWay('close() ends connections that were answered, and drain() tells them first', async (way) => {
    const server = await way.serve(() => {});
    server.respond(HEALTH, HEALTHY);
    const client = await way.connect(server);
    client.write(get('/healthz'));
    await until(() => client.text.endsWith('healthy'));
    const draining = server.drain({ idle: 60_000 });
    await pass(60);
    client.write(get('/healthz'));
    await until(() => client.ended);
    assert.match(client.text, /Connection: keep-alive[^]*Connection: close/);
    const { answered, reason } = await draining;
    assert.deepEqual([answered, reason], [1, 'drained']);
    const other = await way.serve(() => {});
    other.respond(HEALTH, HEALTHY);
    const kept = await way.connect(other);
    kept.write(get('/healthz'));
    await until(() => kept.text.endsWith('healthy'));
    other.closeIdleConnections();
    await until(() => kept.ended || kept.closed_);
    assert.equal(other.stats().connections.open, 0);
  });

  onWay('respond() and removeResponse() take effect on open connections', async (way) => {
    const server = await way.serve((req, res) => res.end('handled'));
    const client = await way.connect(server);
    const ask = async () => {
      client.text = '';
      client.write(get('/healthz'));
      await until(() => /ed$|hy$|er$/.test(client.text));
      return /\w+$/.exec(client.text)[0];
    };
    assert.equal(await ask(), 'handled');
    server.respond(HEALTH, HEALTHY);
    assert.equal(await ask(), 'healthy');
    assert.equal(await ask(), 'healthy');
    server.respond(HEALTH, { body: 'another' });
    assert.equal(await ask(), 'another');
    assert.equal(server.removeResponse({ ...HEALTH, method: 'HEAD' }), false);
    assert.equal(server.removeResponse(HEALTH), true);
    assert.equal(await ask(), 'handled');
    assert.equal(server.removeResponse(HEALTH), false);
    assert.deepEqual([server.stats().fixedAnswers, server.stats().requests], [3, 5]);
  });

  onWay('a peer that does not read is not answered endlessly, and gets everything when it reads', async (way) => {
    const server = await way.serve((req, res) => res.end('handled'));
    server.respond(HEALTH, { body: 'x'.repeat(60_000) });
    const client = await way.connect(server);
    await until(() => server.stats().connections.open === 1);
    client.pause();
    const COUNT = 400;
    client.write(get('/healthz').repeat(COUNT) + get('/other'));
    await pass(100);
    assert.ok(server.stats().bytesWritten < COUNT * 60_000);
    let length = 0;
    client.removeAllListeners('data');
    let tail = '';
    client.on('data', (data) => {
      length += data.length;
      tail = (tail + data).slice(-100);
    }).resume();
    await until(() => tail.endsWith('handled'));
    assert.ok(length > COUNT * 60_000);
    assert.equal(server.stats().fixedAnswers, COUNT);
  });

  onWay('observers of requests see these as well', async (way) => {
    const server = await way.serve((req, res) => res.end('handled'));
    server.respond(HEALTH, HEALTHY);
    const client = await way.connect(server);
    const ask = async () => {
      client.text = '';
      client.write(get('/healthz'));
      await until(() => client.text.endsWith('healthy'));
    };
    await ask();
    const seen = [];
    const listener = ({ request }) => seen.push(request.url);
    const watched = channel('http.server.response.finish');
    watched.subscribe(listener);
    await pass(150);
    await ask();
    watched.unsubscribe(listener);
    assert.deepEqual(seen, ['/healthz']);
    const entries = [];
    const observer = new PerformanceObserver((list) => entries.push(...list.getEntries()));
    observer.observe({ type: 'http' });
    await pass(150);
    await ask();
    await until(() => entries.length === 1);
    observer.disconnect();
  });

  onWay("a socket that 'timeout' was asked of lives as long as it is answered", async (way) => {
    const server = await way.serve(() => {}, { keepAliveTimeout: 0 });
    server.timeout = 1200;
    server.respond(HEALTH, HEALTHY);
    const client = await way.connect(server);
    for (let n = 0; n < 8; n++) {
      client.write(get('/healthz'));
      await pass(250);
    }
    assert.equal(client.text.split('healthy').length, 9);
    await until(() => client.ended || client.closed_);
  });

  if (name === 'stream') continue;
  onWay('connections of several I/O threads get them', async (way) => {
    const server = await way.serve((req, res) => handle(req, res, undefined), { ioThreads: 3 });
    server.respond(HEALTH, HEALTHY);
    const clients = await Promise.all(Array.from({ length: 12 }, () => way.connect(server)));
    for (let round = 1; round <= 5; round++) {
      for (const client of clients) client.write(get('/healthz'));
      await until(() => clients.every((client) => client.text.split('healthy').length === round + 1));
    }
    assert.equal(server.stats().fixedAnswers, 5 * clients.length);
  });

  onWay('no JavaScript runs for them: listeners of all events are not called', async (way) => {
    const server = await way.serve(() => {});
    server.respond(HEALTH, HEALTHY);
    const events = [];
    const client = await way.connect(server);
    client.write(get('/healthz'));
    await until(() => client.text.endsWith('healthy'));
    const { emit } = server;
    server.emit = function(event, ...args) {
      events.push(event);
      return emit.call(this, event, ...args);
    };
    client.text = '';
    client.write(get('/healthz').repeat(10));
    await until(() => client.text.split('healthy').length === 11);
    assert.deepEqual(events, []);
    assert.equal(server.stats().fixedAnswers, 11);
  });
}

test('https also answers them', { timeout: 60_000 }, async () => {
  const [key, cert] = ['key', 'cert'].map((name) => fs.readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`)));
  const server = https.createServer({ key, cert }, (req, res) => res.end('handled'));
  server.respond(HEALTH, HEALTHY);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = tls.connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false });
  let text = '';
  client.setEncoding('latin1').on('data', (data) => { text += data; });
  client.write(get('/healthz') + get('/other') + get('/healthz'));
  await until(() => text.split('healthy').length === 3);
  assert.match(text, /healthy[^]*handled[^]*healthy$/);
  client.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('an invalid fixed answer is refused', () => {
  const server = http.createServer();
  for (const request of [undefined, null, 'GET /', {}, { path: 7 }, { method: 7, path: '/' }]) {
    assert.throws(() => server.respond(request), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => server.removeResponse(request), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const request of [{ path: '' }, { path: 'healthz' }, { path: '/a b' }, { path: '/\r\n' }, { path: '/é' }, { path: '/#a' }, { path: '/', method: 'get' }, { path: '/', method: 'CONNECT' }]) {
    assert.throws(() => server.respond(request), { code: 'ERR_INVALID_ARG_VALUE' }, JSON.stringify(request));
  }
  for (const name of ['Connection', 'content-length', 'Transfer-Encoding', 'keep-alive', 'Upgrade', 'Trailer', 'date']) {
    assert.throws(() => server.respond(HEALTH, { headers: { [name]: '1' } }), { code: 'ERR_INVALID_ARG_VALUE' }, name);
  }
  assert.throws(() => server.respond(HEALTH, { headers: { 'a b': 'c' } }), { code: 'ERR_INVALID_HTTP_TOKEN' });
  assert.throws(() => server.respond(HEALTH, { headers: { a: 'b\r\nc: d' } }), { code: 'ERR_INVALID_CHAR' });
  assert.throws(() => server.respond(HEALTH, { body: 7 }), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => server.respond(HEALTH, { body: 'x'.repeat(65537) }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => server.respond(HEALTH, { status: 204, body: 'x' }), { code: 'ERR_INVALID_ARG_VALUE' });
  for (const status of [199, 600, 101]) assert.throws(() => server.respond(HEALTH, { status }), { code: 'ERR_OUT_OF_RANGE' });
  assert.equal(server.removeResponse(HEALTH), false);
});
