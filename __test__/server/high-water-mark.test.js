'use strict';
// What write() returns if a 'connection' listener has given the socket another high-water mark, compared with the
// built-in of the running Node.

const assert = require('node:assert');
const { test } = require('node:test');
const builtin = require('node:http');
const ours = require('../..');
const { exchange, serving } = require('./exchange');

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function answersOfWrites(http, options, mark, corks) {
  const seen = [];
  const server = http.createServer(options, (req, res) => {
    if (corks) res.cork();
    seen.push(res.writableHighWaterMark);
    for (const size of [10, 1000, 10]) seen.push(res.write('x'.repeat(size)));
    seen.push(res.writableNeedDrain);
    if (corks) res.uncork();
    res.end();
  });
  server.on('connection', (socket) => { socket._writableState.highWaterMark = mark; });
  const { text } = await serving(server, (port) => exchange(port, GET));
  return [seen, text.replace(/Date: .*\r\n/, '')];
}

for (const transport of ['native', 'stream', 'offload']) {
  for (const [mark, corks] of [[1000, true], [1000, false], [100000, true], [100000, false], [1, false]]) {
    test(`${transport}: write() returns the same for a mark of ${mark} as with node, ${corks ? 'corked' : 'not corked'}`, async () => {
      assert.deepStrictEqual(await answersOfWrites(ours, { transport }, mark, corks), await answersOfWrites(builtin, {}, mark, corks));
    });
  }
}
