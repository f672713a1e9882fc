'use strict';

// JavaScript gets only a number for a head that a connection repeats (src/parser/head_cache.rs): no program may notice.

const assert = require('node:assert');
const net = require('node:net');
const { once } = require('node:events');
const test = require('node:test');
const { createServer } = require('../..');
const { random } = require('../random');
const { serving } = require('./exchange');

const FIELDS = ['Host', 'localhost', 'Cookie', 'session=0123456789abcdef', 'X-Own', 'a value that is longer'];

function headersOf(fields) {
  return Object.fromEntries(fields.flatMap((name, n) => (n % 2 === 0 ? [[name.toLowerCase(), fields[n + 1]]] : [])));
}

function request({ method = 'GET', target = '/', fields = FIELDS, body = '' }) {
  const lines = fields.flatMap((name, n) => (n % 2 === 0 ? [`${name}: ${fields[n + 1]}\r\n`] : []));
  return {
    bytes: `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`,
    // What the handler should see.
    seen: JSON.stringify([method, target, fields, headersOf(fields), body]),
  };
}

const PLAIN = request({});
const KINDS = [
  PLAIN,
  request({ target: '/a' }),
  request({ target: '/b' }),
  request({ method: 'HEAD' }),
  request({ fields: [...FIELDS.slice(0, 3), 'session=0123456789abcdeF', ...FIELDS.slice(4)] }),
  request({ fields: FIELDS.slice(0, 2) }),
  request({ fields: ['host', 'localhost', ...FIELDS.slice(2)] }),
  request({ method: 'POST', fields: [...FIELDS, 'Content-Length', '2'], body: 'hi' }),
  request({ fields: [...FIELDS, 'X-Long', 'x'.repeat(3000)] }),
];
// Enough fields that they are handed over before the head is complete; then so are those of every later head of the
// connection.
const MANY = request({ fields: FIELDS.concat(...Array.from({ length: 40 }, (_, n) => [`X-${n}`, `${n}`])) });

/** Answers with what it sees in a field, as HEAD has no body; then changes what it was given. */
function echo(req, res) {
  const { method, url, rawHeaders, headers } = req;
  let body = '';
  const seen = () => {
    res.setHeader('X-Seen', encodeURIComponent(JSON.stringify([method, url, rawHeaders, headers, body])));
    rawHeaders[1] = 'spoilt';
    rawHeaders.length = 2;
    headers.host = 'spoilt';
    res.end();
  };
  if (method !== 'POST') {
    seen();
    return;
  }
  req.on('data', (piece) => {
    body += piece;
  }).on('end', seen);
}

/**
 * A connection: `ask(pieces, count)` sends, and returns the X-Seen (or else the status line) of that many responses.
 */
async function connect(port) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let awaited;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    const answers = text.split('\r\n\r\n');
    if (answers.length <= awaited.count) return;
    text = '';
    awaited.resolve(answers.slice(0, -1).map((head) => {
      const seen = /^X-Seen: (.*)$/m.exec(head);
      return seen ? decodeURIComponent(seen[1]) : head.split('\r\n')[0];
    }));
  });
  await once(socket, 'connect');
  return {
    async ask(pieces, count = 1) {
      const answer = new Promise((resolve) => {
        awaited = { count, resolve };
      });
      for (const piece of pieces) {
        socket.write(piece, 'latin1');
        if (pieces.length > 1) await new Promise((next) => setTimeout(next, 5));
      }
      return answer;
    },
    close() {
      socket.destroy();
      return once(socket, 'close');
    },
  };
}

test('repeated heads, in any order, are each seen correctly', async () => {
  await serving(createServer(echo), async (port) => {
    const below = random(26);
    const connection = await connect(port);
    for (let round = 0; round < 500; round++) {
      const kind = round === 400 ? MANY : KINDS[below(KINDS.length)];
      const times = 1 + below(5);
      for (let n = 0; n < times; n++) assert.deepStrictEqual(await connection.ask([kind.bytes]), [kind.seen]);
    }
    await connection.close();
  });
});

test('a head that comes in pieces, or with others, between two equal ones is seen correctly', async () => {
  await serving(createServer(echo), async (port) => {
    const connection = await connect(port);
    const { bytes, seen } = PLAIN;
    const other = KINDS[1];
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 4; n++) assert.deepStrictEqual(await connection.ask([bytes]), [seen]);
      assert.deepStrictEqual(await connection.ask([bytes.slice(0, 30), bytes.slice(30)]), [seen]);
      assert.deepStrictEqual(await connection.ask([bytes]), [seen]);
      assert.deepStrictEqual(await connection.ask([bytes + other.bytes + bytes], 3), [seen, other.seen, seen]);
      assert.deepStrictEqual(await connection.ask([bytes]), [seen]);
      assert.deepStrictEqual(await connection.ask([bytes + bytes.slice(0, 30), bytes.slice(30)], 2), [seen, seen]);
    }
    await connection.close();
  });
});

test('a connection does not see the head that another one has repeated', async () => {
  await serving(createServer(echo), async (port) => {
    const [, first, second] = KINDS;
    for (let round = 0; round < 3; round++) {
      for (const { bytes, seen } of [first, second]) {
        // The parser of one connection is reused for the next.
        const connection = await connect(port);
        for (let n = 0; n < 5; n++) assert.deepStrictEqual(await connection.ask([bytes]), [seen]);
        await connection.close();
      }
    }
  });
});

test('each of several connections sees its own repeated head', async () => {
  await serving(createServer(echo), async (port) => {
    const heads = KINDS.slice(0, 3).concat(KINDS[5]);
    const connections = await Promise.all(heads.map(() => connect(port)));
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(connections.map((connection, n) => connection.ask([heads[n].bytes])));
      assert.deepStrictEqual(answers, heads.map(({ seen }) => [seen]));
    }
    await Promise.all(connections.map((connection) => connection.close()));
  });
});

test('what a repeated head requires of the server holds each time', async () => {
  const server = createServer(echo);
  server.on('checkExpectation', (req, res) => {
    res.statusCode = 417;
    res.end();
  });
  await serving(server, async (port) => {
    const connection = await connect(port);
    const { bytes } = request({ fields: [...FIELDS, 'expect', 'the unexpected'] });
    for (let n = 0; n < 5; n++) assert.deepStrictEqual(await connection.ask([bytes]), ['HTTP/1.1 417 Expectation Failed']);
    for (let n = 0; n < 5; n++) assert.deepStrictEqual(await connection.ask([PLAIN.bytes]), [PLAIN.seen]);
    const hostless = request({ fields: FIELDS.slice(2) });
    const [answer] = await connection.ask([hostless.bytes]);
    // Node 18 does not require Host.
    assert.strictEqual(answer, server.requireHostHeader ? 'HTTP/1.1 400 Bad Request' : hostless.seen);
    await connection.close();
  });
});

test('code that takes a connection over after a repeated head gets what follows it', async () => {
  const server = createServer(echo);
  server.on('upgrade', (req, socket, head) => {
    socket.end(`HTTP/1.1 101 Switching Protocols\r\nX-Seen: ${encodeURIComponent(JSON.stringify([req.rawHeaders, head.toString()]))}\r\n\r\n`);
  });
  await serving(server, async (port) => {
    const connection = await connect(port);
    for (let n = 0; n < 5; n++) assert.deepStrictEqual(await connection.ask([PLAIN.bytes]), [PLAIN.seen]);
    const fields = [...FIELDS, 'Connection', 'Upgrade', 'Upgrade', 'own'];
    const answer = await connection.ask([`${request({ fields }).bytes}behind it`]);
    assert.deepStrictEqual(answer, [JSON.stringify([fields, 'behind it'])]);
    await connection.close();
  });
});
