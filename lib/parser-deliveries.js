'use strict';
// Deliveries of a thread: each is of one read, from what the core has made of its bytes to the callbacks.
//
// Owns whose memory is what. A callback may parse again, and may have the event loop run, in which other connections are read: so
// each open delivery has bytes and event words of its own. A parser knows its delivery by a number, and has no reference to
// memory of the core.
//
// What a program gets may be transferred to another thread, with the memory it is of. So a piece of a body is of memory that nothing
// else is of but other pieces of the same read, as in node; never of the core's, nor of the pool that small Buffers are of.

const { Buffer } = require('node:buffer');

/** Room for all fields of 16 KiB, the default limit of a head, that have five bytes and more, and so for the error behind them. */
const EVENT_WORDS = 16384;

class Delivery {
  constructor() {
    // The bytes, and where among them they begin and end.
    this.chunk = undefined;
    this.start = 0;
    this.end = 0;
    // Whether they are in memory that no program is shown. Then pieces of bodies are of this copy, which begins there.
    this.isHidden = false;
    this.copy = undefined;
    this.copiedFrom = 0;
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
// A chunk of a program's that is not shown either.
let hidden;

/** @returns {Int32Array} event words that no open delivery has */
function spareEvents() {
  return depth === 0 ? outermostEvents : new Int32Array(EVENT_WORDS);
}

/**
 * Opens a delivery, of nothing yet.
 * @param {Uint8Array|undefined} chunk
 * @param {number} start
 * @param {number} end
 * @param {boolean} isHidden whether the chunk is of memory that no program is shown
 * @returns {number} never 0
 */
function openDelivery(chunk, start, end, isHidden) {
  if (depth === deliveries.length) deliveries.push(new Delivery());
  const delivery = deliveries[depth++];
  delivery.chunk = chunk;
  delivery.start = start;
  delivery.end = end;
  delivery.isHidden = isHidden;
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
  delivery.chunk = delivery.copy = undefined;
  delivery.text = '';
}

/**
 * Has pieces of this chunk be copies.
 * @param {Buffer} chunk that a parser executes next
 */
function hide(chunk) {
  hidden = chunk;
}

/**
 * @param {Uint8Array} chunk that a parser executes
 * @returns {boolean} whether it is the one that was hidden
 */
function isHidden(chunk) {
  return chunk === hidden;
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
  if (!delivery.isHidden) {
    return Buffer.isBuffer(chunk) ? chunk.subarray(start, end) : Buffer.from(chunk.buffer, chunk.byteOffset + start, end - start);
  }
  // It has no bytes any more if a piece was transferred.
  if (delivery.copy === undefined || delivery.copy.length === 0) {
    delivery.copy = ownCopy(chunk, start, delivery.end);
    delivery.copiedFrom = start;
  }
  const { copy, copiedFrom } = delivery;
  return start === copiedFrom && end === delivery.end ? copy : copy.subarray(start - copiedFrom, end - copiedFrom);
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

module.exports = { EVENT_WORDS, closeDelivery, copyOf, deliveryOf, hide, isHidden, openDelivery, ownCopy, pieceOf, spareEvents, unshared };
