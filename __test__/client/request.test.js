'use strict';
// Options, heads and methods of ClientRequest, against servers on this machine.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { Duplex } = require('node:stream');
const { test } = require('node:test');
const builtin = require('node:http');
const http = require('../..');
const { joinsDuplicates } = require('../../lib/compat/node-features');

async function bodyOf(res) {
  let body = '';
  res.setEncoding('utf8');
  for await (const chunk of res) body += chunk;
  return body;
}

async function listening(server, where = 0) {
  server.listen(where);
  await once(server, 'listening');
  return server.address().port;
}

/** The raw head and body that a request writes, read until nothing comes for a while. */
async function wire(module, options, body) {
  let text = '';
  let pause;
  let done;
  const silence = new Promise((resolve) => {
    done = resolve;
  });
  const server = net.createServer((peer) => {
    peer.on('error', () => {});
    peer.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(pause);
      pause = setTimeout(() => {
        peer.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
        done();
      }, 15);
    });
  });
  const port = await listening(server);
  const req = module.request({ port, host: '127.0.0.1', ...options });
  req.on('error', () => {});
  req.end(body);
  await silence;
  server.close();
  req.destroy();
  return text.replaceAll(String(port), 'PORT');
}

const HEADS = [
  ['a plain GET', {}],
  ['a POST with a body', { method: 'POST', path: '/p?q=1' }, 'body'],
  ['a method in lower case', { method: 'patch' }],
  ['basic authentication', { auth: 'user:pass' }],
  ['a field of its own beats authentication', { auth: 'user:pass', headers: { Authorization: 'mine' } }],
  ['fields of an object', { headers: { 'X-A': 1, 'x-b': ['1', '2'], Cookie: ['a=1', 'b=2'] } }],
  ['unique fields are joined', { headers: { 'X-A': ['1', '2'] }, uniqueHeaders: ['x-a'] }],
  ['unique fields of a list are joined', { headers: ['Host', 'h', 'X-A', '1', 'X-A', '2'], uniqueHeaders: ['x-a'] }],
  ['fields of a flat list', { headers: ['Host', 'h', 'X-A', '1', 'X-A', '2'] }],
  ['fields of a list of pairs', { headers: [['Host', 'h'], ['X-A', '1']] }],
  ['a Host of its own', { headers: { Host: 'example.com' } }],
  ['no Host', { setHost: false }],
  ['a default port', { defaultPort: 1 }],
  ['a connection that closes', { headers: { Connection: 'close' } }],
  ['an agent of its own', { agent: false }],
  ['an HEAD', { method: 'HEAD' }],
  ['a DELETE with a body', { method: 'DELETE' }, 'gone'],
  ['a body with a length', { method: 'PUT', headers: { 'Content-Length': 4 } }, 'body'],
  ['Expect sends the head at once', { method: 'POST', headers: { Expect: '100-continue' } }],
  ['a header named __proto__', { headers: JSON.parse('{"__proto__": "x"}') }],
];

for (const [name, options, body] of HEADS) {
  test(`the bytes of a request are those of the built-in client: ${name}`, async () => {
    assert.equal(await wire(http, options, body), await wire(builtin, options, body));
  });
}

test('trailers of a request are those of the built-in client, unique ones joined', async () => {
  const wires = await Promise.all([http, builtin].map(async (module) => {
    let text = '';
    const duplex = new Duplex({
      read() {},
      write(chunk, encoding, callback) {
        text += chunk.toString('latin1');
        callback();
      },
    });
    const req = module.request({ createConnection: () => duplex, method: 'POST', uniqueHeaders: ['x-b'] });
    req.addTrailers({ 'x-a': ['1', '2'], 'X-B': ['3', '4'] });
    req.write('x');
    req.end();
    await once(req, 'finish');
    return text;
  }));
  assert.equal(wires[0], wires[1]);
  assert.match(wires[0], /X-B: 3; 4\r\n/);
});

const REFUSED = [
  [{ hostname: 1 }], [{ host: {} }], [{ path: '/a b' }], [{ path: '/\u0100' }], [{ protocol: 'ftp:' }], ['https://x/'], ['no url'],
  [{ method: 'G T' }], [{ method: 1 }], [{ timeout: '1' }], [{ timeout: -1 }], [{ timeout: NaN }], [{ maxHeaderSize: 'x' }],
  [{ maxHeaderSize: -1 }], [{ insecureHTTPParser: 1 }], ...(joinsDuplicates ? [[{ joinDuplicateHeaders: 1 }]] : []), [{ signal: 1 }], [{ agent: true }],
  [{ agent: {} }], [{ headers: { a: undefined } }], [{ headers: { 'a b': 1 } }], [{ headers: { a: '\n' } }], [{ headers: ['a'] }],
  [{ headers: { host: ['a'] } }], [{ port: 70000 }], [{ family: 5 }], [{ localAddress: 'x' }], [{ lookup: 1 }], [{ auth: 5 }], [{}, 5],
  [{ path: '/ ', protocol: 'x:', host: 1 }], [{ host: 1, method: 'a b' }], [{ timeout: -1, method: 'a b' }],
];

test('what the built-in client refuses is refused with the same error', () => {
  for (const args of REFUSED) {
    const failure = (module) => {
      try {
        module.request(...args).on('error', () => {}).destroy();
      } catch (error) {
        return { name: error.name, code: error.code, message: error.message };
      }
      return undefined;
    };
    const theirs = failure(builtin);
    assert.notEqual(theirs, undefined, JSON.stringify(args));
    assert.deepEqual(failure(http), theirs, JSON.stringify(args));
  }
});

test('every character below U+0021 and above U+00FF is refused in a path, and no other', () => {
  const createConnection = () => undefined;
  for (let code = 0; code < 0x180; code++) {
    const make = () => http.request({ path: `/${String.fromCharCode(code)}`, createConnection });
    if (code > 0x20 && code < 0x100) make();
    else assert.throws(make, { code: 'ERR_UNESCAPED_CHARACTERS' });
  }
});

test('URL text, URL objects, url.parse results and merged options name the same request', async () => {
  const server = http.createServer((req, res) => res.end(`${req.method} ${req.url} ${req.headers.authorization ?? ''}`));
  const port = await listening(server);
  const text = `http://u%20x:p@127.0.0.1:${port}/p?q`;
  const forms = [[text], [new URL(text)], [require('node:url').parse(text)], [text, {}], [new URL('http://0.0.0.0/x'), { host: '127.0.0.1', hostname: '127.0.0.1', port, path: '/p?q', auth: 'u x:p' }]];
  for (const form of forms) {
    const body = await new Promise((resolve, reject) => {
      http.get(...form, (res) => {
        res.setEncoding('utf8').once('data', resolve);
      }).on('error', reject);
    });
    assert.equal(body, `GET /p?q Basic ${Buffer.from('u x:p').toString('base64')}`);
  }
  server.close();
  http.globalAgent.destroy();
});

test('members that options inherit are ignored', () => {
  const options = Object.assign(Object.create({ method: 'POST', host: 'evil' }), { createConnection() {} });
  const req = http.request(options);
  assert.equal(req.method, 'GET');
  assert.equal(req.host, 'localhost');
});

test('own properties of requests and agents are those of the built-in ones, in their order', async () => {
  const server = http.createServer((req, res) => res.end());
  const port = await listening(server);
  const names = (object) => Reflect.ownKeys(object).map(String).sort((a, b) => (a.startsWith('Symbol') ? 1 : 0) - (b.startsWith('Symbol') ? 1 : 0));
  const strings = (object) => names(object).filter((name) => !name.startsWith('Symbol'));
  const [mine, theirs] = await Promise.all([http, builtin].map(async (module) => {
    const agent = new module.Agent({ keepAlive: true });
    const req = module.get({ port, agent, timeout: 1000 });
    await once(req, 'response');
    const result = { agent: strings(agent), req: strings(req) };
    req.res.resume();
    await once(req, 'close');
    result.done = strings(req);
    agent.destroy();
    return result;
  }));
  assert.deepEqual(mine, theirs);
  server.close();
});

test('a Unix socket is used when socketPath names one', { skip: process.platform === 'win32' && 'there they are named pipes' }, async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-'));
  const socketPath = path.join(dir, 's');
  const server = http.createServer((req, res) => res.end(req.url));
  await listening(server, socketPath);
  const asked = (module, extra) => new Promise((resolve) => {
    module.get({ socketPath, path: '/x', ...extra }, (res) => resolve(bodyOf(res))).on('error', (error) => resolve(error.code));
  });
  for (const extra of [{}, { agent: false }]) assert.equal(await asked(http, extra), '/x');
  // In Node 18 `path` names the socket for a caller's createConnection().
  const extra = { createConnection: net.connect };
  assert.equal(await asked(http, extra), await asked(builtin, extra));
  server.close();
  http.globalAgent.destroy();
  fs.rmSync(dir, { recursive: true });
});

test('any Duplex will do as a connection', async () => {
  const written = [];
  const duplex = new Duplex({
    read() {},
    write(chunk, encoding, callback) {
      written.push(chunk);
      if (written.length === 1) this.push('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n');
      callback();
    },
  });
  const req = http.request({ createConnection: () => duplex, method: 'POST' });
  req.end('x');
  const [res] = await once(req, 'response');
  assert.equal(await bodyOf(res), 'hi');
  assert.match(Buffer.concat(written).toString(), /^POST \/ HTTP\/1\.1\r\n/);
});

test('a connection may come through the callback, or fail there', async () => {
  const server = http.createServer((req, res) => res.end());
  const port = await listening(server);
  const agent = new http.Agent();
  agent.createConnection = (options, callback) => {
    setImmediate(() => callback(null, net.connect(options)));
  };
  const [res] = await once(http.get({ port, agent }), 'response');
  res.resume();
  agent.createConnection = (options, callback) => {
    setImmediate(callback, new Error('refused by test'));
  };
  const failing = http.get({ port, agent });
  const [error] = await once(failing, 'error');
  assert.equal(error.message, 'refused by test');
  assert.equal(failing.destroyed, true);
  server.close();
});

test('an upgrade hands over the socket with no listener of ours left on it', async () => {
  const server = http.createServer();
  server.on('upgrade', (req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhead');
    socket.pipe(socket);
  });
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true });
  const req = http.get({ port, agent, headers: { Connection: 'Upgrade', Upgrade: 'echo' }, timeout: 10_000 });
  const [res, socket, head] = await once(req, 'upgrade');
  assert.equal(res.statusCode, 101);
  assert.equal(String(head), 'head');
  assert.equal(agent.totalSocketCount, 0);
  assert.equal(socket.parser, null);
  for (const name of ['close', 'data', 'drain', 'error', 'timeout', 'free', 'agentRemove']) {
    assert.equal(socket.listenerCount(name), 0, name);
  }
  assert.equal(socket.listenerCount('end'), 1);
  socket.write('ping');
  const [echo] = await once(socket, 'data');
  assert.equal(String(echo), 'ping');
  socket.destroy();
  server.close();
});

test('a CONNECT tunnel is handed over whatever its status', async () => {
  const server = http.createServer();
  server.on('connect', (req, socket) => socket.end('HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nhi'));
  const port = await listening(server);
  const req = http.request({ port, method: 'CONNECT', path: 'a:1' }).end();
  const [res, socket, head] = await once(req, 'connect');
  assert.equal(res.statusCode, 407);
  assert.equal(String(head), 'hi');
  socket.destroy();
  server.close();
});

test('an information event has the head of the interim response', async () => {
  const server = http.createServer((req, res) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' });
    res.end();
  });
  const port = await listening(server);
  const req = http.get({ port });
  const responded = once(req, 'response');
  const [info] = await once(req, 'information');
  assert.deepEqual(Object.keys(info), ['statusCode', 'statusMessage', 'httpVersion', 'httpVersionMajor', 'httpVersionMinor', 'headers', 'rawHeaders']);
  assert.equal(info.statusCode, 103);
  assert.equal(info.headers.link, '</a.css>; rel=preload');
  const [res] = await responded;
  res.resume();
  await once(req, 'close');
  server.close();
  http.globalAgent.destroy();
});

test('an oversized response head fails with HPE_HEADER_OVERFLOW, a larger maxHeaderSize lets it in', async () => {
  const server = http.createServer((req, res) => {
    res.setHeader('x', 'y'.repeat(20_000));
    res.end();
  });
  const port = await listening(server);
  const [error] = await once(http.get({ port }), 'error');
  assert.equal(error.code, 'HPE_HEADER_OVERFLOW');
  assert.ok(error.rawPacket.length > 0);
  const [res] = await once(http.get({ port, maxHeaderSize: 40_000 }), 'response');
  assert.equal(res.headers.x.length, 20_000);
  await bodyOf(res);
  server.close();
  http.globalAgent.destroy();
});

// What the request channels published about an answered request and a failing one.
async function published(module) {
  const diagnostics = require('node:diagnostics_channel');
  const seen = [];
  const names = ['http.client.request.start', 'http.client.response.finish', 'http.client.request.error'];
  const listeners = names.map((name) => {
    const listener = (message) => seen.push([name, Object.keys(message).join()]);
    diagnostics.subscribe(name, listener);
    return listener;
  });
  const server = http.createServer((req, res) => (req.url === '/' ? res.end() : res.destroy()));
  const port = await listening(server);
  const req = module.get({ port });
  const [res] = await once(req, 'response');
  res.resume();
  await once(req, 'close');
  await once(module.get({ port, path: '/x' }), 'error');
  names.forEach((name, index) => diagnostics.unsubscribe(name, listeners[index]));
  server.close();
  module.globalAgent.destroy();
  return seen;
}

test('diagnostics channels report start, response and error of a request', async () => {
  const seen = await published(http);
  assert.deepEqual(seen.slice(0, 3), [
    ['http.client.request.start', 'request'],
    ['http.client.response.finish', 'request,response'],
    ['http.client.request.start', 'request'],
  ]);
  // Before 20.20 and 22.12 no channel publishes an error.
  assert.deepEqual(seen, await published(require('node:http')));
});

test('a performance entry is made for each request while there is an observer', async (t) => {
  const { PerformanceObserver } = require('node:perf_hooks');
  const entries = [];
  const observer = new PerformanceObserver((list) => entries.push(...list.getEntries()));
  const server = http.createServer((req, res) => res.end());
  t.after(() => server.close());
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const ask = async (path, options) => {
    const req = http.get({ port, path, agent: false, ...options });
    const [res] = await once(req, 'response');
    res.resume();
    await once(req, 'close');
  };
  // Not observed, shortly before and on a connection that is kept.
  await ask('/', { agent });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await ask('/');
  observer.observe({ entryTypes: ['http'] });
  await ask('/0');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await ask('/1', { agent });
  await new Promise(setImmediate);
  observer.disconnect();
  const mine = entries.filter((entry) => entry.name === 'HttpClient');
  assert.deepEqual(mine.map((entry) => [entry.detail.req.method, entry.detail.res.statusCode]), [['GET', 200], ['GET', 200]]);
});

test('createClient is there, is not enumerable, warns, and makes requests to its host', async () => {
  assert.equal(Object.keys(http).includes('createClient'), false);
  const server = http.createServer((req, res) => res.end(`${req.method} ${req.url} ${req.headers['x-a']}`));
  const port = await listening(server);
  const warned = once(process, 'warning');
  const client = http.createClient(port, '127.0.0.1');
  const [warning] = await warned;
  assert.equal(warning.name, 'DeprecationWarning');
  const req = client.request('PUT', '/p', { 'x-a': 'b' });
  req.end();
  const [res] = await once(req, 'response');
  assert.equal(await bodyOf(res), 'PUT /p b');
  const plain = client.request('/q');
  plain.end();
  const [second] = await once(plain, 'response');
  assert.equal(await bodyOf(second), 'GET /q undefined');
  server.close();
});

test('an upload of 100 MiB by pipe keeps pace with a server that hesitates', async () => {
  const { Readable } = require('node:stream');
  const MIB = 1 << 20;
  let received = 0;
  const server = http.createServer((req, res) => {
    let hesitated = false;
    req.on('data', (chunk) => {
      received += chunk.length;
      if (hesitated || received < 10 * MIB) return;
      hesitated = true;
      req.pause();
      setTimeout(() => req.resume(), 200);
    });
    req.on('end', () => res.end());
  });
  const port = await listening(server);
  const block = Buffer.alloc(MIB);
  let given = 0;
  let ahead = 0;
  const source = new Readable({
    highWaterMark: MIB,
    read() {
      ahead = Math.max(ahead, given - received);
      if (given === 100 * MIB) return this.push(null);
      given += MIB;
      this.push(block);
    },
  });
  const req = http.request({ port, method: 'POST' });
  source.pipe(req);
  const [res] = await once(req, 'response');
  await bodyOf(res);
  assert.equal(received, 100 * MIB);
  // What the two streams, and the kernel on both sides of a loopback connection (at most 6 MiB and 4 MiB), hold.
  assert.ok(ahead < 20 * MIB, `${ahead / MIB} MiB ahead`);
  server.close();
  http.globalAgent.destroy();
});
