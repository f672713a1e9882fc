'use strict';
// The two drivers that read and write connections for this thread, behind one interface (src/transport/host.rs):
//
// - 'native': the reactor, on this thread's event loop. A write is a system call; the answers to pipelined requests leave together,
//   once all the requests are handled.
// - 'offload': I/O threads of the core. A write is queued and handed over with the other events of this turn. What must be sent
//   before the socket closes is sent by this thread.

const { ArrayFrom, Int32Array, ObjectGetOwnPropertyDescriptor, SharedArrayBuffer } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const net = require('node:net');
const { endsAtHangUp, isKnown, isNode } = require('../compat/node-features');
const native = require('../native/addon');
// MAX_BATCH: the most connections that one call of the core delivers. They share the event words equally; a connection that needs
// more comes alone and gets all of them.
const { transport: { FIRST_RECORD, MAX_BATCH, LEVEL_SHIFT, RECORD_WORDS, BATCH } = {} } = require('../native/layout');
const { EVENT_WORDS, ownCopy } = require('../parser/deliveries');
const { hasTickThrown } = require('../parser/dispatch');
const { report } = require('../parser/failures');
const { inRootContext } = require('../util/root-context');
const { NATIVE, OFFLOAD } = require('./owner-state');

/** Bytes of a turn's input buffer: all reads of the turn go into it. */
const INPUT_BYTES = 64 * 1024;

const plain = net.Socket.prototype;
// Other runtimes do not build sockets on libuv handles.
const isLibuv = isNode && ['bytesRead', 'bytesWritten'].every((name) => ObjectGetOwnPropertyDescriptor(plain, name)?.get !== undefined);
const openers = { [NATIVE]: native.transportOpen, [OFFLOAD]: native.offloadOpen };
const isPossible = isLibuv && openers[NATIVE] !== undefined;

// Word 0 holds the number plus 1 of the connection whose pipelined requests are being handled: its answers leave together when the
// core's call has returned and the ticks are drained; then the core clears the word. It is negative while some of those answers
// stay corked. The records of a batch follow: the number of each connection, the start of its bytes in the input, and their count.
const CORKED_CONNECTION = 0;
const TURN_WORDS = FIRST_RECORD + MAX_BATCH * RECORD_WORDS;

/**
 * The memory of one turn, which both the core and JavaScript write. It is shared memory, so the core can use it as long as the
 * thread lives: a program that gets hold of it cannot detach, transfer or resize it.
 */
class Frame {
  constructor() {
    this.input = Buffer.from(new SharedArrayBuffer(INPUT_BYTES));
    this.events = wordsOf(EVENT_WORDS);
    this.turn = wordsOf(TURN_WORDS);
    // Made for the first batch.
    this.shares = undefined;
  }

  /**
   * @param {number} place of a connection in its batch
   * @param {number} count of connections in the batch
   * @returns {Int32Array} the event words of that connection
   */
  eventsOf(place, count) {
    if (count === 1) return this.events;
    this.shares ??= ArrayFrom({ length: MAX_BATCH }, (_, n) => this.events.subarray(n * EVENT_WORDS / MAX_BATCH, (n + 1) * EVENT_WORDS / MAX_BATCH));
    return this.shares[place];
  }
}

/**
 * @param {number} index of a connection
 * @returns {boolean} whether its answers are held back in this turn
 */
function isHeld(index) {
  const held = shown.frame.turn[CORKED_CONNECTION];
  return held === index + 1 || held === -index - 1;
}

/**
 * @param {number} index of a connection whose answers are, or will be, held back
 * @param {boolean} corked whether some of them stay corked after the turn
 */
function hold(index, corked) {
  shown.frame.turn[CORKED_CONNECTION] = corked ? -index - 1 : index + 1;
}

/** Ends the holding back of answers. */
function endHold() {
  shown.frame.turn[CORKED_CONNECTION] = 0;
}

function wordsOf(count) {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

// By level: a handler may run the event loop, so a turn can begin inside a turn.
const frames = isPossible ? [new Frame()] : [];
/** The frame of the turn whose events are being delivered, or were last; and the input that has the current bytes, from `start` on. */
const shown = { frame: frames[0], input: frames[0]?.input, start: 0 };

/**
 * Copies some of the current bytes, from `start` on, into a Buffer of its own.
 * @param {number} start
 * @param {number} length of the current bytes
 * @returns {Buffer}
 */
function received(start, length) {
  return ownCopy(shown.input, shown.start + start, shown.start + length);
}

// Called by the core.
function frameOf(level) {
  frames[level] ??= new Frame();
  const { input, events, turn } = frames[level];
  return [input, events, turn];
}

// An event's kind carries the level of its turn, LEVEL_SHIFT bits up.
const KINDS = (1 << LEVEL_SHIFT) - 1;

function inTurn(level, tell, ...args) {
  const outer = shown.frame;
  shown.frame = frames[level];
  try {
    tell(...args);
  } finally {
    shown.frame = outer;
  }
}

/** One driver and the connections that it reads for this thread. */
class Driver {
  constructor(defersWrites) {
    this.handle = undefined;
    // Whether an I/O thread sends what is written, later.
    this.defersWrites = defersWrites;
    // By number.
    this.attached = [];
    // Handles of connections that were given back and whose end follows the current bytes.
    this.ending = [];
  }
}

const drivers = { [NATIVE]: undefined, [OFFLOAD]: undefined };

/**
 * @param {string} name NATIVE or OFFLOAD
 * @param {Function} onEvent called with the driver, the number of a connection, and the event's kind, value and text
 * @param {Function} onBatch called with the driver, the number of connections in a batch, and their texts
 * @returns {Driver|null} null if this process cannot have that driver
 */
function driverOf(name, onEvent, onBatch) {
  const driver = drivers[name];
  return driver === undefined ? open(name, onEvent, onBatch) : driver;
}

function keepsNothing() {
  return false;
}

function open(name, onEvent, onBatch) {
  drivers[name] = null;
  if (!isPossible || !isKnown()) return null;
  const driver = new Driver(name === OFFLOAD);
  // The async resource of the calls; tools that list what keeps a process running ask it. A call also throws it after a tick has
  // thrown, when Node must run no more ticks now: only an exception prevents that. The core recognizes it.
  const resource = { hasRef: keepsNothing };
  const tellOne = (index, kind, value, text) => {
    hasTickThrown();
    if (kind <= KINDS) onEvent(driver, index, kind, value, text);
    else inTurn(kind >> LEVEL_SHIFT, tellOne, index, kind & KINDS, value, text);
    if (hasTickThrown()) throw resource;
  };
  const tellSome = (index, kind, value, ...texts) => {
    hasTickThrown();
    if (kind === BATCH) onBatch(driver, value, texts);
    else if (kind <= KINDS) onEvent(driver, index, kind, value);
    else inTurn(kind >> LEVEL_SHIFT, tellSome, index, kind & KINDS, value, ...texts);
    if (hasTickThrown()) throw resource;
  };
  // Events of a socket, as opposed to those of its messages, belong to no request, not even to the one being handled when the driver opens.
  driver.handle = inRootContext(openers[name], undefined, frameOf, driver.defersWrites ? tellSome : tellOne, resource, endsAtHangUp ? 1 : 0, report);
  if (driver.handle !== undefined) drivers[name] = driver;
  return drivers[name];
}

/** @returns {number} how many connections the core reads for this thread */
function attachedCount() {
  let count = 0;
  for (const name of [NATIVE, OFFLOAD]) {
    if (drivers[name]) count += native.transportCount(drivers[name].handle);
  }
  return count;
}

/**
 * Keeps the I/O threads alive while a server listens, so that they do not start anew with each connection. Does nothing if there are none.
 * @param {object|null} handle of the server: its close() lets the threads go (a listener of the server's 'close' would be seen)
 */
function keepThreads(handle) {
  if (!drivers[OFFLOAD] || !handle) return;
  const { close } = handle;
  let keeps = true;
  native.transportKeepReady(drivers[OFFLOAD].handle, 1);
  handle.close = function(callback) {
    if (keeps) native.transportKeepReady(drivers[OFFLOAD].handle, -1);
    keeps = false;
    return close.call(this, callback);
  };
}

module.exports = { __proto__: null, FIRST_RECORD, RECORD_WORDS, attachedCount, driverOf, endHold, hold, isHeld, isLibuv, keepThreads, received, shown };
