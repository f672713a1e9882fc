'use strict';
// The body of a request that upgrades: up to Node 25 it is the start of the other protocol; since 26 it is the
// request's, and the handed-over data begin after it. Ours does what the running one does.

const assert = require('node:assert/strict');
const builtin = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { test } = require('node:test');
const http = require('../..');
const { turns } = require('../support/turns');

const HEAD = 'POST /u HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: b\r\n';
const SIZED = `${HEAD}Content-Length: 3\r\n\r\n`;
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

const readRequest = (req, stream, heard) => req.on('data', (data) => heard('body', String(data)));
const read = (req, stream, heard) => stream.on('data', (data) => heard('stream', String(data)));
const both = (...all) => {
  readRequest(...all);
  read(...all);
};

// What the peer sends, piece by piece, and what the program does; null ends.
const CASES = {
  'a body in one piece with the head': [[`${SIZED}abcde`], both],
  'an empty body': [[`${HEAD}Content-Length: 0\r\n\r\nab`, 'cd'], both],
  'a body in pieces': [[`${SIZED}a`, 'bc', 'de', 'fg'], both],
  'a body that ends within a piece': [[SIZED, 'abcd', 'ef'], both],
  'a body that is read, and nothing else': [[`${SIZED}a`, 'bcde', 'fg'], readRequest],
  'a body that nobody reads': [[`${SIZED}a`, 'bcde', 'fg'], read],
  'a stream that is read late': [[`${SIZED}a`, 'bcde', 'fg'], (req, stream, heard) => turns(60).then(() => read(req, stream, heard))],
  'nothing that is read': [[`${SIZED}a`, 'bcde', 'fg'], () => {}],
  'chunks': [[`${CHUNKED}1\r\na\r\n`, '2\r\nbc\r\n0\r\nx: 1\r\n\r\nrest', 'more'], both],
  'chunks that are none': [[`${CHUNKED}1\r\na\r\n`, 'zz\r\nbc', 'more'], both],
  'a peer that ends before the body': [[`${SIZED}a`, null], both],
  'a peer that ends behind it': [[`${SIZED}a`, 'bcde', null], both],
  'an answer that ends': [[`${SIZED}a`, 'bcde', 'fg'], (req, stream, heard) => {
    both(req, stream, heard);
    stream.end('bye');
  }],
  'a stream that is destroyed': [[`${SIZED}a`, 'bcde'], (req, stream) => stream.destroy()],
  'a request that is destroyed': [[`${SIZED}a`, 'bcde'], (req) => req.destroy()],
  'a CONNECT': [['CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na', 'bcde'], both],
  'an expectation': [[`${HEAD}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`, 'abcde'], both],
};

async function served(module, transport, pieces, program) {
  const log = [];
  const server = module.createServer({ transport });
  const onUpgrade = (req, stream, head) => {
    const heard = (...what) => log.push(what.join(' '));
    heard('upgrade', stream.constructor.name, Object.keys(stream).includes('undefined'), String(head), req.complete, req.readableLength, stream === req.socket);
    for (const event of ['end', 'error', 'close']) stream.on(event, () => heard('stream', event));
    for (const event of ['end', 'aborted', 'error', 'close']) req.on(event, () => heard('request', event));
    stream.write('HTTP/1.1 101 X\r\n\r\n');
    program(req, stream, heard);
  };
  const sockets = [];
  server.on('connection', (socket) => sockets.push(socket));
  server.on('upgrade', onUpgrade).on('connect', onUpgrade).on('clientError', (error, socket) => {
    log.push(error.code);
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = net.connect(server.address().port, '127.0.0.1');
  peer.on('error', () => {});
  let text = '';
  peer.setEncoding('latin1').on('data', (data) => { text += data; });
  await once(peer, 'connect');
  for (const piece of pieces) {
    if (piece === null) peer.end();
    else if (peer.writable) peer.write(piece);
    await turns(40);
  }
  await turns(60);
  const seen = [...log, text];
  peer.destroy();
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
  return seen;
}

for (const [name, [pieces, program]] of Object.entries(CASES)) {
  test(`a request that upgrades, with ${name}, is handed over as in node`, async () => {
    const expected = await served(builtin, undefined, pieces, program);
    for (const transport of ['native', 'stream']) assert.deepEqual(await served(http, transport, pieces, program), expected, transport);
  });
}
