'use strict';
// Strict mode over real sockets: the option, the error path, and that other connections are not affected.

const assert = require('node:assert');
const builtin = require('node:http');
const test = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const lines = require('../../lib/compat/node-features');
const { HIDDEN } = require('./rows');
const { TRANSPORTS, answered, recording, send } = require('./observe');
const { subtest } = require('../support/subtest');
const { exchange, serving } = require('../server/exchange');

// What the parser of a line refuses without strict mode.
const [MAJOR, MINOR] = lines.llhttp;
const parserSince = (major, minor) => MAJOR > major || (MAJOR === major && MINOR >= minor);
const refusedAnyway = new Set([
  ...(parserSince(9, 3) ? [] : ['the answer RTSP']),
  ...(parserSince(9, 4) ? ['an empty Transfer-Encoding'] : []),
]);

const REFUSED = [
  ['two Host fields', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 'HPE_STRICT_HOST'],
  ['a list in Host', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 'HPE_STRICT_HOST'],
  ['a path in Host', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 'HPE_STRICT_HOST'],
  ['userinfo in Host', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', 'HPE_STRICT_HOST'],
  ['a bad port in Host', 'GET / HTTP/1.1\r\nHost: a:b\r\n\r\n', 'HPE_STRICT_HOST'],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 'HPE_STRICT_HOST'],
  ['an asterisk for GET', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n', 'HPE_STRICT_TARGET'],
  ['userinfo in the target', 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n', 'HPE_STRICT_TARGET'],
  ['chunked in HTTP/1.0', 'POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'HPE_STRICT_TRANSFER_ENCODING'],
  ['an empty Transfer-Encoding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nContent-Length: 2\r\n\r\nab', 'HPE_INVALID_TRANSFER_ENCODING'],
  ['HTTP/0.9', 'GET / HTTP/0.9\r\nHost: a\r\n\r\n', 'HPE_STRICT_VERSION'],
  ['HTTP/2.0', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 'HPE_STRICT_VERSION'],
  ['no version', 'GET /\r\nHost: a\r\n\r\n', 'HPE_STRICT_VERSION'],
  ['RTSP', 'GET / RTSP/1.0\r\nHost: a\r\n\r\n', 'HPE_STRICT_VERSION'],
  ['many empty lines', '\r\n'.repeat(1000) + HIDDEN, 'HPE_STRICT_EMPTY_LINE'],
];

for (const transport of TRANSPORTS) {
  test(`${transport}: refused in strict mode, and without it where the built-in refuses`, async (t) => {
    await recording(http, { transport, strict: true }, async (strictPort, strictRecord) => {
      await recording(http, { transport, strict: false }, (port, recordOf) => recording(builtin, {}, async (builtinPort, builtinRecord) => {
        for (const [name, bytes, code] of REFUSED) {
          await subtest(t, name, async () => {
            for (const size of [bytes.length, 1]) {
              const seen = await send(strictPort, strictRecord, bytes + HIDDEN, bytes.length > 500 ? undefined : size);
              assert.deepStrictEqual(seen, { requests: [], codes: [code], statuses: [400], closed: true });
            }
            const plain = await send(port, recordOf, bytes);
            assert.deepStrictEqual(plain, await send(builtinPort, builtinRecord, bytes));
            assert.strictEqual(plain.requests.length, refusedAnyway.has(name) ? 0 : 1);
          });
        }
      }));
    });
  });

  test(`${transport}: honest requests are served in strict mode`, async () => {
    await recording(http, { transport, strict: true }, async (port, recordOf) => {
      const bytes = 'GET /1 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n' +
        'POST /2 HTTP/1.1\r\nHost: a.b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nGET /3 HTTP/1.0\r\n\r\n';
      for (const size of [bytes.length, 1, 7]) {
        const seen = await send(port, recordOf, bytes, size);
        assert.deepStrictEqual(seen.requests.map((request) => request.url), ['/1', '*', '/2', '/3']);
        assert.deepStrictEqual(seen.codes, []);
      }
    });
  });
}

test('the default answer of a strict server is node’s 400', async () => {
  const server = http.createServer({ strict: true }, (req, res) => res.end());
  const { text, closed } = await serving(server, (port) => exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'));
  assert.deepStrictEqual([text, closed], ['HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', true]);
});

test('a strict request refuses what is no HTTP/1.x answer', async (t) => {
  const answers = [
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'HPE_STRICT_VERSION'],
    ['HTTP/0.9', 'HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n', 'HPE_STRICT_VERSION'],
    ['RTSP', 'RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'HPE_STRICT_VERSION'],
    ['chunked in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'HPE_STRICT_TRANSFER_ENCODING'],
    ['an empty line before', '\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'HPE_STRICT_EMPTY_LINE'],
  ];
  for (const [name, bytes, code] of answers) {
    await subtest(t, name, async () => {
      for (const size of [bytes.length, 1]) {
        const seen = await answered(http, bytes, { strict: true }, size);
        assert.deepStrictEqual([seen.code, seen.status], [code, undefined]);
      }
      const plain = await answered(http, bytes);
      assert.strictEqual(plain.code, (await answered(builtin, bytes)).code);
      assert.strictEqual(plain.code === undefined, !refusedAnyway.has(`the answer ${name}`));
    });
  }
  const fine = await answered(http, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', { strict: true });
  assert.deepStrictEqual([fine.body, fine.complete], ['ok', true]);
});

test('the option is a boolean, and no companion of insecureHTTPParser', () => {
  for (const make of [(options) => http.createServer(options), (options) => https.createServer(options),
                      (options) => http.request({ port: 1, ...options })]) {
    assert.throws(() => make({ strict: 1 }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => make({ strict: true, insecureHTTPParser: true }), { code: 'ERR_INVALID_ARG_VALUE' });
  }
});
