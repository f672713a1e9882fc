'use strict';
// The fields of heads: from the core's event words to lists of names and values.
//
// Owns what is known of a head besides its list: which of the fields that the server checks it has, and the head that its
// connection repeats (src/parser/head_cache.rs). Never decides what a field means.

const { Array, ArrayIsArray, Map, Uint8Array } = require('../globals/primordials');
const { codes } = require('../util/errors');
const { headersOf } = require('./header-fields');
const native = require('../native/addon');
const { event: { FIELD_WORDS, HEAD_COUNT, HEAD_FLAGS, HEAD_LINE, HEAD_STATUS, HEAD_WORDS, CACHE, CACHED } } = require('../native/layout');

// The number of a head that is cached, or repeats the cached one, is in place of the status.
const HEAD_NUMBER = HEAD_STATUS;

// The fields that the server checks for each request, as bits with their names. UNNUMBERED: a name for which the core has no number.
const UNNUMBERED = 1;
const HOST = 2;
const EXPECT = 4;
const CONTENT_LENGTH = 8;
const TRANSFER_ENCODING = 16;
const SOUGHT = new Map([
  [HOST, 'host'], [EXPECT, 'expect'], [CONTENT_LENGTH, 'content-length'], [TRANSFER_ENCODING, 'transfer-encoding'],
]);

// By the core's number of a field: its name, and its bit. Made with the first parser.
/** @type {string[]|undefined} */
let names;
/** @type {Uint8Array} */
let soughtByNumber;

function readNames() {
  names = native.headerNames();
  const bits = new Map([...SOUGHT].map(([bit, name]) => [name, bit]));
  soughtByNumber = new Uint8Array(names.map((name) => bits.get(name.toLowerCase()) ?? 0));
}

// Which of them the last list has.
let soughtLast = 0;

/**
 * @param {string} text of the events
 * @param {Int32Array} events
 * @param {number} at position of the first field's words
 * @param {number} count of fields
 * @returns {string[]} names and values in turn
 */
function fieldList(text, events, at, count) {
  const list = new Array(2 * count);
  let sought = 0;
  for (let n = 0; n < list.length; n += 2, at += FIELD_WORDS) {
    const name = events[at];
    if (name < 0) {
      sought |= soughtByNumber[-1 - name];
      list[n] = names[-1 - name];
    } else {
      sought |= UNNUMBERED;
      list[n] = text.substr(name, events[at + 1]);
    }
    list[n + 1] = text.substr(events[at + 2], events[at + 3]);
  }
  soughtLast = sought;
  return list;
}

function isListed(list, lower) {
  const { length } = lower;
  for (let n = 0; n < list.length; n += 2) {
    const name = list[n];
    if (name.length === length && name.toLowerCase() === lower) return true;
  }
  return false;
}

/** The head that a connection repeats. */
class Kept {
  constructor(number, line, list, sought) {
    this.number = number;
    this.line = line;
    this.list = list;
    this.sought = sought;
    // Its headers object, made once the head is repeated; and the count and join that it was made with.
    this.headers = null;
    this.count = -1;
    this.join = undefined;
  }

  /** Copying the object costs half of making it. */
  headersOf(count, join) {
    if (this.count !== count || this.join !== join) {
      this.headers = headersOf(this.list, count, join);
      this.count = count;
      this.join = join;
      // All copies would share an array.
      if (ArrayIsArray(this.headers['set-cookie'])) this.headers = null;
    }
    return this.headers === null ? headersOf(this.list, count, join) : { ...this.headers };
  }
}

/** What a parser knows of its heads. */
class Fields {
  constructor() {
    if (names === undefined) readNames();
    this.sought = UNNUMBERED;
    this.kept = null;
    // Whether the last head was the cached one.
    this.repeats = false;
  }

  /** Called when the parser begins a new use. */
  forget() {
    this.kept = null;
  }

  /**
   * @param {string} text of the events
   * @param {Int32Array} events
   * @param {number} at position of a head's words
   * @returns {string[]} its fields, in a list that the caller may keep
   */
  take(text, events, at) {
    const flags = events[at + HEAD_FLAGS];
    if ((flags & CACHED) !== 0) {
      const { list, sought } = this.keptUnder(events[at + HEAD_NUMBER]);
      this.sought = sought;
      this.repeats = true;
      return list.slice();
    }
    const list = fieldList(text, events, at + HEAD_WORDS, events[at + HEAD_COUNT]);
    this.sought = soughtLast;
    this.repeats = false;
    if ((flags & CACHE) !== 0) this.kept = new Kept(events[at + HEAD_NUMBER], this.lineOf(text, events, at), list.slice(), soughtLast);
    return list;
  }

  /** Called for a head whose fields were delivered before: see `has()`. */
  skip() {
    this.sought = UNNUMBERED;
    this.repeats = false;
  }

  /**
   * @param {string} text of the events
   * @param {Int32Array} events
   * @param {number} at position of a head's words
   * @returns {string} its request target, or reason phrase
   */
  lineOf(text, events, at) {
    return (events[at + HEAD_FLAGS] & CACHED) !== 0 ? this.keptUnder(events[at + HEAD_NUMBER]).line : text.substr(events[at + HEAD_LINE], events[at + HEAD_LINE + 1]);
  }

  // The number is always checked: with another head's fields, a request would get another request's rights.
  keptUnder(number) {
    const { kept } = this;
    if (kept === null || kept.number !== number) throw new codes.ERR_INTERNAL_ASSERTION('a head that was not kept');
    return kept;
  }

  /**
   * @param {string[]} list returned by `take()` for the last head, unchanged
   * @param {number} count of its entries that count
   * @param {boolean} join see `headersOf`
   * @returns {object} its headers object
   */
  headersOf(list, count, join) {
    return this.repeats ? this.kept.headersOf(count, join) : headersOf(list, count, join);
  }

  /**
   * Whether the last head has a field, without building a headers object.
   * @param {string[]} list its fields
   * @param {number} field HOST, EXPECT, CONTENT_LENGTH or TRANSFER_ENCODING
   * @returns {boolean}
   */
  has(list, field) {
    return (this.sought & field) !== 0 || ((this.sought & UNNUMBERED) !== 0 && isListed(list, SOUGHT.get(field)));
  }
}

module.exports = { __proto__: null, CONTENT_LENGTH, EXPECT, Fields, HOST, TRANSFER_ENCODING, fieldList };
