'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { setImmediate: nextTurn } = require('node:timers/promises');
const builtin = require('../../lib/compat/builtin');
const { OutgoingMessage } = require('../../lib/message/outgoing');
const { kOutHeaders, kUniqueHeaders } = require('../../lib/compat/symbols');

const LINE = 'HTTP/1.1 200 OK\r\n';

/** A head and the decisions that come with it, or the error. */
function render(Class, prepare, headers) {
  const message = new Class();
  const sent = [];
  message._send = (...args) => sent.push(args);
  let error = null;
  try {
    prepare(message);
    message._storeHeader(LINE, headers === undefined ? message[kOutHeaders] : headers);
  } catch (caught) {
    error = [caught.name, caught.code, caught.message];
  }
  const { _header, _headerSent, _last, chunkedEncoding, shouldKeepAlive, _defaultKeepAlive, _contentLength } = message;
  return {
    head: _header && _header.replace(/Date: [^\r]*/, 'Date: D'), _headerSent, _last, chunkedEncoding, shouldKeepAlive, _defaultKeepAlive,
    // Before 20.20 the built-in keeps what it was given; ours is always a number.
    _contentLength: _contentLength === null ? null : +_contentLength, sent, error,
  };
}

const nothing = () => {};

const HEADS = {
  'no fields': [nothing, null],
  'an object of all kinds of values': [nothing, { a: 1, B: ['x', 'y'], n: null, t: true, o: { toString: () => 'text', valueOf: () => 'no' } }],
  'inherited and hidden fields': [nothing, Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3 } })],
  'a flat list': [nothing, ['a', '1', 'B', '2', 'B', ['3', '4']]],
  'a list of pairs': [nothing, [['a', '1'], ['b', ['x', 'y']], ['Cookie', 'a'], ['Cookie', 'b']]],
  'a list of odd length': [nothing, ['a']],
  'a mixed list': [nothing, [['a', '1'], 'b', 'c']],
  'an empty list': [nothing, []],
  'a Map, which has no own fields': [nothing, new Map([['a', 'b']])],
  'text instead of fields': [nothing, 'ab'],
  'lists of cookies': [nothing, { Cookie: ['a', 'b'], 'Set-Cookie': ['a', 'b'] }],
  'unique fields': [(m) => {
    m[kUniqueHeaders] = new Set(['x-a', 'cookie', 'set-cookie']);
    for (const name of ['X-A', 'X-B', 'Cookie', 'Set-Cookie']) m.setHeader(name, ['1', '2']);
  }],
  'an empty name': [nothing, { '': 1 }],
  'a bad name': [nothing, { 'a b': 1 }],
  'a numeric name in a pair': [nothing, [[5, 'x']]],
  'a missing value': [nothing, { a: undefined }],
  'a missing value in a list': [nothing, { a: [undefined] }],
  'a bad value in a list': [nothing, { a: ['ok', '\u1234'] }],
  'a symbol for a value': [nothing, { a: Symbol('x') }],
  'a dispositon in UTF-8': [(m) => {
    m.setHeader('Content-Length', 3);
    m.setHeader('Content-Disposition', '\u00e9');
  }],
  'a dispositon in UTF-8 straight from the user': [nothing, { 'Content-Length': 3, 'Content-Disposition': '\u00e9' }],
  'a disposition before the length': [nothing, { 'Content-Disposition': '\u00e9', 'Content-Length': 3 }],
  'an expectation': [nothing, { Expect: '100-continue' }],
  'chunked': [nothing, { 'Transfer-Encoding': 'chunked' }],
  'another coding': [nothing, { 'Transfer-Encoding': 'gzip' }],
  'two codings': [nothing, { 'Transfer-Encoding': ['gzip', 'chunked'] }],
  'close': [nothing, { Connection: 'close' }],
  'close among others': [nothing, { Connection: 'x, Close' }],
  'keep-alive against the message': [(m) => { m.shouldKeepAlive = false; }, { Connection: 'keep-alive' }],
  'a length that is none': [nothing, { 'Content-Length': 'abc' }],
  'a length in another notation': [nothing, { 'Content-Length': '1e3' }],
  'two lengths': [nothing, { 'Content-Length': ['3', '4'] }],
  'a length beside chunks': [nothing, { 'Transfer-Encoding': 'chunked', 'Content-Length': '3' }],
  'trailers without a body': [(m) => { m._hasBody = false; }, { Trailer: 'x' }],
  'removed fields': [(m) => {
    m._contentLength = 3;
    m.sendDate = true;
    for (const name of ['connection', 'content-length', 'transfer-encoding', 'date']) m.removeHeader(name);
  }],
  'no chunks by default': [(m) => { m.useChunkedEncodingByDefault = false; }],
  'no keep-alive': [(m) => { m.shouldKeepAlive = false; }],
  'the last request': [(m) => { m.maxRequestsOnConnectionReached = true; m._keepAliveTimeout = 5000; }],
  'a keep-alive hint': [(m) => { m._keepAliveTimeout = 1500; m._maxRequestsPerSocket = 7; }],
  'a keep-alive hint of the user': [(m) => { m._keepAliveTimeout = 1500; }, { 'Keep-Alive': 'x' }],
  'chunks for a status without a body': [(m) => { m.statusCode = 204; m._hasBody = false; }, { 'Transfer-Encoding': 'chunked' }],
  'an agent': [(m) => { m.agent = {}; m.useChunkedEncodingByDefault = false; }],
  'a date of the user': [(m) => { m.sendDate = true; }, { Date: 'yesterday' }],
  'a date': [(m) => { m.sendDate = true; }],
};

for (const [name, [prepare, headers]] of Object.entries(HEADS)) {
  test(`a head with ${name} is the built-in's, the first time and when it is remembered`, () => {
    const expected = render(builtin.OutgoingMessage, prepare, headers);
    assert.deepStrictEqual(render(OutgoingMessage, prepare, headers), expected);
    assert.deepStrictEqual(render(OutgoingMessage, prepare, headers), expected);
  });
}

test('a field that went past the checks cannot split a head', () => {
  for (const entry of [['a b', 'x'], ['a', 'x\r\ny: z'], ['a', 'x\0'], ['a\0b', 'c'], ['a', '\u010d\u010a']]) {
    const message = new OutgoingMessage();
    message[kOutHeaders] = { a: entry };
    assert.throws(() => message._storeHeader(LINE, message[kOutHeaders]), { name: 'TypeError' });
    assert.strictEqual(message._header, null);
  }
});

test('a remembered head is not used for the same text split into fewer fields', () => {
  const two = new OutgoingMessage();
  two._storeHeader(LINE, { a: '1', b: '2' });
  assert.match(two._header, /a: 1\r\nb: 2\r\n/);
  assert.throws(() => new OutgoingMessage()._storeHeader(LINE, { a: '1\0b\x002' }), { code: 'ERR_INVALID_CHAR' });
});

test('a first line cannot hold another line', () => {
  assert.throws(() => new OutgoingMessage()._storeHeader('A\r\nB: c\r\n', null), { code: 'ERR_INVALID_CHAR' });
});

test('a head is built again when the second is over, in a loop that keeps turning', async () => {
  const dates = new Set();
  const until = Date.now() + 2100;
  // The time of the turn before: everything due then has run, however long the machine took for this one.
  let earlier = 0;
  while (Date.now() < until) {
    const message = new OutgoingMessage();
    message.sendDate = true;
    message._storeHeader(LINE, null);
    const date = /Date: ([^\r]*)/.exec(message._header)[1];
    dates.add(date);
    assert.ok(Date.parse(date) <= Date.now(), `${date} is to come`);
    // A date of the second before, apart from some milliseconds, would be a remembered one.
    assert.ok(Date.parse(date) > earlier - 1100, `${date} in the turn behind ${new Date(earlier).toISOString()}`);
    earlier = Date.now();
    await nextTurn();
  }
  assert.ok(dates.size >= 2);
});
