'use strict';
// More fields than maxHeadersCount: Node releases differ in what they do, and ours does what the running one does.

const assert = require('node:assert');
const builtin = require('node:http');
const net = require('node:net');
const test = require('node:test');
const { once } = require('node:events');
const http = require('../..');
const { refusesManyFields } = require('../../lib/compat/node-features');
const { exchange, serving, statuses } = require('./exchange');

const TRANSPORTS = ['native', 'stream'];
// Room for all of them: only their number matters.
const ROOM = 1 << 20;

const fields = (count) => Array.from({ length: count }, (_, n) => `k${n}: ${n}\r\n`).join('');
const request = (count) => `GET / HTTP/1.1\r\nHost: a\r\n${fields(count - 1)}\r\n`;
const trailers = (count) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${fields(count)}\r\n`;

// Input, and maxHeadersCount.
const REQUESTS = {
  'as many as the limit': [request(5), 5],
  'one more': [request(6), 5],
  'one more, its name alone': [request(6).slice(0, -6), 5],
  'one more, each field a write of its own': [request(6).split(/(?<=\r\n)/), 5],
  'one batch of the parser': [request(31), 20],
  'one batch and a field': [request(32), 20],
  'three batches, a limit between': [request(100), 33],
  'three batches, one field more than the limit': [request(100), 99],
  'as many as the default': [request(1000), undefined],
  'more than the default': [request(1200), undefined],
  'no limit': [request(1200), 0],
  'half a field': [request(3), 1.5],
  'a limit that is a string': [request(6), '3'],
  'a limit that is negative': [request(6), -1],
  'two requests, neither with too many': [request(4) + request(4), 5],
  'two requests, the second with too many': [request(4) + request(6), 5],
  'as many trailers as the limit': [trailers(5), 5],
  'one more trailer': [trailers(6), 5],
  'fields and trailers that are too many together': [trailers(4), 5],
};

/** What a server makes of an input: requests with their number of fields, errors, answers. */
async function served(module, transport, input, limit) {
  const log = [];
  const server = module.createServer({ transport, maxHeaderSize: ROOM }, (req, res) => {
    log.push(`head ${Object.keys(req.headers).length} of ${req.rawHeaders.length / 2}`);
    req.on('error', (error) => log.push(error.code)).resume().on('end', () => {
      log.push(`trailers ${Object.keys(req.trailers).length} of ${req.rawTrailers.length / 2}`);
      res.end();
    });
  });
  if (limit !== undefined) server.maxHeadersCount = limit;
  server.on('clientError', (error, socket) => {
    // For long inputs the transport decides how much of it is in one packet.
    log.push(input.length < 4096 ? [error.code, error.bytesParsed, error.rawPacket.length].join(' ') : error.code);
    socket.end('HTTP/1.1 431 Many\r\nConnection: close\r\n\r\n');
  });
  const { text, closed } = await serving(server, (port) => exchange(port, input));
  return [...log, statuses(text).join(), `closed ${closed}`];
}

for (const transport of TRANSPORTS) {
  for (const [name, [input, limit]] of Object.entries(REQUESTS)) {
    test(`${transport}: ${name}: a server does what the built-in one does`, async () => {
      assert.deepStrictEqual(await served(http, transport, input, limit), await served(builtin, transport, input, limit));
    });
  }

  test(`${transport}: a server without a listener answers 431 where the running line refuses the request`, async () => {
    const server = http.createServer({ transport }, (req, res) => res.end());
    server.maxHeadersCount = 2;
    const { text } = await serving(server, (port) => exchange(port, request(3)));
    assert.deepStrictEqual(statuses(text), [refusesManyFields ? 431 : 200]);
  });
}

/** What a client makes of answers with that many fields and trailers, on a fresh connection and on a kept one. */
async function received(module, transport, count, limit) {
  const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${fields(count - 1)}\r\n0\r\n${fields(count)}\r\n`;
  const origin = net.createServer((socket) => socket.on('data', () => socket.write(answer)).on('error', () => {})).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const agent = new module.Agent({ keepAlive: true, transport });
  const log = [];
  for (let n = 0; n < 2; n++) {
    const req = module.get({ host: '127.0.0.1', port: origin.address().port, agent, maxHeaderSize: ROOM });
    if (limit !== undefined) req.maxHeadersCount = limit;
    const [res] = await once(req, 'response');
    await once(res.resume(), 'end');
    log.push(`head ${Object.keys(res.headers).length} of ${res.rawHeaders.length / 2}`,
             `trailers ${Object.keys(res.trailers).length} of ${res.rawTrailers.length / 2}`, `reused ${req.reusedSocket}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  agent.destroy();
  origin.close();
  return log;
}

for (const transport of TRANSPORTS) {
  for (const [count, limit] of [[10, 5], [31, 20], [32, 20], [40, 20], [100, 20], [100, 33], [100, 62], [100, 0], [1200, undefined]]) {
    test(`${transport}: a client with the limit ${limit} keeps as many of ${count} fields as the built-in one does`, async () => {
      const ours = await received(http, transport, count, limit);
      assert.ok(ours.includes('reused true'));
      assert.deepStrictEqual(ours, await received(builtin, transport, count, limit));
    });
  }
}
