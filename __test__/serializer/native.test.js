'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const native = require('../../lib/native/addon');

const LINE = 'HTTP/1.1 200 OK\r\n';
const NAME = 1;
const VALUE = 2;
const FIRST_LINE = 3;
const COUNT = 4;
const TRAILER = 5;
const told = new Int32Array(4);

function render(fields, { line = LINE, flags = 1 | 4 | 8, count = fields.length, length = -1 } = {}) {
  const block = fields.map(([name, value]) => `${name}\0${value}\0`).join('');
  return native.renderHead(line + block, count, flags, length, 0, 0, told);
}

test('a head holds the given fields first, then those that the rules add', () => {
  assert.strictEqual(render([['a', 'b'], ['X-Latin', '\xe9']]),
    `${LINE}a: b\r\nX-Latin: \xe9\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n`);
});

test('the Date of a head is the present one', () => {
  const [, date] = /^Date: (.*)\r$/m.exec(render([], { flags: 2 }));
  assert.strictEqual(new Date(date).toUTCString(), date);
  assert.ok(Math.abs(Date.now() - Date.parse(date)) < 2000);
});

test('the number that refuses a head names the field and the reason', () => {
  const good = ['a', 'b'];
  assert.strictEqual(render([good, ['a b', 'x']]), 8 + NAME);
  assert.strictEqual(render([good, ['a', 'x\ny']]), 8 + VALUE);
  assert.strictEqual(render([['\u0100', 'x'], good]), NAME);
  assert.strictEqual(render([good, good, ['a', '\u010a']]), 16 + VALUE);
  assert.strictEqual(render([good], { line: 'GET /\u010d HTTP/1.1\r\n' }), FIRST_LINE);
  assert.strictEqual(render([good], { line: 'HTTP/1.1 200 OK' }), FIRST_LINE);
  assert.strictEqual(render([good], { count: 2 }) & 7, COUNT);
  assert.strictEqual(render([['Trailer', 'x'], ['Content-Length', '3']]), TRAILER);
});

test('a given Content-Length is reported with its field, large ones in two words', () => {
  render([['a', 'b'], ['content-length', '9007199254740991']]);
  assert.strictEqual(told[1], 1);
  assert.strictEqual(told[3] * 2 ** 32 + (told[2] >>> 0), Number.MAX_SAFE_INTEGER);
  render([['content-length', '1e3']]);
  assert.deepStrictEqual([...told.subarray(1)], [0, -1, -1]);
  render([]);
  assert.deepStrictEqual([...told.subarray(1)], [-1, -1, -1]);
});

test('heads of any size are rendered, and small ones after a large one', () => {
  for (const size of [1, 1000, 1022, 1023, 1024, 1025, 70_000, 1_000_000, 5]) {
    const value = 'v'.repeat(size);
    assert.ok(render([['a', value]]).startsWith(`${LINE}a: ${value}\r\nConnection`), `${size}`);
    assert.strictEqual(render([['a', `${value}\n`]]), VALUE);
  }
});

test('interim heads', () => {
  assert.strictEqual(native.renderInterim('HTTP/1.1 103 Early Hints\r\nLink\0</a>\0', 1, 0), 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
  assert.strictEqual(native.renderInterim('HTTP/1.1 103 Early Hints\r\nLink\0</a>\r\nb: c\0', 1, 0), VALUE);
});
