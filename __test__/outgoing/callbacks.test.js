'use strict';

// Whether the callbacks of write() and end() are called, and with which arguments, on real connections.

const assert = require('node:assert');
const builtin = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { test } = require('node:test');
const ours = require('../..');

const CHUNKED = {};
const COUNTED = { 'Content-Length': 20 };

const WRITES = {
  'a chunk': (req, callback) => req.write('abc', callback),
  'a chunk of bytes': (req, callback) => req.write(Buffer.from('abc'), callback),
  'a chunk in an encoding': (req, callback) => req.write('\u00e9', 'latin1', callback),
  'a chunk of 20000 letters': (req, callback) => req.write('a'.repeat(20000), callback),
  'two chunks in a turn': (req, callback) => { req.write('a', callback); req.write('b', callback); },
  'an empty chunk': (req, callback) => req.write('', callback),
  'a chunk behind the head': (req, callback) => { req.flushHeaders(); setImmediate(() => req.write('a', callback)); },
  'the last chunk': (req, callback) => req.end('a', callback),
};

/** The arguments of the callbacks of a request that is already connected when it is written. */
async function calls(http, headers, write) {
  const server = net.createServer((peer) => peer.on('error', () => {}).resume());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const req = http.request({ host: '127.0.0.1', port: server.address().port, method: 'POST', headers, agent: false });
  const [socket] = await once(req, 'socket');
  await once(socket, 'connect');
  await new Promise(setImmediate);
  const given = [];
  await new Promise((resolve) => {
    write(req, (...args) => {
      given.push(args);
      setImmediate(resolve);
    });
  });
  req.on('error', () => {}).destroy();
  server.close();
  return given;
}

for (const [name, write] of Object.entries(WRITES)) {
  test(`the callback of ${name} gets the same arguments as from the built-in`, async () => {
    for (const headers of [CHUNKED, COUNTED]) {
      const expected = await calls(builtin, headers, write);
      assert.ok(expected.length > 0);
      assert.deepStrictEqual(await calls(ours, headers, write), expected, JSON.stringify(headers));
    }
  });
}

/** What a request reports for an end() with data after it has ended, and was destroyed before or after that. */
async function endAgain(http, first, later) {
  const seen = [];
  const req = http.request({ method: 'POST', createConnection: () => new net.Socket() });
  req.on('error', ({ code }) => seen.push(`error ${code}`)).on('close', () => seen.push('close'));
  for (const method of first) req[method]();
  await later();
  seen.push(req.end('a', ({ code }) => seen.push(`callback ${code}`)) === req);
  await new Promise(setImmediate);
  return seen;
}

const LATER = { 'at once': () => {}, 'in the next turn': () => new Promise(setImmediate) };
for (const first of [['end', 'destroy'], ['destroy', 'end'], ['abort', 'end'], ['end']]) {
  for (const [when, later] of Object.entries(LATER)) {
    test(`end() with data after ${first.join('() and ')}(), ${when}, calls its callback as the built-in does`, async () => {
      const expected = await endAgain(builtin, first, later);
      assert.deepStrictEqual(await endAgain(ours, first, later), expected);
    });
  }
}
