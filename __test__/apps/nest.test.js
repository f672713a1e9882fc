'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { once } = require('node:events');
const WebSocket = require('ws');
const { everyArm, raw, request, sameInAll, skip } = require('./arms');

const json = { 'Content-Type': 'application/json' };
const REQUESTS = {
  parameters: request('GET', '/cats/7?colour=red&colour=blue'),
  refusedByPipe: request('GET', '/cats/seven'),
  body: request('POST', '/sum', json, '{"numbers":[1,2,3]}'),
  refusedByHandler: request('POST', '/sum', json, '{}'),
  brokenBody: request('POST', '/sum', json, '{"numbers":'),
  refusedByGuard: request('GET', '/secret'),
  guarded: request('GET', '/secret', { Authorization: 'Bearer right' }),
  streamed: request('GET', '/file'),
  head: request('HEAD', '/file'),
  thrown: request('GET', '/fails'),
  missing: request('GET', '/missing'),
  pipelined: request('GET', '/cats/1', { Connection: 'keep-alive' }) + request('POST', '/sum', { ...json, Connection: 'keep-alive' }, '{"numbers":[4]}') + request('GET', '/missing'),
};

async function talk(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/talk`);
  const heard = [];
  socket.on('message', (data) => heard.push(data.toString()));
  await once(socket, 'open');
  const all = new Promise((resolve) => {
    socket.on('message', () => heard.length === 6 && resolve());
  });
  socket.send('{"event":"sum","data":[1,2,3]}');
  socket.send('{"event":"many","data":5}');
  await all;
  return { socket, heard };
}

test('Nest: routes, pipes, guards, streamed files, events, a gateway and the end by a signal', { skip }, async (t) => {
  const found = await sameInAll(t, everyArm, async (start) => {
    const app = start([path.join(__dirname, 'programs/nest.js')]);
    const port = await app.port();
    const answers = {};
    for (const [name, text] of Object.entries(REQUESTS)) answers[name] = await raw(port, text);
    // Nest answers with a kept connection.
    answers.events = await raw(port, request('GET', '/events', { Accept: 'text/event-stream' }), [], '\r\n0\r\n\r\n');
    const { socket, heard } = await talk(port);
    const closed = once(socket, 'close');
    const exit = await app.end('SIGTERM');
    const [code] = await closed;
    return { ...answers, heard, code, exit };
  });
  assert.match(found.parameters, /^HTTP\/1\.1 200 OK\r\n[^]*\{"id":7,"colour":\["red","blue"\]\}$/);
  assert.match(found.body, /^HTTP\/1\.1 202 Accepted\r\n[^]*X-Made: by hand\r\n[^]*"sum":6/);
  assert.match(found.streamed, /Transfer-Encoding: chunked\r\n\r\n/);
  assert.match(found.events, /data: \{"n":3\}/);
  assert.equal(found.pipelined.match(/HTTP\/1\.1 \d+/g).join(), 'HTTP/1.1 200,HTTP/1.1 202,HTTP/1.1 404');
  assert.deepEqual(found.heard, ['{"event":"sum","data":6}', ...[0, 1, 2, 3, 4].map((data) => `{"event":"many","data":${data}}`)]);
});
