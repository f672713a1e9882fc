'use strict';
// What 'clientError' gets for each way in which a request can be malformed or cut off: message, own keys in their
// order, reason, bytesParsed, rawPacket and the first line of the stack, compared with the built-in of the running
// Node.

const { test } = require('node:test');
const assert = require('node:assert');
const builtin = require('node:http');
const net = require('node:net');
const ours = require('../..');
const { turns } = require('../support/turns');

const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';

const WIRES = {
  'a body that is cut off': [`${POST}Content-Length: 9\r\n\r\nab`, true],
  'a chunk that is cut off': [`${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nab`, true],
  'a size of a chunk that is cut off': [`${POST}Transfer-Encoding: chunked\r\n\r\n5`, true],
  'a head that is cut off': ['GET / HTTP/1.1\r\nHos', true],
  'a request line that is cut off': ['GE', true],
  'an unknown method': ['FOO / HTTP/1.1\r\n\r\n'],
  'another protocol': ['\x16\x03\x01\x02\x00\x01'],
  'an unknown version': ['GET / HTTP/9.1\r\n\r\n'],
  'a blank in a name': ['GET / HTTP/1.1\r\nHost: a\r\nFo o: b\r\n\r\n'],
  'a zero in a value': ['GET / HTTP/1.1\r\nHost: a\r\nFoo: b\0\r\n\r\n'],
  'a length that is none': [`${POST}Content-Length: x\r\n\r\n`],
  'two framings': [`${POST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`],
  'a size that is none': [`${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
  'a chunk that is longer than said': [`${POST}Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n`],
  'a second request that is wrong': ['GET / HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\n'],
};

function shown(error) {
  const { message, code, reason, bytesParsed, rawPacket, stack } = error;
  const [line] = stack.split('\n');
  return { message, code, reason, bytesParsed, line, rawPacket: rawPacket?.toString('latin1'), keys: Reflect.ownKeys(error).filter((key) => key !== 'stack') };
}

async function errorOf(http, [wire, cut = false]) {
  const server = http.createServer((req) => req.resume());
  const told = new Promise((resolve) => {
    server.on('clientError', (error, socket) => {
      socket.destroy();
      resolve(shown(error));
    });
    // Node 18 accepts some of them.
    setTimeout(() => turns(5).then(() => resolve('none')), 500).unref();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = net.connect(server.address().port, '127.0.0.1');
  client.on('error', () => {}).resume();
  client[cut ? 'end' : 'write'](Buffer.from(wire, 'latin1'));
  const result = await told;
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  return result;
}

for (const [what, wire] of Object.entries(WIRES)) {
  test(`the error of ${what} is node's`, async () => {
    assert.deepStrictEqual(await errorOf(ours, wire), await errorOf(builtin, wire));
  });
}

test('the error of a request that is cut off has no packet and no reason in its message', async () => {
  const { message, reason, keys } = await errorOf(ours, WIRES['a body that is cut off']);
  assert.deepStrictEqual({ message, reason, keys }, {
    message: 'Parse Error', reason: 'Invalid EOF state', keys: ['message', 'bytesParsed', 'code', 'reason'],
  });
});
