'use strict';
// Who reads and writes the connections of this thread for it. Two drivers with one interface (src/transport/host.rs):
//
// 'native': the reactor, on the event loop of this thread. A write is a system call; what pipelined requests are answered with leaves
// together, when they have all been handled.
// 'offload': threads of the core. A write only queues: it lags behind, and is handed over with the events of this turn. What
// must be sent at once (before the socket is closed) is sent by this thread.

const { ArrayFrom, Int32Array, ObjectGetOwnPropertyDescriptor, SharedArrayBuffer } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const net = require('node:net');
const { endsAtHangUp, isKnown, isNode } = require('../compat/node-features');
const native = require('../native/addon');
// MAX_BATCH: connections of one call of the core, each with its share of the event words; one that needs more is alone, and has them all.
const { transport: { FIRST_RECORD, MAX_BATCH, LEVEL_SHIFT, RECORD_WORDS, BATCH } = {} } = require('../native/layout');
const { EVENT_WORDS, ownCopy } = require('../parser/deliveries');
const { hasTickThrown } = require('../parser/dispatch');
const { report } = require('../parser/failures');
const { inRootContext } = require('../util/root-context');
const { NATIVE, OFFLOAD } = require('./owner-state');

/** Bytes of the buffer of a turn, into which all its reads go. */
const INPUT_BYTES = 64 * 1024;

const plain = net.Socket.prototype;
// Elsewhere sockets are not made of libuv's handles.
const isLibuv = isNode && ['bytesRead', 'bytesWritten'].every((name) => ObjectGetOwnPropertyDescriptor(plain, name)?.get !== undefined);
const openers = { [NATIVE]: native.transportOpen, [OFFLOAD]: native.offloadOpen };
const isPossible = isLibuv && openers[NATIVE] !== undefined;

// The connection whose pipelined requests are being handled (its number and 1): their answers leave together, when the core
// has called back and ticks are drained. The core then clears the word. It is negative while the connection is corked for longer. Behind
// it, for each connection of a batch: its number, and where in the input its bytes are and how many.
const CORKED_CONNECTION = 0;
const TURN_WORDS = FIRST_RECORD + MAX_BATCH * RECORD_WORDS;

/**
 * The memory of one turn, which the core writes and JavaScript reads, and the other way round. It is shared memory, so that the core can use
 * it as long as the thread lives: no program can detach, transfer or resize it, should one get hold of it.
 */
class Frame {
  constructor() {
    this.input = Buffer.from(new SharedArrayBuffer(INPUT_BYTES));
    this.events = wordsOf(EVENT_WORDS);
    this.turn = wordsOf(TURN_WORDS);
    // Made for the first group.
    this.shares = undefined;
  }

  /**
   * @param {number} place of a connection in a group
   * @param {number} count of connections in it
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
 * @param {number} index of a connection whose answers are held back, or are to be
 * @param {boolean} corked whether some of them wait for more than the end of the turn
 */
function hold(index, corked) {
  shown.frame.turn[CORKED_CONNECTION] = corked ? -index - 1 : index + 1;
}

/** Nothing is held back any more. */
function endHold() {
  shown.frame.turn[CORKED_CONNECTION] = 0;
}

function wordsOf(count) {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

// By level: a handler may have the event loop run, and so a turn begin in a turn.
const frames = isPossible ? [new Frame()] : [];
/** The frame of the turn whose events are delivered, or were last; and where the bytes are that are dealt with. */
const shown = { frame: frames[0], input: frames[0]?.input, start: 0 };

/**
 * The bytes that are dealt with, from `start` on, as a Buffer of their own.
 * @param {number} start
 * @param {number} length of all of them
 * @returns {Buffer}
 */
function received(start, length) {
  return ownCopy(shown.input, shown.start + start, shown.start + length);
}

// For the core.
function frameOf(level) {
  frames[level] ??= new Frame();
  const { input, events, turn } = frames[level];
  return [input, events, turn];
}

// The level of a turn stands LEVEL_SHIFT bits above the kind of its event.
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

/** One driver, and the connections that it reads in this thread. */
class Driver {
  constructor(lags) {
    this.handle = undefined;
    // Whether what is written is sent later, by another thread.
    this.lags = lags;
    // By their number.
    this.attached = [];
    // Handles that were given back with an end behind the bytes that are dealt with.
    this.ending = [];
  }
}

const drivers = { [NATIVE]: undefined, [OFFLOAD]: undefined };

/**
 * @param {string} name NATIVE or OFFLOAD
 * @param {Function} onEvent called with the driver, the number of a connection, and what `transportOpen` says
 * @param {Function} onBatch called with the driver, how many connections of a batch were read, and their texts
 * @returns {Driver|null} null where there can be none
 */
function driverOf(name, onEvent, onBatch) {
  const driver = drivers[name];
  return driver === undefined ? open(name, onEvent, onBatch) : driver;
}

function open(name, onEvent, onBatch) {
  drivers[name] = null;
  if (!isPossible || !isKnown()) return null;
  const driver = new Driver(name === OFFLOAD);
  // Also what is thrown where no ticks are to be run behind a call: an exception is what keeps them from it.
  const resource = {};
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
  // What happens to a socket, rather than to its messages, belongs to no request: not to that of the caller either.
  driver.handle = inRootContext(openers[name], undefined, frameOf, driver.lags ? tellSome : tellOne, resource, endsAtHangUp ? 1 : 0, report);
  if (driver.handle !== undefined) drivers[name] = driver;
  return drivers[name];
}

/** @returns {number} connections that the core reads in this thread */
function attachedCount() {
  let count = 0;
  for (const name of [NATIVE, OFFLOAD]) {
    if (drivers[name]) count += native.transportCount(drivers[name].handle);
  }
  return count;
}

/**
 * Keeps the I/O threads while a server listens, so that they need not start with each connection. Nothing happens where there are
 * none.
 * @param {net.Server} server that listens
 */
function keepThreads(server) {
  if (!drivers[OFFLOAD]) return;
  native.transportKeepReady(drivers[OFFLOAD].handle, 1);
  server.once('close', letThreadsGo);
}

function letThreadsGo() {
  native.transportKeepReady(drivers[OFFLOAD].handle, -1);
}

module.exports = { FIRST_RECORD, RECORD_WORDS, attachedCount, driverOf, endHold, hold, isHeld, isLibuv, keepThreads, received, shown };
