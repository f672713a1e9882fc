'use strict';
// In strict mode every vector gets the verdict of RFC 9110 and RFC 9112, where they have one: from the parser, whole
// and byte by byte, and from servers in each transport.

const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { once } = require('node:events');
const test = require('node:test');
const http = require('../..');
const { HTTPParser } = require('../../lib/parser/parser');
const { STRICT } = require('../../lib/parser/strict');

const { vectors } = JSON.parse(fs.readFileSync(path.join(__dirname, '../fixtures/vectors-generated.json'), 'utf8'));
const JUDGED = vectors.filter(({ rfc }) => rfc === 'reject' || rfc === 'accept');

// The code of the error for an input, in pieces of `size` bytes; undefined if it is accepted.
function refusal(vector, size) {
  const parser = new HTTPParser();
  parser.initialize(vector.side === 'client' ? HTTPParser.RESPONSE : HTTPParser.REQUEST, {}, 16384, STRICT);
  parser[HTTPParser.kOnHeadersComplete] = (major, minor, headers, method, url, status, text, upgrade) => upgrade ? 2 : 0;
  const bytes = Buffer.from(vector.input, 'latin1');
  try {
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      const result = parser.execute(piece);
      if (typeof result !== 'number') return result.code;
      if (result < piece.length) return undefined;
    }
    return undefined;
  } finally {
    parser.close();
  }
}

/** Connections of a server at once. */
const AT_ONCE = 20;
/**
 * Milliseconds in which an error may still follow an answer; and in which the expected must come, even on a busy
 * machine.
 */
const QUIET = 100;
const PATIENCE = 5000;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// A strict server that records what it saw of each connection, by the client's port.
async function strictServer(transport) {
  const seen = new Map();
  const recordOf = ({ remotePort }) => seen.get(remotePort) ?? seen.set(remotePort, { complete: 0, error: undefined }).get(remotePort);
  const server = http.createServer({ transport, strict: true }, (req, res) => {
    const record = recordOf(req.socket);
    req.on('error', () => {});
    req.resume().on('end', () => {
      record.complete++;
      res.end();
    });
  });
  const onUpgrade = (req, socket) => {
    recordOf(socket).complete++;
    socket.destroy();
  };
  server.on('upgrade', onUpgrade).on('connect', onUpgrade);
  server.on('clientError', (error, socket) => {
    recordOf(socket).error = error.code;
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, seen };
}

// 'reject', 'accept', or 'incomplete' if neither an answer nor an error came.
async function verdict({ server, seen }, vector) {
  const socket = net.connect(server.address().port, '127.0.0.1').setEncoding('latin1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  const { localPort } = socket;
  let text = '';
  socket.on('data', (data) => { text += data; });
  socket.write(vector.input, 'latin1');
  const now = () => {
    const { error, complete } = seen.get(localPort) ?? {};
    if (error !== undefined || /^HTTP\/1\.1 4/m.test(text)) return 'reject';
    return complete > 0 ? 'accept' : 'incomplete';
  };
  const start = Date.now();
  while (now() !== vector.rfc && Date.now() - start < PATIENCE) await pause(5);
  if (vector.rfc === 'accept') await pause(QUIET);
  socket.destroy();
  const got = now();
  seen.delete(localPort);
  return got;
}

for (const transport of ['stream', 'native', 'offload']) {
  test(`a strict server, ${transport}`, async (t) => {
    const target = await strictServer(transport);
    t.after(() => {
      target.server.close();
      target.server.closeAllConnections();
    });
    const rest = JUDGED.filter(({ side }) => side === 'server');
    const counts = { accept: 0, reject: 0 };
    const wrong = [];
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let vector = rest.pop(); vector !== undefined; vector = rest.pop()) {
        const got = await verdict(target, vector);
        if (got === vector.rfc) counts[got]++;
        else wrong.push(`${vector.id}: ${vector.rfc}, got ${got}`);
      }
    }));
    assert.deepStrictEqual(wrong, []);
    assert.deepStrictEqual(counts, { accept: 140, reject: 250 });
  });
}

test('a strict parser', () => {
  const wrong = [];
  for (const vector of JUDGED) {
    for (const size of [Infinity, 1]) {
      const code = refusal(vector, size);
      if ((code !== undefined) !== (vector.rfc === 'reject')) wrong.push(`${vector.id}: ${vector.rfc}, got ${code}`);
    }
  }
  assert.deepStrictEqual(wrong, []);
  assert.strictEqual(JUDGED.length, 390);
});
