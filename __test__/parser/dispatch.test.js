'use strict';
// HTTPParser's dispatch: what callbacks may do to the parser that called them.

const { test } = require('node:test');
const assert = require('node:assert');
const { createHook, executionAsyncId } = require('node:async_hooks');
const { HTTPParser, kAutoContinue } = require('../../lib/parser/parser');

const { REQUEST, RESPONSE, kOnMessageBegin, kOnHeaders, kOnHeadersComplete, kOnBody, kOnMessageComplete } = HTTPParser;
const CHUNKED = Buffer.from('POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n');
const GET = Buffer.from('GET /b HTTP/1.1\r\nHost: x\r\n\r\n');
const POST = Buffer.from('POST /c HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyz');

function logging(type = REQUEST, log = []) {
  const parser = new HTTPParser();
  parser.initialize(type, {});
  parser[kOnMessageBegin] = () => { log.push('begin'); };
  parser[kOnHeaders] = (headers) => { log.push(['trailers', ...headers]); };
  parser[kOnHeadersComplete] = (major, minor, headers, method, url) => { log.push(['head', url]); };
  parser[kOnBody] = (piece) => { log.push(['body', piece.toString()]); };
  parser[kOnMessageComplete] = () => { log.push('complete'); };
  return { parser, log };
}

test('a chunked request calls back in the order of its bytes', () => {
  const { parser, log } = logging();
  assert.strictEqual(parser.execute(CHUNKED), CHUNKED.length);
  assert.deepStrictEqual(log, ['begin', ['head', '/a'], ['body', 'abc'], ['trailers', 'A', 'b'], 'complete']);
});

test('a parser that runs on gives the same events for pipelined requests', () => {
  const input = Buffer.concat([GET, POST, GET, CHUNKED]);
  const stopping = logging();
  const running = logging();
  running.parser[kAutoContinue] = true;
  assert.strictEqual(stopping.parser.execute(input), input.length);
  assert.strictEqual(running.parser.execute(input), input.length);
  assert.deepStrictEqual(running.log, stopping.log);
});

test('a callback may execute on the same parser', () => {
  const { parser, log } = logging();
  parser[kOnMessageComplete] = () => {
    log.push('complete');
    parser[kOnMessageComplete] = () => { log.push('inner complete'); };
    assert.strictEqual(parser.execute(POST), POST.length);
  };
  assert.strictEqual(parser.execute(GET), GET.length);
  assert.deepStrictEqual(log, ['begin', ['head', '/b'], 'complete', 'begin', ['head', '/c'], ['body', 'xyz'], 'inner complete']);
});

test('a callback may execute on another parser without losing its own events', () => {
  const outer = logging();
  const inner = logging();
  outer.parser[kOnHeadersComplete] = (major, minor, headers, method, url) => {
    outer.log.push(['head', url]);
    inner.parser.execute(Buffer.concat([GET, GET, CHUNKED]));
  };
  outer.parser.execute(CHUNKED);
  assert.deepStrictEqual(outer.log, ['begin', ['head', '/a'], ['body', 'abc'], ['trailers', 'A', 'b'], 'complete']);
  assert.strictEqual(inner.log.filter((entry) => entry === 'complete').length, 3);
});

test('a callback that initializes the parser again ends the delivery', () => {
  const { parser, log } = logging();
  parser[kOnHeadersComplete] = (major, minor, headers, method, url) => {
    log.push(['head', url]);
    parser.initialize(REQUEST, {});
  };
  parser.execute(CHUNKED);
  assert.deepStrictEqual(log, ['begin', ['head', '/a']]);
  parser[kOnHeadersComplete] = null;
  assert.strictEqual(parser.execute(GET), GET.length);
});

for (const [slot, code, reason] of [
  [kOnHeadersComplete, 'HPE_CB_HEADERS_COMPLETE', 'User callback error'],
  [kOnBody, 'HPE_JS_EXCEPTION', 'JS Exception'],
  [kOnMessageComplete, 'HPE_CB_MESSAGE_COMPLETE', '`on_message_complete` callback error'],
]) {
  test(`an exception in slot ${slot} leaves execute() and stays as ${code}`, () => {
    const { parser, log } = logging();
    const thrown = new Error('from the callback');
    parser[slot] = () => { throw thrown; };
    assert.throws(() => parser.execute(CHUNKED), (error) => error === thrown);
    const seen = log.length;
    const result = parser.execute(GET);
    assert.strictEqual(result.message, 'Parse Error');
    assert.deepStrictEqual([result.code, result.reason], [code, reason]);
    assert.strictEqual(parser.finish(), undefined);
    assert.strictEqual(log.length, seen);
  });
}

test('kOnHeadersComplete decides about the body', () => {
  const input = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
  const answers = { 0: undefined, 1: undefined, 2: undefined, 3: 'HPE_CB_HEADERS_COMPLETE', 21: 'HPE_PAUSED' };
  for (const [answer, code] of Object.entries(answers)) {
    const { parser, log } = logging(RESPONSE);
    parser[kOnHeadersComplete] = () => Number(answer);
    const result = parser.execute(input);
    assert.strictEqual(result.code, code, `answer ${answer}`);
    assert.strictEqual(log.includes('complete'), answer === '1' || answer === '2', `answer ${answer}`);
  }
});

test('pause() lets the running execute() end and refuses the next', () => {
  const { parser, log } = logging();
  parser[kOnHeadersComplete] = () => { parser.pause(); };
  assert.strictEqual(parser.execute(CHUNKED), CHUNKED.length);
  assert.strictEqual(log.at(-1), 'complete');
  assert.strictEqual(parser.execute(GET).code, 'HPE_PAUSED');
  parser.resume();
  assert.strictEqual(parser.execute(GET), GET.length);
});

test('more events than one call can carry all arrive', () => {
  const { parser, log } = logging();
  parser[kAutoContinue] = true;
  const input = Buffer.concat(Array.from({ length: 5000 }, () => GET));
  assert.strictEqual(parser.execute(input), input.length);
  assert.strictEqual(log.filter((entry) => entry === 'complete').length, 5000);
});

test('execute() without initialize(), or without bytes, throws instead of crashing', () => {
  const parser = new HTTPParser();
  assert.throws(() => parser.execute(GET), TypeError);
  parser.initialize(REQUEST, {});
  assert.throws(() => parser.execute('GET / HTTP/1.1\r\n\r\n'), TypeError);
  assert.throws(() => parser.execute(), TypeError);
  assert.strictEqual(parser.execute(Buffer.alloc(0)), 0);
});

test('callbacks run in the async scope of the parser', () => {
  const seen = [];
  const hook = createHook({ init(id, type, trigger) { if (type === 'HTTPINCOMINGMESSAGE') seen.push({ id, trigger }); } });
  hook.enable();
  const { parser } = logging();
  hook.disable();
  let inside;
  parser[kOnHeadersComplete] = () => { inside = executionAsyncId(); };
  parser.execute(GET);
  assert.deepStrictEqual(seen, [{ id: parser.getAsyncId(), trigger: executionAsyncId() }]);
  assert.strictEqual(inside, parser.getAsyncId());
  parser.free();
  assert.strictEqual(parser.getAsyncId(), -1);
});

test('a connections set holds the parser from initialize() to remove()', () => {
  const connections = new Set();
  const parser = new HTTPParser();
  parser.initialize(REQUEST, {}, 0, 0, connections);
  assert.ok(connections.has(parser));
  parser.remove();
  assert.strictEqual(connections.size, 0);
});

const untimed = !('duration' in HTTPParser.prototype) && 'Node 22 and later have no such methods';

test('headersCompleted() and duration() follow the message', { skip: untimed }, () => {
  const { parser } = logging();
  parser.execute(Buffer.from('POST / HTTP/1.1\r\nContent-Length: 3\r\n'));
  assert.strictEqual(parser.headersCompleted(), false);
  parser.execute(Buffer.from('\r\nab'));
  assert.strictEqual(parser.headersCompleted(), true);
  assert.ok(parser.duration() >= 0);
  parser.execute(Buffer.from('c'));
  assert.strictEqual(parser.duration(), 0);
});
