'use strict';
// maxHeaderPairs of a parser, compared with the parser of the running Node.

const assert = require('node:assert');
const test = require('node:test');
const builtin = require('../../lib/compat/builtin');
const ours = require('../../lib/parser/parser');

const head = (fields) => `GET / HTTP/1.1\r\n${'kkkk: v\r\n'.repeat(fields)}\r\n`;

/**
 * The events and results of inputs. `prepare` is called before each of them with its number, and before `initialize()`
 * with -1.
 */
function replay(HTTPParser, inputs, prepare, type = HTTPParser.REQUEST) {
  const parser = new HTTPParser();
  prepare(parser, -1);
  parser.initialize(type, {});
  const log = [];
  parser[HTTPParser.kOnMessageBegin] = () => log.push('begin');
  parser[HTTPParser.kOnHeaders] = (headers) => log.push(`fields ${headers.length}`);
  parser[HTTPParser.kOnHeadersComplete] = (major, minor, headers) => {
    log.push(`head ${headers?.length}`);
    prepare(parser, 'head');
    return 0;
  };
  parser[HTTPParser.kOnMessageComplete] = () => log.push('complete');
  for (const [n, input] of inputs.entries()) {
    prepare(parser, n);
    const result = parser.execute(Buffer.from(input));
    log.push(result instanceof Error ? [result.code, result.reason, result.bytesParsed].join() : result);
    if (result instanceof Error) break;
  }
  parser.close();
  return log;
}

function compare(...args) {
  assert.deepStrictEqual(replay(ours.HTTPParser, ...args), replay(builtin.HTTPParser, ...args));
}

const INPUTS = [[head(1), head(5), head(6), head(100)], [head(31), head(32)], [...head(6)], [head(4) + head(6)]];
const VALUES = [
  undefined, null, true, '4', 4n, NaN, Infinity, -1, -0, 0, 0.5, 1, 1.9, 2, 2.9, 3, 4, 10, 11, 62, 64, 80, 200, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 4,
];

for (const value of VALUES) {
  test(`a parser whose maxHeaderPairs is ${typeof value} ${value} takes as many fields as that of the running Node`, () => {
    for (const inputs of INPUTS) {
      compare(inputs, (parser) => { parser.maxHeaderPairs = value; });
      compare(inputs, (parser, when) => { if (when === -1) parser.maxHeaderPairs = value; });
    }
  });
}

test('the limit of pairs does not apply to responses', () => {
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${'kkkk: v\r\n'.repeat(40)}\r\n`;
  compare([answer, answer], (parser) => { parser.maxHeaderPairs = 10; }, builtin.HTTPParser.RESPONSE);
});

test('maxHeaderPairs may change between two requests', () => {
  compare([head(6), head(6)], (parser, when) => { parser.maxHeaderPairs = when > 0 ? 4 : 20; });
  compare([head(2), head(6)], (parser, when) => { parser.maxHeaderPairs = when > 0 ? 20 : 4; });
  compare([head(6) + head(6)], (parser, when) => { parser.maxHeaderPairs = when === 'head' ? 4 : 20; });
});

test('trailers are counted separately from the fields of the head', () => {
  const input = (fields, trailers) => `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${'a: b\r\n'.repeat(fields)}\r\n0\r\n${'t: v\r\n'.repeat(trailers)}\r\n`;
  for (const [fields, trailers] of [[4, 5], [4, 6], [3, 4], [5, 0]]) compare([input(fields, trailers)], (parser) => { parser.maxHeaderPairs = 10; });
});
