'use strict';
// Every attack of rows.js against our server, in each transport, and against our client.

const assert = require('node:assert');
const test = require('node:test');
const { isDeepStrictEqual } = require('node:util');
const http = require('../..');
const builtin = require('../../lib/compat/builtin');
const { llhttp } = require('../../lib/compat/node-features');
const { HIDDEN, REFUSED_REQUESTS, REFUSED_RESPONSES, SERVED_REQUESTS } = require('./rows');
const { TRANSPORTS, answered, recording, send } = require('./observe');
const { subtest } = require('../support/subtest');

// These rows are for the parsers of Node 20.20 and later. Node 18's parser is checked by its oracle.
const isLaxer = llhttp[0] < 9;
const laxer = isLaxer && 'parsers before llhttp 9 take more, and refuse with other codes';

const STATUS = { HPE_HEADER_OVERFLOW: 431, HPE_CHUNK_EXTENSIONS_OVERFLOW: 413 };

// All at once, byte by byte unless that is too many, and in odd pieces.
function sizes(input) {
  return input.length < 400 ? [input.length, 1, 7] : [input.length, 997];
}

for (const transport of TRANSPORTS) {
  test(`${transport}: attacks are refused, and nothing after them is served`, { skip: laxer }, async (t) => {
    await recording(http, { transport }, async (port, recordOf) => {
      for (const [name, bytes, code] of REFUSED_REQUESTS) {
        await subtest(t, name, async () => {
          for (const size of sizes(bytes + HIDDEN)) {
            const seen = await send(port, recordOf, bytes + HIDDEN, size);
            assert.deepStrictEqual(seen.codes, [code]);
            assert.deepStrictEqual(seen.statuses, [STATUS[code] ?? 400]);
            assert.strictEqual(seen.closed, true);
            assert.deepStrictEqual(seen.requests.filter((request) => request.afterError || request.url === '/hidden'), []);
            // A request that began before its body was found wrong never completes.
            assert.deepStrictEqual(seen.requests.filter((request) => request.complete), []);
          }
        });
      }
    });
  });

  test(`${transport}: what the built-in of an early release refuses is refused, and what it takes, taken or refused`, { skip: !isLaxer && 'the rows above say what is refused' }, async (t) => {
    await recording(http, { transport }, (port, recordOf) => recording(require('node:http'), {}, async (builtinPort, builtinRecord) => {
      for (const [name, bytes] of [...REFUSED_REQUESTS, ...SERVED_REQUESTS]) {
        await subtest(t, name, async () => {
          for (const size of sizes(bytes)) {
            const seen = await send(port, recordOf, bytes + HIDDEN, size);
            const theirs = await send(builtinPort, builtinRecord, bytes + HIDDEN, size);
            if (isDeepStrictEqual(seen, theirs)) continue;
            assert.strictEqual(seen.codes.length, 1, `${size}: ${JSON.stringify([seen, theirs])}`);
            assert.deepStrictEqual(seen.requests.filter((request) => request.complete), []);
          }
        });
      }
    }));
  });

  test(`${transport}: what is served, with exactly the body that its framing says`, async (t) => {
    await recording(http, { transport }, async (port, recordOf) => {
      for (const [name, bytes, urls, bodies] of SERVED_REQUESTS) {
        await subtest(t, name, async () => {
          for (const size of sizes(bytes)) {
            const seen = await send(port, recordOf, bytes, size);
            assert.deepStrictEqual(seen.codes, []);
            assert.deepStrictEqual(seen.requests.map((request) => request.url), urls);
            assert.deepStrictEqual(seen.requests.map((request) => request.body), bodies);
            assert.deepStrictEqual(seen.requests.map((request) => request.complete), urls.map(() => true));
          }
        });
      }
    });
  });

  test(`${transport}: nothing is parsed after Connection: close`, async () => {
    const heads = ['GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 'GET /1 HTTP/1.0\r\n\r\n',
                   'POST /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab'];
    await recording(http, { transport }, async (port, recordOf) => {
      for (const head of heads) {
        for (const size of [head.length + HIDDEN.length, 1, 7, head.length]) {
          const seen = await send(port, recordOf, head + HIDDEN, size);
          assert.deepStrictEqual(seen.requests.map((request) => request.url), ['/1'], `${head} in pieces of ${size}`);
          assert.strictEqual(seen.closed, true);
        }
      }
    });
  });

  test(`${transport}: CVE-2026-21710 no accessor of a request throws, whatever the names`, async () => {
    const seen = [];
    const server = http.createServer({ transport }, (req, res) => {
      req.resume();
      req.on('end', () => {
        const parts = [req.headers, req.headersDistinct, req.trailers, req.trailersDistinct];
        seen.push(parts.map((part) => Object.getPrototypeOf(part)), Object.keys(req.headersDistinct));
        res.end();
      });
    });
    const { serving, exchange } = require('../server/exchange');
    const bytes = 'POST / HTTP/1.1\r\nHost: a\r\n__proto__: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n__proto__: y\r\n\r\n';
    await serving(server, (port) => exchange(port, bytes));
    assert.strictEqual(seen.length, 2);
    // null since the releases that fixed it; before, inherited members must not be reachable.
    const distinct = Object.getPrototypeOf(new builtin.IncomingMessage().headersDistinct);
    assert.deepStrictEqual(seen[0].slice(1), [distinct, seen[0][2], distinct]);
    assert.ok(seen[1].includes('__proto__'));
  });
}

test('client: what is refused', { skip: laxer }, async (t) => {
  for (const [name, bytes, code] of REFUSED_RESPONSES) {
    await subtest(t, name, async () => {
      for (const size of sizes(bytes)) {
        const seen = await answered(http, bytes, {}, size);
        assert.strictEqual(seen.code, code);
        assert.strictEqual(seen.complete, false);
      }
    });
  }
});

test('client: a body has exactly the length of its framing', async () => {
  const answers = [
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\n\r\n!\r\n0\r\nX: y\r\n\r\n', 'hello\r\n!'],
    ['HTTP/1.1 200 OK\r\n\r\nto the end\r\n0\r\n\r\n', 'to the end\r\n0\r\n\r\n'],
    ['HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok'],
  ];
  for (const [bytes, body] of answers) {
    for (const size of sizes(bytes)) {
      const seen = await answered(http, bytes, {}, size);
      assert.deepStrictEqual([seen.code, seen.body, seen.complete], [undefined, body, true], bytes);
    }
  }
});
