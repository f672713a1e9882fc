'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { createServer } = require('../..');
const { exchange, get, serving, statuses } = require('./exchange');

const ok = (req, res) => res.end('ok');
const closing = (status) => `HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`;

test('bytes that are no request are answered with 400, and the connection closes', async () => {
  const answer = await serving(createServer(ok), (port) => exchange(port, 'Oopsie-doopsie\r\n'));
  assert.deepStrictEqual(answer, { text: closing('400 Bad Request'), closed: true });
});

test('a head beyond maxHeaderSize is answered with 431', async () => {
  const large = get('/', `X: ${'x'.repeat(2000)}\r\n`);
  const answer = await serving(createServer({ maxHeaderSize: 1024 }, ok), (port) => exchange(port, large));
  assert.deepStrictEqual(answer, { text: closing('431 Request Header Fields Too Large'), closed: true });
  const { text } = await serving(createServer({ maxHeaderSize: 4096 }, ok), (port) => exchange(port, large));
  assert.deepStrictEqual(statuses(text), [200]);
});

test('chunk extensions beyond 16 KiB are answered with 413', async () => {
  const server = createServer(() => {});
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const answer = await serving(server, (port) => exchange(port, [head, `1;a=${'b'.repeat(20000)}\r\n`]));
  assert.deepStrictEqual(answer, { text: closing('413 Payload Too Large'), closed: true });
});

test('clientError gets the error, the bytes and the socket, and then nothing is answered', async () => {
  const errors = [];
  const server = createServer(ok);
  server.on('clientError', (error, socket) => {
    errors.push([error.name, error.message, error.code, error.bytesParsed, error.rawPacket.toString()]);
    socket.end('mine');
  });
  const { text } = await serving(server, (port) => exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nbad(name: x\r\n\r\n'));
  assert.strictEqual(text, 'mine');
  assert.deepStrictEqual(errors, [[
    'Error', 'Parse Error: Invalid header token', 'HPE_INVALID_HEADER_TOKEN', 28, 'GET / HTTP/1.1\r\nHost: a\r\nbad(name: x\r\n\r\n',
  ]]);
});

test('a request cut short by the end of the stream is an error', async () => {
  const codes = [];
  const server = createServer(ok);
  server.on('clientError', (error, socket) => {
    codes.push(error.code);
    socket.destroy();
  });
  await serving(server, (port) => exchange(port, 'GET / HTTP/1.1\r\nHos', { end: true }));
  assert.deepStrictEqual(codes, ['HPE_INVALID_EOF_STATE']);
});

test('no error response is put into a response that has begun', async () => {
  const server = createServer((req, res) => {
    res.writeHead(200, { 'Content-Length': 4 });
    res.write('ab');
  });
  const { text, closed } = await serving(server, (port) => exchange(port, [get(), 'no request\r\n\r\n']));
  assert.deepStrictEqual([statuses(text), text.slice(-2), closed], [[200], 'ab', true]);
});

test('an answered request and a bad one after it: one response, one error', async () => {
  const { text } = await serving(createServer(ok), (port) => exchange(port, [get(), 'bad\r\n\r\n']));
  assert.deepStrictEqual(statuses(text), [200, 400]);
});

test('insecureHTTPParser accepts what is refused otherwise', async () => {
  const smelly = get('/', 'A: \u0001\r\n');
  const strict = await serving(createServer(ok), (port) => exchange(port, smelly));
  const lenient = await serving(createServer({ insecureHTTPParser: true }, ok), (port) => exchange(port, smelly));
  assert.deepStrictEqual([statuses(strict.text), statuses(lenient.text)], [[400], [200]]);
});

test('an exception in a handler is an uncaught exception and spares other connections', async () => {
  const caught = [];
  const onUncaught = (error) => caught.push(error.message);
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', onUncaught);
  try {
    const server = createServer((req, res) => {
      if (req.url === '/throw') throw new Error('handler');
      res.end('fine');
    });
    await serving(server, async (port) => {
      await exchange(port, get('/throw'));
      assert.deepStrictEqual(statuses((await exchange(port, get('/other'))).text), [200]);
    });
  } finally {
    process.removeListener('uncaughtException', onUncaught);
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  assert.deepStrictEqual(caught, ['handler']);
});

test('the encoding of a served socket cannot be changed', async () => {
  let error;
  const server = createServer((req, res) => {
    try {
      req.socket.setEncoding('utf8');
    } catch (caught) {
      error = caught;
    }
    res.end();
  });
  await serving(server, (port) => exchange(port, get()));
  assert.strictEqual(error.code, 'ERR_HTTP_SOCKET_ENCODING');
});
