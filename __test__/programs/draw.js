'use strict';

// What both generators draw from: weighted choices, and the values and steps that servers and clients share.

const { random } = require('../random');

/** Choices from one generator of numbers. */
class Draw {
  /** @param {number} seed */
  constructor(seed) {
    this.number = random(seed);
    for (let n = 0; n < 8; n += 1) this.number(2);
  }

  /** A number of 0 to n - 1. */
  below(n) { return this.number(n); }

  /** True in that many of a hundred cases. */
  chance(percent) { return this.number(100) < percent; }

  of(list) { return list[this.number(list.length)]; }

  /** One of `[weight, maker]` pairs, made. */
  weighted(pairs) {
    let at = this.number(pairs.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, make] of pairs) {
      at -= weight;
      if (at < 0) return typeof make === 'function' ? make(this) : make;
    }
    throw new Error('weights without a sum');
  }

  /** Between `least` and `most` things, each made separately. */
  some(least, most, make) { return Array.from({ length: least + this.number(most - least + 1) }, () => make(this)); }
}

const SIZES = [[6, 5], [3, 0], [3, 1], [3, 100], [3, 1000], [2, 16384], [2, 20000], [1, 70000], [1, 300000]];

/** A chunk of a body. */
function chunk(draw, most = Infinity) {
  return { data: draw.weighted([[6, 'ascii'], [2, 'latin1'], [2, 'wide'], [5, 'bytes'], [1, 'view']]), size: Math.min(most, draw.weighted(SIZES)) };
}

/** A value that is not a chunk. */
function badChunk(draw) { return draw.of([null, 5, true, {}, { not: 'undefined' }, { not: 'symbol' }]); }

/** Arguments of write() and end(), with and without chunk, encoding and callback. */
function bodyArguments(draw, steps, withoutChunk) {
  const args = [];
  if (!draw.chance(withoutChunk)) {
    args.push(draw.chance(3) ? badChunk(draw) : chunk(draw));
    if (draw.chance(15)) args.push(draw.of(['latin1', 'utf8', 'ascii', 'utf16le', 'base64']));
  }
  if (draw.chance(35)) args.push({ callback: draw.chance(25) ? steps(draw) : [] });
  return args;
}

function error(draw) { return draw.chance(50) ? [] : [{ error: 'boom', ...(draw.chance(20) ? { code: 'ECODE' } : {}) }]; }

const FIELD = [['X-A', '1'], ['X-B', ['1', '2']], ['Content-Type', 'text/plain'], ['Connection', 'close'], ['Connection', 'keep-alive'], ['Content-Length', '5'], ['Content-Length', 0], ['Transfer-Encoding', 'chunked'],
  ['Trailer', 'X-T'], ['Date', 'x'], ['Keep-Alive', 'timeout=9'], ['Set-Cookie', ['a=1', 'b=2']], ['X-Bad', 'a\r\nb'], ['bad name', '1'], ['X-Wide', '\u20ac'], ['X-Latin', '\u00e9']];

/** A header field. */
function field(draw) { return draw.of(FIELD); }

/** A header of some fields, as an object or as an array. */
function fields(draw) {
  const pairs = draw.some(0, 2, field);
  if (draw.chance(15)) return pairs.flat();
  return Object.fromEntries(pairs);
}

const WHEN = ['microtask', 'nextTick', 'immediate', 'timer', 'io', 'await', 'step', 'step', 'steps'];

module.exports = { Draw, chunk, bodyArguments, error, field, fields, WHEN };
