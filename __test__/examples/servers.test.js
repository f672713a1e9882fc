'use strict';
// The examples that serve: alone, with files, with frameworks.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { ask, askRaw } = require('../ecosystem/ask');
const { examples, start } = require('./start');

test("require('rust-http') of an example is this package", () => {
  const found = createRequire(path.join(examples, 'page/server.js')).resolve('rust-http');
  assert.equal(found, path.resolve(__dirname, '../../lib/index.js'));
});

test('every example is in the list of examples', () => {
  const list = fs.readFileSync(path.join(examples, 'README.md'), 'utf8');
  for (const entry of fs.readdirSync(examples, { withFileTypes: true })) {
    const link = entry.isDirectory() ? `[${entry.name}/](` : `[${entry.name}](${entry.name})`;
    if (entry.name !== 'README.md') assert.ok(list.includes(link), entry.name);
  }
});

test('hello.js greets', async (t) => {
  const { port } = await start(t, 'hello.js');
  const { status, text } = await ask(port, '/');
  assert.deepEqual({ status, text }, { status: 200, text: 'Hello World\n' });
});

test('static-files.js serves files, parts of them, and only what has changed', async (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'static-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  const root = path.join(dir, 'root');
  fs.mkdirSync(path.join(root, 'sub'), { recursive: true });
  const numbers = Buffer.from(Array.from({ length: 100_000 }, (_, n) => n & 0xff));
  fs.writeFileSync(path.join(root, 'numbers.bin'), numbers);
  fs.writeFileSync(path.join(root, 'empty.html'), '');
  fs.writeFileSync(path.join(root, 'sub/ü.html'), '<p>ü');
  fs.writeFileSync(path.join(dir, 'secret'), 'secret');
  const { port } = await start(t, 'static-files.js', { args: [root] });

  const whole = await ask(port, '/numbers.bin?x=1');
  assert.equal(whole.status, 200);
  assert.deepEqual(whole.body, numbers);
  assert.equal(whole.headers['accept-ranges'], 'bytes');
  assert.equal(whole.headers['content-length'], '100000');

  const part = (range, more = {}) => ask(port, '/numbers.bin', { headers: { Range: range, ...more } });
  const cases = [['bytes=10-19', 10, 20], ['bytes=99990-', 99990, 100_000], ['bytes=-5', 99995, 100_000], ['bytes=0-999999', 0, 100_000], ['bytes=5-5', 5, 6]];
  for (const [range, from, to] of cases) {
    const res = await part(range);
    assert.equal(res.status, 206, range);
    assert.equal(res.headers['content-range'], `bytes ${from}-${to - 1}/100000`);
    assert.deepEqual(res.body, numbers.subarray(from, to), range);
  }
  for (const ignored of ['bytes=1-2,4-5', 'lines=1-2', 'bytes=-', 'bytes=a-b']) assert.equal((await part(ignored)).status, 200, ignored);
  for (const beyond of ['bytes=100000-', 'bytes=-0', 'bytes=9-8']) {
    const res = await part(beyond);
    assert.deepEqual([res.status, res.headers['content-range']], [416, 'bytes */100000'], beyond);
  }
  assert.equal((await part('bytes=1-2', { 'If-Range': whole.headers.etag })).status, 206);
  assert.equal((await part('bytes=1-2', { 'If-Range': '"another"' })).status, 200);

  const unchanged = await ask(port, '/numbers.bin', { headers: { 'If-None-Match': whole.headers.etag } });
  assert.deepEqual([unchanged.status, unchanged.body.length], [304, 0]);
  const head = await ask(port, '/numbers.bin', { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '100000', 0]);
  const empty = await ask(port, '/empty.html');
  assert.deepEqual([empty.status, empty.headers['content-length'], empty.headers['content-type']], [200, '0', 'text/html; charset=utf-8']);
  assert.equal((await ask(port, `/sub/${encodeURIComponent('ü')}.html`)).text, '<p>ü');

  assert.equal((await ask(port, '/none')).status, 404);
  assert.equal((await ask(port, '/sub')).status, 404);
  assert.equal((await ask(port, '/numbers.bin/x')).status, 404);
  assert.equal((await ask(port, '/%ff')).status, 400);
  assert.equal((await ask(port, '/', { method: 'POST' })).headers.allow, 'GET, HEAD');
  for (const way of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/sub/../../secret', '//../secret']) {
    assert.match(await askRaw(port, `GET ${way} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 404 /, way);
  }
});

for (const name of ['express.js', 'fastify.js', 'koa.js']) {
  test(`${name} routes`, async (t) => {
    const { port } = await start(t, name);
    const hello = await ask(port, '/hello/Ada');
    assert.deepEqual([hello.status, hello.json()], [200, { hello: 'Ada' }]);
    assert.equal((await ask(port, '/none')).status, 404);
    if (name === 'koa.js') {
      assert.match(hello.headers['server-timing'], /^app;dur=[\d.]+$/);
    } else {
      const sum = await ask(port, '/sum', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '[1,2,3]' });
      assert.deepEqual(sum.json(), { sum: 6 });
    }
  });
}
