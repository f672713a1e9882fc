'use strict';
// The memory that the core reads into is not visible to any program, and what a program gets is its own: it may
// transfer, detach or resize it.

const { test } = require('node:test');
const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const ours = require('../..');
const { HTTPParser } = require('../../lib/parser/parser');
const { Way, until } = require('../transport/ways');

const WAYS = ['stream', 'native', 'offload'];
const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Transfers the memory of a view, as postMessage() does. */
function transfer(view) {
  structuredClone(view.buffer, { transfer: [view.buffer] });
}

/** Runs a scenario on a server of each transport. */
function eachWay(name, handler, scenario, options) {
  for (const transport of WAYS) {
    test(`${name} (${transport})`, async () => {
      const way = new Way(transport);
      try {
        const server = await way.serve(handler ?? (() => {}), options);
        await scenario(way, server);
      } finally {
        await way.close();
      }
    });
  }
}

const pieces = [];

eachWay('the pieces of a body can be transferred one by one, and every byte is seen', (req, res) => {
  pieces.length = 0;
  req.on('data', (piece) => {
    pieces.push(piece.toString());
    assert.strictEqual(piece.buffer.byteLength, piece.length);
    transfer(piece);
    assert.strictEqual(piece.length, 0);
  });
  req.on('end', () => res.end('ok'));
}, async (way, server) => {
  const client = await way.connect(server);
  const unrelated = Buffer.from('of the pool');
  client.write(`${HEAD}3\r\nabc\r\n4\r\ndefg\r\n1\r\nh\r\n0\r\n\r\n`);
  await until(() => client.text.endsWith('ok'));
  assert.strictEqual(pieces.join(), 'abc,defg,h');
  // The whole program shares the memory of small Buffers.
  assert.strictEqual(unrelated.toString(), 'of the pool');
  assert.strictEqual(Buffer.from('and more').toString(), 'and more');
});

let digest;

eachWay('a large body whose pieces are transferred while it is read does not reach other Buffers', (req, res) => {
  const hash = createHash('md5');
  req.on('data', (piece) => {
    hash.update(piece);
    transfer(piece);
  });
  req.on('end', () => {
    digest = hash.digest('hex');
    res.end('ok');
  });
}, async (way, server) => {
  const body = Buffer.alloc(1_000_000, 'some bytes of a body');
  const others = Array.from({ length: 50 }, () => Buffer.allocUnsafeSlow(65536).fill(0x41));
  const client = await way.connect(server);
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
  client.write(body);
  await until(() => client.text.endsWith('ok'));
  assert.strictEqual(digest, createHash('md5').update(body).digest('hex'));
  for (const other of others) assert.ok(other.every((byte) => byte === 0x41));
});

eachWay('bytes that are not content take no memory of their own', undefined, async (way, server) => {
  const client = await way.connect(server);
  const lines = Buffer.alloc(65536, '\r\n');
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let sent = 0; sent < 16 * 2 ** 20; sent += lines.length) {
    if (!client.write(lines)) await once(client, 'drain');
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  // Some buffers for all reads.
  assert.ok(most <= 2 * lines.length, `${most} bytes`);
});

const currents = [];

eachWay('a piece that is all of a read is of its own length, and getCurrentBuffer() shows no more than its bytes when it was transferred', (req, res) => {
  const { parser } = req.socket;
  currents.length = 0;
  req.on('data', (piece) => {
    assert.strictEqual(piece.buffer.byteLength, piece.length);
    assert.ok(piece.every((byte) => byte === 0x78), 'what was sent');
    transfer(piece);
    assert.strictEqual(piece.length, 0);
    currents.push(parser.getCurrentBuffer().toString('latin1'));
  });
  req.on('end', () => res.end('ok'));
}, async (way, server) => {
  const client = await way.connect(server);
  for (let n = 1; n <= 2; n++) {
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n');
    client.write(Buffer.alloc(300_000, 'x'));
    await until(() => client.text.split('ok').length === n + 1);
    assert.ok(currents.length > 4, 'it came in several reads');
    for (const current of currents) assert.match(current, /^(POST \/ HTTP\/1\.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n)?x*$/);
  }
});

let shown;

eachWay('getCurrentBuffer() returns a copy in its own memory', (req, res) => {
  shown = req.socket.parser.getCurrentBuffer();
  const text = shown.toString();
  transfer(shown);
  shown = [text, req.socket.parser.getCurrentBuffer().toString()];
  res.end('ok');
}, async (way, server) => {
  const client = await way.connect(server);
  const request = 'GET /abc HTTP/1.1\r\nHost: a\r\n\r\n';
  for (let n = 1; n <= 3; n++) {
    client.write(request);
    await until(() => client.text.split('ok').length === n + 1);
    assert.deepStrictEqual(shown, [request, request]);
  }
});

eachWay('rawPacket and the head of an upgrade have their own memory', undefined, async (way, server) => {
  const seen = [];
  const keep = (bytes) => {
    seen.push(bytes.toString());
    transfer(bytes);
  };
  server.on('clientError', (error, socket) => {
    keep(error.rawPacket);
    socket.destroy();
  });
  server.on('upgrade', (req, socket, head) => {
    keep(head);
    socket.destroy();
  });
  const pooled = Buffer.from('pooled');
  for (const text of ['bad\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nmore']) {
    const client = await way.connect(server);
    client.write(text);
    await until(() => client.closed_ || client.ended || client.failed);
  }
  assert.deepStrictEqual(seen, ['bad\r\n\r\n', 'more']);
  assert.strictEqual(pooled.toString(), 'pooled');
});

// Everything reachable from these objects, under any key.
function* reachable(roots) {
  const seen = new Set();
  const list = [...roots];
  while (list.length > 0) {
    const value = list.pop();
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) continue;
    seen.add(value);
    yield value;
    if (ArrayBuffer.isView(value)) continue;
    if (value instanceof Map || value instanceof Set) list.push(...[...value].flat());
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if ('value' in property) list.push(property.value);
    }
  }
}

let found;

eachWay('no memory of the core is reachable from a handler\'s objects', (req, res) => {
  found = [];
  const { socket } = req;
  for (const value of reachable([req, res, socket, socket.parser, socket._handle, req.socket.server])) {
    if (ArrayBuffer.isView(value) && value.byteLength > 0 && !(value.buffer instanceof ArrayBuffer)) found.push(value);
    if (ArrayBuffer.isView(value) && value.byteLength >= 65536) found.push(value);
    if (value instanceof SharedArrayBuffer) found.push(value);
  }
  res.end('ok');
}, async (way, server) => {
  const client = await way.connect(server);
  client.write(`${HEAD}3\r\nabc\r\n`);
  await until(() => client.text.includes('ok'));
  assert.deepStrictEqual(found, []);
});

// ------------------------------------------------------------------------------------------------- what a program parses

function parserWith(callbacks) {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  for (const [name, callback] of Object.entries(callbacks)) parser[HTTPParser[name] | 0] = callback;
  return parser;
}

const REQUEST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345';

test('a chunk of shared memory is parsed from a copy', () => {
  const shared = Buffer.from(new SharedArrayBuffer(REQUEST.length));
  shared.write(REQUEST);
  let body = '';
  const parser = parserWith({
    kOnHeadersComplete() { shared.fill(0); },
    kOnBody(piece) { body += piece; },
  });
  assert.strictEqual(parser.execute(shared), REQUEST.length);
  assert.strictEqual(body, '12345');
});

test('a chunk that a callback detaches is empty, and nothing else happens', () => {
  const chunk = Buffer.allocUnsafeSlow(REQUEST.length);
  chunk.write(REQUEST);
  let body = '';
  const parser = parserWith({
    kOnHeadersComplete() { transfer(chunk); },
    kOnBody(piece) { body += piece; },
  });
  assert.strictEqual(typeof parser.execute(chunk), 'number');
  assert.strictEqual(body, '');
});

test('a chunk that a callback shrinks ends at its new length', { skip: typeof ArrayBuffer.prototype.resize !== 'function' && 'no ArrayBuffer can be resized on this line' }, () => {
  const memory = new ArrayBuffer(REQUEST.length, { maxByteLength: REQUEST.length });
  const chunk = new Uint8Array(memory);
  chunk.set(Buffer.from(REQUEST));
  let body = '';
  const parser = parserWith({
    kOnHeadersComplete() { memory.resize(REQUEST.length - 2); },
    kOnBody(piece) { body += piece; },
  });
  assert.strictEqual(typeof parser.execute(chunk), 'number');
  assert.strictEqual(body, '123');
});

test('written memory can be detached as soon as write() has returned', async () => {
  for (const transport of WAYS) {
    const way = new Way(transport);
    const server = await way.serve((req, res) => {
      const bytes = Buffer.allocUnsafeSlow(5000).fill('x');
      res.write(bytes, () => transfer(bytes));
      res.end('end');
    });
    const client = await way.connect(server);
    client.write('GET / HTTP/1.0\r\n\r\n');
    await until(() => client.ended);
    assert.ok(client.text.endsWith(`${'x'.repeat(5000)}end`), transport);
    await way.close();
  }
});

test('an answer to a client can be transferred piece by piece', async () => {
  const way = new Way('native');
  const server = await way.serve((req, res) => {
    res.write('one ');
    res.end('two');
  });
  const agent = new ours.Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; n < 3; n++) {
    let text = '';
    await new Promise((resolve, reject) => {
      ours.get({ port: server.address().port, host: '127.0.0.1', agent }, (res) => {
        res.on('data', (piece) => {
          text += piece;
          assert.strictEqual(piece.buffer.byteLength, piece.length);
          transfer(piece);
        });
        res.on('end', resolve);
      }).on('error', reject);
    });
    assert.strictEqual(text, 'one two');
  }
  agent.destroy();
  await way.close();
});
