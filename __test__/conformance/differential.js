'use strict';

// Our HTTPParser against the running Node's own, on generated inputs, whole and cut.
//   node __test__/conformance/differential.js [N=100000] [SEED=1]
// Both get the same pieces, and must make the same calls with the same arguments and reach the same end: the same bytes
// parsed, the same code and reason, the same result of finish(). Differences are printed with the input.

const builtin = require('../../lib/compat/builtin').HTTPParser;
const { HTTPParser: ours } = require('../../lib/parser/parser');
const { DEVIATIONS } = require('./deviations');
const { inputs } = require('./inputs');

const { kOnBody, kOnHeaders, kOnHeadersComplete, kOnMessageBegin, kOnMessageComplete } = builtin;
const SHOWN = 10;
const EXTRA_LENIENT = [builtin.kLenientNone, builtin.kLenientNone, builtin.kLenientNone, builtin.kLenientAll];

// Records its calls. One of each kind, initialized again for every input, as connections do.
function recorder(Parser) {
  const parser = new Parser();
  const record = { parser, events: [], upgraded: false };
  parser[kOnMessageBegin] = () => { record.events.push('begin'); };
  parser[kOnHeaders] = (headers, url) => { record.events.push(`fields ${url} ${headers.join('|')}`); };
  parser[kOnHeadersComplete] = (major, minor, headers, method, url, status, text, upgrade, keepAlive) => {
    record.events.push(`head ${major}.${minor} ${method} ${url} ${status} ${text} ${upgrade} ${keepAlive} ${headers && headers.join('|')}`);
    record.upgraded ||= upgrade || status === 101;
    return upgrade ? 2 : 0;
  };
  parser[kOnBody] = (buffer) => {
    const { events } = record;
    const text = buffer.toString('latin1');
    if (events.length > 0 && events[events.length - 1].startsWith('body ')) events[events.length - 1] += text;
    else events.push(`body ${text}`);
  };
  parser[kOnMessageComplete] = () => { record.events.push('complete'); };
  return record;
}

const both = [recorder(builtin), recorder(ours)];

// What one of them makes of the pieces.
function run(record, type, pieces, lenient) {
  const { parser } = record;
  record.events = [];
  record.upgraded = false;
  parser.initialize(builtin[type], {}, 0, lenient);
  let result = '';
  for (const piece of pieces) {
    const answer = parser.execute(piece);
    if (typeof answer !== 'number') {
      return { events: record.events, upgraded: record.upgraded, end: `${result}${answer.code} ${answer.reason} at ${answer.bytesParsed}` };
    }
    // After an upgrade the bytes belong to another protocol.
    if (record.upgraded) return { events: record.events, upgraded: true, end: `${result}${answer} switched` };
    result += `${answer} `;
  }
  const end = parser.finish();
  return { events: record.events, upgraded: false, end: `${result}${end === undefined ? 'ended' : `${end.code} ${end.reason}`}` };
}

function same(a, b) {
  if (a.end !== b.end || a.events.length !== b.events.length) return false;
  for (let n = 0; n < a.events.length; n++) if (a.events[n] !== b.events[n]) return false;
  return true;
}

function cut(bytes, cuts) {
  const pieces = [];
  let from = 0;
  for (const at of cuts) {
    if (at > from) pieces.push(bytes.subarray(from, at));
    from = at;
  }
  if (from < bytes.length) pieces.push(bytes.subarray(from));
  return pieces;
}

/**
 * Compares both parsers.
 * @param {number} count inputs, each whole and cut
 * @param {number} seed
 * @returns {{differences: object[], known: number, refused: number, switched: number}}
 */
function compare(count, seed) {
  const next = inputs(seed);
  const report = { differences: [], known: 0, refused: 0, switched: 0 };
  for (let n = 0; n < count; n++) {
    const { type, bytes, cuts } = next();
    const lenient = EXTRA_LENIENT[n % EXTRA_LENIENT.length];
    for (const pieces of cuts.length > 0 ? [[bytes], cut(bytes, cuts)] : [[bytes]]) {
      if (pieces.length === 0) continue;
      const [theirs, mine] = both.map((record) => run(record, type, pieces, lenient));
      if (theirs.upgraded) report.switched++;
      else if (theirs.end.includes('HPE_')) report.refused++;
      if (same(theirs, mine)) continue;
      if (DEVIATIONS.some(({ explains }) => explains(theirs, mine, type, pieces))) report.known++;
      else if (report.differences.push({ n, type, lenient, pieces: pieces.map((piece) => piece.toString('latin1')), theirs, mine }) > 1000) return report;
    }
  }
  return report;
}

if (require.main === module) {
  const [count = 100000, seed = 1] = process.argv.slice(2).map(Number);
  const start = Date.now();
  const { differences, known, refused, switched } = compare(count, seed);
  for (const difference of differences.slice(0, SHOWN)) console.log(JSON.stringify(difference, null, 1));
  console.log(`${count} inputs of seed ${seed} in ${Math.round((Date.now() - start) / 1000)} s, whole and cut: ${refused} runs end in an error, ${switched} in another protocol, ${known} in a known deviation`);
  console.log(`${count - differences.length} of ${count} as the built-in`);
  console.log(`${differences.length > 0 ? 0 : 1} passed, ${differences.length} failed`);
  process.exitCode = differences.length > 0 ? 1 : 0;
}

module.exports = { compare };
