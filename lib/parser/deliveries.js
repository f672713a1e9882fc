'use strict';
// The deliveries of a thread: each takes one read from what the core made of its bytes to the callbacks.
//
// Owns the memory of reads. A callback may parse again, and may run the event loop, which reads other connections: so each open
// delivery has bytes and event words of its own. A parser knows its delivery by number and holds no reference to the core's memory.
//
// A program may transfer what it gets to another thread, or read it through `buffer`. As with node, each piece therefore has memory
// of its own with nothing else in it: never the core's, nor the pool of small Buffers.

const { ArrayBuffer, Int32Array, MathMin, Uint8Array } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const native = require('../native/addon');

/** Enough for a head of 16 KiB (the default limit) whose fields have five bytes or more, so that the error after them fits too. */
const EVENT_WORDS = 16384;

/** From this many bytes on the core copies: for fewer, calling it costs more. */
const CORE_COPIES_FROM = 4096;

class Delivery {
  constructor() {
    // The bytes, and where they begin and end in the chunk.
    this.chunk = undefined;
    this.start = 0;
    this.end = 0;
    // Whether nothing else has the memory of the chunk: a piece that is the whole chunk needs no copy.
    this.isOwn = false;
    // What the core made of the bytes: the events, their text, and the offset from which event positions count.
    this.events = undefined;
    this.text = '';
    this.offset = 0;
  }
}

// The first `depth` are open, each within a callback of the one before; the rest are kept for reuse.
const deliveries = [new Delivery()];
let depth = 0;
// The event words of a run that is within no other.
/** @type {Int32Array|undefined} */
let outermostEvents;

/** @type {Uint8Array|undefined} */
let offered;

/**
 * Gives a chunk away to the delivery that is opened for it next.
 * @param {Uint8Array} chunk nothing else has its memory
 */
function offer(chunk) {
  offered = chunk;
}

/** @returns {Int32Array} event words that no open delivery uses */
function spareEvents() {
  if (depth > 0) return new Int32Array(EVENT_WORDS);
  return outermostEvents ??= new Int32Array(EVENT_WORDS);
}

/**
 * Opens a delivery without events.
 * @param {Uint8Array|undefined} chunk
 * @param {number} start
 * @param {number} end
 * @returns {number} its number, never 0
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
 * @returns {Buffer} these bytes, in memory of their own; fewer if a callback has taken memory from the chunk
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
 * @param {Uint8Array} chunk from a program
 * @returns {Uint8Array} the same, or a copy if other threads could write it while the core reads it
 */
function unshared(chunk) {
  return chunk.buffer instanceof ArrayBuffer ? chunk : ownCopy(chunk);
}

module.exports = { __proto__: null, EVENT_WORDS, closeDelivery, copyOf, deliveryOf, offer, openDelivery, ownCopy, pieceOf, spareEvents, unshared };
