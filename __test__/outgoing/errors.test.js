'use strict';

const assert = require('node:assert');
const test = require('node:test');
const http = require('node:http');
const ours = require('../..');
const net = require('node:net');
const { inspect } = require('node:util');
const { AbortError, codes, connResetException, hideFrames } = require('../../lib/util/errors');
const validators = require('../../lib/util/validators');

const VALUES = [
  undefined, null, 1, -0, NaN, Infinity, 1n, true, 'str', 'it\'s', 'a text that is longer than twenty-eight characters',
  Symbol('x'), () => {}, function named() {}, class Named {}, {}, [], new Date(0), /x/, new Map([[1, 2]]), { a: { b: { c: 1 } } },
  Buffer.from('ab'), { constructor: null }, { constructor: { name: '' } }, Object.create(null), 2 ** 60, -(2 ** 40), 123456789.5,
];

/** What a user sees of an error: first line of the stack, name, code, enumerable keys. */
function seen(run) {
  // The built-in leaves the limit at 0 if making one of its messages throws.
  const limit = Error.stackTraceLimit;
  try {
    run();
  } catch (error) {
    return [error.stack.split('\n')[0], error.name, error.code, Object.keys(error), error.constructor.name, String(error)];
  } finally {
    Error.stackTraceLimit = limit;
  }
  return 'no error';
}

const PAIRS = {
  'a header name': [(x) => http.validateHeaderName(x), (x) => validators.validateHeaderName(x)],
  'a header name with a label': [(x) => http.validateHeaderName(x, 'L'), (x) => validators.validateHeaderName(x, 'L')],
  'a header value': [(x) => http.validateHeaderValue('n', x), (x) => validators.validateHeaderValue('n', x)],
  'the name of a bad value': [(x) => http.validateHeaderValue(x, '\n'), (x) => validators.validateHeaderValue(x, '\n')],
  'a string': [(x) => new http.OutgoingMessage().getHeader(x), (x) => validators.validateString(x, 'name')],
  'a boolean': [(x) => http.createServer({ insecureHTTPParser: x ?? null }),
    (x) => validators.validateBoolean(x ?? null, 'options.insecureHTTPParser')],
  'a whole number': [(x) => http.createServer({ requestTimeout: x ?? null, headersTimeout: 0 }),
    (x) => validators.validateInteger(x ?? null, 'requestTimeout', 0)],
  'a number': [(x) => new http.Agent({ maxTotalSockets: x ?? null }), (x) => new ours.Agent({ maxTotalSockets: x ?? null })],
  'one of a list': [(x) => new http.Agent({ scheduling: x || 1 }), (x) => validators.validateOneOf(x || 1, 'scheduling', ['fifo', 'lifo'])],
  'a duration': [(x) => new net.Socket().setTimeout(x), (x) => validators.getTimerDuration(x, 'msecs')],
};

for (const [what, [theirs, own]] of Object.entries(PAIRS)) {
  test(`the check of ${what} gives the same error as the running Node`, () => {
    for (const value of VALUES) {
      assert.deepStrictEqual(seen(() => own(value)), seen(() => theirs(value)), inspect(value));
    }
  });
}

test('an error shows its code only in the first line of its stack and in `code`', () => {
  const error = new codes.ERR_HTTP_HEADERS_SENT('set');
  assert.strictEqual(error.stack.split('\n')[0], 'Error [ERR_HTTP_HEADERS_SENT]: Cannot set headers after they are sent to the client');
  assert.strictEqual(error.message, 'Cannot set headers after they are sent to the client');
  assert.strictEqual(error.name, 'Error');
  assert.strictEqual(error.constructor, Error);
  assert.deepStrictEqual(Object.keys(error), ['code']);
  assert.strictEqual(Object.hasOwn(error, 'name'), false);
});

test('the stack of an error begins where it was made', () => {
  assert.match(new codes.ERR_STREAM_WRITE_AFTER_END().stack.split('\n')[1], /errors\.test\.js/);
});

test('a frame can be hidden together with those it called', () => {
  function inner() { return hideFrames(new codes.ERR_INVALID_CHAR('x'), outer); }
  function outer() { return inner(); }
  const { stack } = outer();
  assert.doesNotMatch(stack, /at inner|at outer/);
  assert.match(stack, /^TypeError \[ERR_INVALID_CHAR\]: Invalid character in x\n/);
});

test('a reset connection is a plain Error', () => {
  const error = connResetException('aborted');
  assert.strictEqual(error.constructor, Error);
  assert.strictEqual(Object.getPrototypeOf(error), Error.prototype);
  assert.strictEqual(error.code, 'ECONNRESET');
  assert.match(error.stack, /^Error: aborted\n.*errors\.test\.js/);
});

test('an abort keeps its reason', () => {
  const error = new AbortError(undefined, { cause: 7 });
  assert.deepStrictEqual([error.name, error.code, error.message, error.cause],
    ['AbortError', 'ABORT_ERR', 'The operation was aborted', 7]);
});

test('an error message lists what is expected by type, class and text', () => {
  const message = (expected) => new codes.ERR_INVALID_ARG_TYPE('a', expected, 1).message;
  assert.strictEqual(message(['string', 'Buffer', 'Uint8Array']),
    'The "a" argument must be of type string or an instance of Buffer or Uint8Array. Received type number (1)');
  assert.strictEqual(message(['Agent-like Object', 'undefined', 'false']),
    'The "a" argument must be one of Agent-like Object, undefined, or false. Received type number (1)');
  assert.strictEqual(message(['string', 'undefined', 'null']),
    'The "a" argument must be of type string or one of undefined or null. Received type number (1)');
});

test('a duration too long for timers is cut, with a warning whose stack shows the caller', (t) => {
  const warnings = [];
  const { emitWarning } = process;
  t.after(() => Object.assign(process, { emitWarning }));
  process.emitWarning = (message, name) => warnings.push([message, name, new Error().stack]);
  assert.strictEqual(validators.getTimerDuration(2 ** 40, 'msecs'), 2 ** 31 - 1);
  assert.strictEqual(validators.getTimerDuration(2 ** 31 - 1, 'msecs'), 2 ** 31 - 1);
  assert.strictEqual(warnings.length, 1);
  assert.strictEqual(warnings[0][1], 'TimeoutOverflowWarning');
  assert.match(warnings[0][2], /errors\.test\.js/);
});

test('the two public header checks have the name and length of the built-in ones', () => {
  for (const name of ['validateHeaderName', 'validateHeaderValue']) {
    assert.strictEqual(validators[name].constructor, Function);
    assert.strictEqual(validators[name].name, http[name].name);
    assert.strictEqual(validators[name].length, http[name].length);
  }
});
