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
const native = require('../native/addon');

/** Room for all fields of 16 KiB, the default limit of a head, that have five bytes and more, and so for the error behind them. */
const EVENT_WORDS = 16384;

/** Bytes from which on the core copies: below, a call of it costs more. */
const CORE_COPIES_FROM = 4096;

class Delivery {
  constructor() {
    // The bytes, and where among them they begin and end.
    this.chunk = undefined;
    this.start = 0;
    this.end = 0;
    // Whether the chunk is memory of its own that nothing else has: a piece that is all of it needs no copy.
    this.isOwn = false;
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
/** @type {Int32Array|undefined} */
let outermostEvents;

/** @type {Uint8Array|undefined} */
let offered;

/**
 * Gives a chunk away to the delivery that is opened for it next.
 * @param {Uint8Array} chunk all of its memory, which nothing else has
 */
function offer(chunk) {
  offered = chunk;
}

/** @returns {Int32Array} event words that no open delivery has */
function spareEvents() {
  if (depth > 0) return new Int32Array(EVENT_WORDS);
  return outermostEvents ??= new Int32Array(EVENT_WORDS);
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
  delivery.isOwn = offered !== undefined && offered === chunk;
  offered = undefined;
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
 * @returns {Buffer} these bytes of its chunk
 */
function pieceOf(number, start, end) {
  const delivery = deliveryOf(number);
  const { chunk } = delivery;
  if (delivery.isOwn && start === 0 && end === chunk.byteLength) {
    delivery.isOwn = false;
    return chunk;
  }
  return ownCopy(chunk, start, end);
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
 * @returns {Buffer} these bytes, in memory of their own; fewer where a callback has taken memory from the chunk
 */
function ownCopy(chunk, start = 0, end = chunk.byteLength) {
  end = MathMin(end, chunk.byteLength);
  if (end <= start) return Buffer.alloc(0);
  if (end - start >= CORE_COPIES_FROM) return native.copyBytes(chunk, start, end);
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

module.exports = { EVENT_WORDS, closeDelivery, copyOf, deliveryOf, offer, openDelivery, ownCopy, pieceOf, spareEvents, unshared };
