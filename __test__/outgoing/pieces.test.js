'use strict';

// A body in pieces of many sizes, written in one turn: what write() returns, what the response counts, the order of
// calls, and the bytes are those of the built-in, whether the core copies a piece or the stream gathers it.

const assert = require('node:assert');
const net = require('node:net');
const { once } = require('node:events');
const { test } = require('node:test');
const ours = require('../../lib');
const builtin = require('node:http');

const TRANSPORTS = ['stream', 'native', 'offload'];

// Each piece: its length, whether it is text, whether it has a callback, how the socket is corked before it.
const t = (length) => ({ length, text: true });
const b = (length) => ({ length });
const called = (piece) => ({ ...piece, callback: true });
const corked = (piece) => ({ ...piece, cork: true });
const uncorked = (piece) => ({ ...piece, uncork: true });

const BODIES = {
  'pieces of 16 KiB': Array.from({ length: 12 }, () => b(16384)),
  'pieces of 5 KiB': Array.from({ length: 30 }, () => b(5000)),
  'small pieces behind large ones': [b(10), b(20000), t(10), b(3), b(40000), t(5), b(1)],
  'text before and behind bytes': [t(9000), b(9000), t(9000), b(9000), t(100000), b(1)],
  'callbacks among them': [b(10), called(b(20000)), t(10), called(b(3)), b(70000), called(t(5)), b(1)],
  'a callback of a small piece before a large one': [called(b(10)), b(17000), called(t(10)), b(17000)],
  'corked by the program': [b(10), corked(b(20000)), t(10), b(30), uncorked(b(40000)), t(5), corked(b(1)), uncorked(b(70000)), b(2)],
  'one large piece': [b(65536)],
  'one piece of 17 KiB': [b(17000)],
};

function contentOf({ length, text }, n) {
  const letter = String.fromCharCode(97 + n % 26);
  return text ? letter.repeat(length) : Buffer.alloc(length, letter);
}

function write(res, pieces, trace) {
  pieces.forEach((piece, n) => {
    if (piece.cork) res.socket.cork();
    if (piece.uncork) res.socket.uncork();
    const callback = piece.callback ? (error) => trace.push(`called ${n} ${error}`) : undefined;
    trace.push(`write ${n} ${res.write(contentOf(piece, n), callback)} ${res.writableLength} ${res.writableNeedDrain} ${res.socket.writableLength}`);
  });
}

/** What the writer of a body and its peer see of it. */
async function traceOf(http, options, pieces, chunked) {
  const trace = [];
  const server = http.createServer(options, (req, res) => {
    if (!chunked) res.setHeader('Content-Length', pieces.reduce((sum, { length }) => sum + length, 0));
    res.sendDate = false;
    for (const event of ['drain', 'prefinish', 'finish', 'close']) res.on(event, () => trace.push(event));
    write(res, pieces, trace);
    // In a later turn, when there is room.
    const end = () => res.end(() => trace.push('ended'));
    if (res.writableNeedDrain) res.once('drain', end);
    else setImmediate(end);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const client = net.connect(server.address().port, '127.0.0.1');
    const parts = [];
    client.on('data', (part) => parts.push(part));
    client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await once(client, 'close');
    return { trace, bytes: Buffer.concat(parts).toString('latin1') };
  } finally {
    server.close();
    await once(server, 'close');
  }
}

for (const transport of TRANSPORTS) {
  for (const [name, pieces] of Object.entries(BODIES)) {
    for (const chunked of [false, true]) {
      test(`${name}, ${chunked ? 'chunked' : 'of a known length'}, are written as by the built-in: ${transport}`, async () => {
        const expected = await traceOf(builtin, {}, pieces, chunked);
        const got = await traceOf(ours, { transport }, pieces, chunked);
        assert.deepStrictEqual(got.trace, expected.trace);
        assert.ok(got.bytes === expected.bytes, 'the bytes differ');
      });
    }
  }
}
