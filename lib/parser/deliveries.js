'use strict';
// Deliveries of a thread: each is of one read, from what the core has made of its bytes to the callbacks.
//
// Owns whose memory is what. A callback may parse again, and may have the event loop run, in which other connections are read: so
// each open delivery has bytes and event words of its own. A parser knows its delivery by a number, and has no reference to
// memory of the core.
//
// What a program gets may be transferred to another thread, or read through `buffer`: as in node it is of memory of its own, with nothing
// else in it. None of the core's is shown, nor of the pool that small Buffers are of.

const { ArrayBuffer, Int32Array, MathMin, Uint8Array } = require('../globals/primordials');
const { Buffer } = require('node:buffer');

/** Room for all fields of 16 KiB, the default limit of a head, that have five bytes and more, and so for the error behind them. */
const EVENT_WORDS = 16384;

class Delivery {
  constructor() {
    // The bytes, and where among them they begin and end.
    this.chunk = undefined;
    this.start = 0;
    this.end = 0;
    // What the core made of them: the events, their text, and from where on they count.
    this.events = undefined;
    this.text = '';
    this.offset = 0;
  }
}

// Those that are open, each in a callback of the one before, and others for further ones.
const deliveries = [new Delivery()];
let depth = 0;
// Of a parser's own run that is in no other.
const outermostEvents = new Int32Array(EVENT_WORDS);

/** @returns {Int32Array} event words that no open delivery has */
function spareEvents() {
  return depth === 0 ? outermostEvents : new Int32Array(EVENT_WORDS);
}

/**
 * Opens a delivery, of nothing yet.
 * @param {Uint8Array|undefined} chunk
 * @param {number} start
 * @param {number} end
 * @returns {number} never 0
 */
function openDelivery(chunk, start, end) {
  if (depth === deliveries.length) deliveries.push(new Delivery());
  const delivery = deliveries[depth++];
  delivery.chunk = chunk;
  delivery.start = start;
  delivery.end = end;
  delivery.events = undefined;
  return depth;
}

/**
 * @param {number} number
 * @returns {Delivery}
 */
function deliveryOf(number) {
  return deliveries[number - 1];
}

/** Closes the delivery that was opened last. */
function closeDelivery() {
  const delivery = deliveries[--depth];
  delivery.chunk = undefined;
  delivery.text = '';
}

/**
 * @param {number} number of a delivery
 * @param {number} start
 * @param {number} end
 * @returns {Buffer} these bytes of its chunk; fewer where a callback has taken memory from that
 */
function pieceOf(number, start, end) {
  const { chunk } = deliveryOf(number);
  return ownCopy(chunk, start, MathMin(end, chunk.byteLength));
}

/**
 * @param {number} number of a delivery, or 0 for none
 * @returns {Buffer} a copy of all its bytes
 */
function copyOf(number) {
  if (number === 0) return Buffer.alloc(0);
  const { chunk, start, end } = deliveryOf(number);
  return ownCopy(chunk, start, end);
}

/**
 * @param {Uint8Array} chunk
 * @param {number} [start]
 * @param {number} [end]
 * @returns {Buffer} these bytes, in memory of their own
 */
function ownCopy(chunk, start = 0, end = chunk.byteLength) {
  if (end <= start) return Buffer.alloc(0);
  const copy = Buffer.allocUnsafeSlow(end - start);
  if (Buffer.isBuffer(chunk)) chunk.copy(copy, 0, start, end);
  else copy.set(new Uint8Array(chunk.buffer, chunk.byteOffset + start, end - start));
  return copy;
}

/**
 * @param {Uint8Array} chunk of a program
 * @returns {Uint8Array} the same, or a copy of one that other threads can write while the core reads it
 */
function unshared(chunk) {
  return chunk.buffer instanceof ArrayBuffer ? chunk : ownCopy(chunk);
}

module.exports = { EVENT_WORDS, closeDelivery, copyOf, deliveryOf, openDelivery, ownCopy, pieceOf, spareEvents, unshared };
