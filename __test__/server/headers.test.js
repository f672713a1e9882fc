'use strict';

const assert = require('node:assert');
const test = require('node:test');
const builtin = require('../../lib/compat/builtin');
const { IncomingMessage } = require('../../lib/message/incoming');
const ours = require('../..');
const { createServer } = ours;
const { random } = require('../random');
const { exchange, get, serving } = require('./exchange');

const NAMES = [
  'Host', 'host', 'HOST', 'Accept', 'accept', 'Cookie', 'cookie', 'Set-Cookie', 'set-cookie', 'ETag', 'etag', 'Etag', 'User-Agent',
  'X-A', 'x-a', 'Content-Length', 'Server', 'constructor', 'toString', '__proto__', 'hasOwnProperty', '1', '0', 'Date', 'Age',
];
const VALUES = ['', 'a', 'b', 'c, d', 'x=y', '\u00e9'];

function randomList(below) {
  const list = [];
  for (let n = below(12); n >= 0; n--) list.push(NAMES[below(NAMES.length)], VALUES[below(VALUES.length)]);
  return list;
}

function message(Class, list, count, join) {
  const made = new Class();
  made.joinDuplicateHeaders = join;
  made._addHeaderLines(list, count);
  return made;
}

const inheritsNames = Object.getPrototypeOf(new builtin.IncomingMessage().headersDistinct) !== null;

test('headers and headersDistinct of any list are those of the built-in class', () => {
  const below = random(7);
  const lists = Array.from({ length: 300 }, () => randomList(below));
  // Each list several times, in another order: shapes are remembered, and must not be mixed up.
  for (let n = 0; n < 20000; n++) {
    const list = lists[below(lists.length)];
    const count = below(8) === 0 ? below(list.length / 2 + 1) * 2 : list.length;
    const join = below(4) === 0;
    const mine = message(IncomingMessage, list, count, join);
    const theirs = message(builtin.IncomingMessage, list, count, join);
    assert.deepStrictEqual(mine.headers, theirs.headers, JSON.stringify(list));
    assert.deepStrictEqual(Object.keys(mine.headers), Object.keys(theirs.headers));
    // The built-in of Node 18 and 20.19 throws for names that every object inherits.
    if (inheritsNames && list.some((name) => name.toLowerCase() in {})) continue;
    assert.deepStrictEqual(mine.headersDistinct, theirs.headersDistinct);
  }
});

test('a headers object is the message\'s own', () => {
  const list = ['Host', 'a', 'Accept', 'b'];
  const first = message(IncomingMessage, list, 4, false);
  first.headers.host = 'changed';
  first.headers.more = 'x';
  assert.strictEqual(first.headers, first.headers);
  for (let n = 0; n < 40; n++) assert.deepStrictEqual(message(IncomingMessage, list, 4, false).headers, { host: 'a', accept: 'b' });
});

test('headers can be replaced, and lines added to them', () => {
  const made = message(IncomingMessage, ['A', '1'], 2, false);
  made._addHeaderLine('a', '2', made.headers);
  assert.deepStrictEqual(made.headers, { a: '1, 2' });
  made.headers = { mine: true };
  assert.deepStrictEqual(made.headers, { mine: true });
  assert.deepStrictEqual(made.rawHeaders, ['A', '1']);
});

test('an overridden _addHeaderLine is called for each field', () => {
  class Shouting extends IncomingMessage {
    _addHeaderLine(field, value, dest) {
      dest[field.toUpperCase()] = value;
    }
  }
  assert.deepStrictEqual(message(Shouting, ['A', '1', 'b', '2'], 4, false).headers, { A: '1', B: '2' });
});

test('many fields arrive complete when there is no limit', async () => {
  let raw;
  const server = createServer((req, res) => {
    raw = req.rawHeaders;
    res.end();
  });
  server.maxHeadersCount = 0;
  const fields = Array.from({ length: 1500 }, (_, n) => `n${n}: ${n}`);
  await serving(server, (port) => exchange(port, get('/', `${fields.join('\r\n')}\r\n`)));
  assert.deepStrictEqual(raw.slice(2), fields.flatMap((field) => field.split(': ')));
});

const DECIDING = [
  ['Connection', 'close'], ['Connection', 'keep-alive'], ['Connection', ['close', 'x']], ['connection', 'not-close'], ['Connection', 'closed'], ['Content-Length', '5'],
  ['Content-Length', 0], ['Transfer-Encoding', 'chunked'], ['Transfer-Encoding', 'gzip'], ['Keep-Alive', 'timeout=9'], ['Date', 'x'], ['Trailer', 'X'],
];
const DECIDED = ['_last', 'shouldKeepAlive', '_contentLength', 'chunkedEncoding', '_removedConnection', '_removedContLen', '_removedTE', '_defaultKeepAlive', 'sendDate', '_header', 'statusCode'];

function decidedBy({ ServerResponse }, before, fields) {
  const response = new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: {}, rawHeaders: [] });
  Object.assign(response, before);
  assert.throws(() => response.writeHead(200, fields), ({ code }) => code === 'ERR_INVALID_HTTP_TOKEN' || code === 'ERR_INVALID_CHAR' || code === 'ERR_HTTP_INVALID_HEADER_VALUE');
  return DECIDED.map((name) => `${name} ${response[name]}`);
}

test('a head that is refused for one of its fields keeps what earlier fields have decided', () => {
  const STATES = [{}, { shouldKeepAlive: false }, { _removedConnection: true, _removedContLen: true, _removedTE: true }, { _last: true }, { chunkedEncoding: true }];
  for (const [name, value] of DECIDING) {
    for (const before of STATES) {
      const forms = [{ [name]: value, 'bad name': '1' }, { [name]: value, 'X-A': 'a\r\nb' }, { [name]: value, 'X-A': undefined }, { 'bad name': '1', [name]: value },
        [name, value, 'bad name', '1'], [[name, value], ['bad name', '1']], { 'bad name': '1', [name]: undefined }, { [name]: 'a\r\nclose' }];
      for (const fields of forms) {
        assert.deepStrictEqual(decidedBy(ours, before, fields), decidedBy(builtin, before, fields), `${JSON.stringify(fields)} ${JSON.stringify(before)}`);
      }
    }
  }
});
