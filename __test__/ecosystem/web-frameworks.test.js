'use strict';

// The same small site in each framework, requested by the built-in client.

const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { Readable } = require('node:stream');
const { gunzipSync } = require('node:zlib');
const { after, before, describe, it } = require('node:test');
const { ways, start } = require('./ways');
const { ask, askRaw } = require('./ask');

const numbers = fs.readFileSync(path.join(__dirname, 'static/numbers.txt'));

const frameworks = [
  { name: 'Express 4', app: 'express.js', args: ['express4'], compresses: true },
  { name: 'Express 5', app: 'express.js', args: ['express'], compresses: true },
  { name: 'connect', app: 'connect.js', args: [], compresses: true },
  { name: 'Koa', app: 'koa.js', args: [] },
  { name: 'Fastify', app: 'fastify.js', args: [] },
];

for (const way of ways) {
  for (const framework of frameworks) {
    describe(`${framework.name} with ${way.name}`, () => {
      let app;
      let port;

      before(async () => {
        app = await start(way, framework.app, ...framework.args);
        port = app.ready.port;
      });
      after(() => app?.stop());

      it('stands on the http that is meant', () => {
        assert.equal(app.ready.ours, way.ours);
      });

      it('answers a route', async () => {
        const res = await ask(port, '/hello');
        assert.equal(res.status, 200);
        assert.equal(res.text, 'hello');
      });

      it('hands parameters, query, address, host and headers to a route', async () => {
        const res = await ask(port, '/users/42?x=1', { headers: { 'User-Agent': 'test', 'Host': 'example.test' } });
        assert.deepEqual(res.json(), { id: '42', query: { x: '1' }, ip: '127.0.0.1', host: 'example.test', agent: 'test' });
      });

      it('parses a JSON body', async () => {
        const value = { text: 'grüße €', list: [1, 2, { deep: true }], long: 'x'.repeat(100000) };
        const res = await ask(port, '/json', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });
        assert.equal(res.status, 201);
        assert.deepEqual(res.json(), value);
      });

      it('parses a form', async () => {
        const res = await ask(port, '/form', { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'a=1&b=two+words' });
        assert.deepEqual(res.json(), { a: '1', b: 'two words' });
      });

      it('takes a chunked upload of 5 MiB', async () => {
        const data = randomBytes(5 * 1024 * 1024);
        const pieces = Array.from({ length: 80 }, (_, i) => data.subarray(i * 65536, (i + 1) * 65536));
        const res = await ask(port, '/upload', { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: Readable.from(pieces) });
        assert.deepEqual(res.json(), { bytes: data.length, hash: createHash('sha256').update(data).digest('hex') });
      });

      it('serves a file, its head, its ranges, and says when it has not changed', async () => {
        const whole = await ask(port, '/static/numbers.txt');
        assert.equal(whole.status, 200);
        assert.deepEqual(whole.body, numbers);
        assert.equal(whole.headers['content-length'], String(numbers.length));

        const head = await ask(port, '/static/numbers.txt', { method: 'HEAD' });
        assert.equal(head.status, 200);
        assert.equal(head.headers['content-length'], String(numbers.length));
        assert.equal(head.body.length, 0);

        const part = await ask(port, '/static/numbers.txt', { headers: { Range: 'bytes=10-19' } });
        assert.equal(part.status, 206);
        assert.equal(part.headers['content-range'], `bytes 10-19/${numbers.length}`);
        assert.deepEqual(part.body, numbers.subarray(10, 20));

        const beyond = await ask(port, '/static/numbers.txt', { headers: { Range: `bytes=${numbers.length}-` } });
        assert.equal(beyond.status, 416);

        const unchanged = await ask(port, '/static/numbers.txt', { headers: { 'If-None-Match': whole.headers.etag } });
        assert.equal(unchanged.status, 304);
        assert.equal(unchanged.body.length, 0);
      });

      it('reads cookies and sets two', async () => {
        const res = await ask(port, '/cookie', { headers: { Cookie: 'theme=dark; n=1' } });
        assert.deepEqual(res.json(), { theme: 'dark', n: '1' });
        const set = res.headers['set-cookie'];
        assert.equal(set.length, 2);
        assert.match(set[0], /^a=1;.*HttpOnly/i);
        assert.match(set[1], /^b=2/);
      });

      it('remembers a visitor by its cookie', async () => {
        const first = await ask(port, '/visits');
        const cookie = first.headers['set-cookie'].map((line) => line.split(';')[0]).join('; ');
        const second = await ask(port, '/visits', { headers: { Cookie: cookie } });
        assert.deepEqual([first.json(), second.json()], [{ visits: 1 }, { visits: 2 }]);
      });

      it('redirects', async () => {
        const res = await ask(port, '/redirect');
        assert.equal(res.status, 302);
        assert.equal(res.headers.location, '/hello');
      });

      it('pipes a file into an answer of unknown length', async () => {
        const res = await ask(port, '/stream');
        assert.equal(res.headers['transfer-encoding'], 'chunked');
        assert.deepEqual(res.body, numbers);
      });

      if (framework.compresses) {
        it('compresses through a middleware that replaces write and end', async () => {
          const res = await ask(port, '/stream', { headers: { 'Accept-Encoding': 'gzip' } });
          assert.equal(res.headers['content-encoding'], 'gzip');
          assert.equal(res.headers['content-length'], undefined);
          assert.deepEqual(gunzipSync(res.body), numbers);
        });
      }

      it('answers 404 for what it does not have and 500 for a handler that throws', async () => {
        assert.equal((await ask(port, '/missing')).status, 404);
        const res = await ask(port, '/boom');
        assert.equal(res.status, 500);
        assert.deepEqual(res.json(), { error: 'boom' });
      });

      it('keeps a connection for the next request', async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const first = await ask(port, '/hello', { agent });
        const second = await ask(port, '/hello', { agent });
        assert.deepEqual([first.reused, second.reused, second.text], [false, true, 'hello']);
        agent.destroy();
      });

      it('answers pipelined requests in order', async () => {
        const get = (target, last) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;
        const answer = await askRaw(port, get('/users/1') + get('/hello') + get('/missing') + get('/users/2', true));
        const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => m[1]);
        assert.deepEqual(statuses, ['200', '200', '404', '200']);
        assert.ok(answer.indexOf('"id":"1"') < answer.indexOf('hello'));
        assert.ok(answer.indexOf('hello') < answer.indexOf('"id":"2"'));
      });

      it('goes on after a client that disconnected in the middle of its body', async () => {
        const req = http.request({ host: '127.0.0.1', port, path: '/upload', method: 'POST', headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': 1000 } });
        req.on('error', () => {});
        req.write('half');
        await new Promise((resolve) => setTimeout(resolve, 30));
        req.destroy();
        assert.equal((await ask(port, '/hello')).text, 'hello');
      });
    });
  }
}
