'use strict';
// bodyLimit: a body that is too long is refused with 413 as soon as that is known, and its peer sees the answer.

const assert = require('node:assert/strict');
const builtin = require('node:http');
const fs = require('node:fs');
const { once } = require('node:events');
const path = require('node:path');
const tls = require('node:tls');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { get, testsOn, until } = require('../transport/ways');

const REFUSED = 'HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\n\r\n';
const sized = (length, body = 'x'.repeat(length)) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;
const chunked = (body) => `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;

for (const name of ['stream', 'native', 'offload']) {
  const onWay = testsOn(name, 60_000);

  onWay('bodies up to the limit are accepted, one after the other on a connection', async (way) => {
    const server = await way.serve((req, res) => {
      let length = 0;
      req.on('data', (chunk) => { length += chunk.length; }).on('end', () => res.end(`${length}.`));
    }, { bodyLimit: 10 });
    const client = await way.connect(server);
    client.write(get('/') + sized(10) + chunked('5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n') + sized(0));
    await until(() => (client.text.match(/\d+\./g) ?? []).length >= 4);
    assert.equal(client.text.match(/HTTP\/1.1 200/g).length, 4);
    assert.deepEqual(server.stats().parseErrors, {});
  });

  onWay('a length that exceeds it is refused before a handler runs, while the peer sends', async (way) => {
    const seen = [];
    const server = await way.serve((req) => seen.push(req.url), { bodyLimit: 10 });
    const client = await way.connect(server);
    const length = 3_000_000;
    await new Promise((resolve, reject) => { client.write(sized(length), (error) => (error ? reject(error) : resolve())); });
    await until(() => client.ended);
    assert.equal(client.text, REFUSED);
    client.end();
    await until(() => client.closed_);
    assert.deepEqual([client.failed, seen, server.stats().parseErrors, server.stats().limits.bodyLimit], [undefined, [], { HPE_BODY_OVERFLOW: 1 }, 1]);
    await until(() => server.stats().connections.open === 0);
  });

  onWay('a peer that goes on sending chunks, and reads late, gets the 413 all the same', async (way) => {
    const errors = [];
    const server = await way.serve((req) => req.on('error', ({ code }) => errors.push(code)).resume(), { bodyLimit: 10 });
    const client = await way.connect(server);
    client.pause();
    client.write(chunked('5\r\n01234\r\n'));
    const sending = setInterval(() => client.write('5\r\n01234\r\n'), 5);
    await until(() => errors.length === 1);
    await new Promise((resolve) => { setTimeout(resolve, 200); });
    clearInterval(sending);
    client.resume();
    await until(() => client.ended || client.closed_);
    assert.deepEqual([client.text, client.failed, errors], [REFUSED, undefined, ['ECONNRESET']]);
  });

  onWay('chunks that exceed it are refused as soon as one says so, and the handler gets the error', async (way) => {
    const seen = [];
    const server = await way.serve((req, res) => {
      req.on('data', (chunk) => seen.push(String(chunk))).on('error', ({ code }) => seen.push(code)).on('close', () => {
        seen.push('close');
        // Too late for the peer.
        res.end('late');
      });
      res.on('close', () => seen.push('response closed'));
    }, { bodyLimit: 10 });
    const client = await way.connect(server);
    client.write(chunked('5\r\n01234\r\n'));
    await until(() => seen.length === 1);
    client.write('6\r\n');
    await until(() => client.ended);
    assert.equal(client.text, REFUSED);
    client.end();
    await until(() => seen.includes('close') && client.closed_);
    assert.deepEqual(seen.sort(), ['01234', 'ECONNRESET', 'close', 'response closed']);
    await until(() => server.stats().connections.open === 0);
  });

  onWay('an answer that has begun is cut off', async (way) => {
    const server = await way.serve((req, res) => {
      res.write('begun');
      req.on('error', () => {}).resume();
    }, { bodyLimit: 1 });
    const client = await way.connect(server);
    client.write(chunked(''));
    await until(() => client.text.includes('begun'));
    client.write('2\r\n');
    await until(() => client.closed_ || client.ended);
    assert.equal(client.text.includes('413'), false);
  });

  onWay("'clientError' has it as any other parse error", async (way) => {
    const server = await way.serve(() => {}, { bodyLimit: 0 });
    const codes = [];
    server.on('clientError', (error, socket) => {
      codes.push(error.code, error.reason, error.message);
      socket.end('HTTP/1.1 400 Mine\r\n\r\n');
    });
    const client = await way.connect(server);
    client.write(sized(1));
    await until(() => client.ended);
    assert.equal(client.text, 'HTTP/1.1 400 Mine\r\n\r\n');
    assert.deepEqual(codes, ['HPE_BODY_OVERFLOW', 'Body overflow', 'Parse Error: Body overflow']);
  });

  onWay('a client of node:http that sends a long body gets the answer', async (way) => {
    const server = await way.serve((req, res) => res.end('ok'), { bodyLimit: 1000 });
    for (let n = 0; n < 5; n++) {
      const req = builtin.request({ port: server.address().port, host: '127.0.0.1', method: 'POST', agent: false, headers: { 'content-length': 1_000_000 } });
      req.end(Buffer.alloc(1_000_000));
      const [res] = await once(req, 'response');
      assert.deepEqual([res.statusCode, res.headers.connection], [413, 'close']);
      res.resume();
      await once(req, 'close');
    }
  });
}

test('an https server has the limit too', { timeout: 20_000 }, async () => {
  const [key, cert] = ['key', 'cert'].map((name) => fs.readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`)));
  const server = https.createServer({ key, cert, bodyLimit: 1 }, () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false });
  client.write(sized(2));
  let text = '';
  for await (const chunk of client) text += chunk;
  assert.equal(text, REFUSED);
  server.close();
  await once(server, 'close');
});

test('invalid limits are refused', () => {
  for (const module of [http, https]) {
    assert.throws(() => module.createServer({ bodyLimit: '1' }), { code: 'ERR_INVALID_ARG_TYPE' });
    for (const bodyLimit of [-1, 0.5, NaN]) assert.throws(() => module.createServer({ bodyLimit }), { code: 'ERR_OUT_OF_RANGE' });
  }
});
