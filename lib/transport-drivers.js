'use strict';
// Who reads and writes the connections of this thread for it. Two drivers with one interface (src/binding/driver.rs):
//
// 'native': the reactor, on the event loop of this thread. A write is a system call; what pipelined requests are answered with leaves
// together, when they have all been handled.
// 'offload': threads of the core. A write only queues: it lags behind, and is handed over when the news of this turn are told. What
// must be sent at once (before the socket is closed) is sent by this thread.

const net = require('node:net');
const { isNode } = require('./lines');
const native = require('./native');
const { GROUP, sharedEvents } = require('./parser');
const { NATIVE, OFFLOAD } = require('./transport-records');

/** Bytes of the buffer that all reads of this thread share. */
const INPUT_BYTES = 64 * 1024;

const plain = net.Socket.prototype;
// Elsewhere sockets are not made of libuv's handles.
const isLibuv = isNode && ['bytesRead', 'bytesWritten'].every((name) => Object.getOwnPropertyDescriptor(plain, name)?.get !== undefined);
const openers = { [NATIVE]: native.transportOpen, [OFFLOAD]: native.offloadOpen };
const isPossible = isLibuv && openers[NATIVE] !== undefined;

const input = isPossible ? Buffer.allocUnsafeSlow(INPUT_BYTES) : undefined;
// The connection whose pipelined requests are being handled (its number and 1): their answers leave together, when the core
// has called back and ticks are drained. The core then clears the word. Behind it, for each connection of a group: its number, and
// where in the input its bytes are and how many.
const HELD = 0;
const FIRST_RECORD = 1;
const RECORD_WORDS = 3;
const turn = new Int32Array(FIRST_RECORD + GROUP * RECORD_WORDS);

// News of several connections at once.
const SEVERAL = 5;

/** One driver, and the connections that it reads in this thread. */
class Driver {
  constructor(lags) {
    this.handle = undefined;
    // Whether what is written is sent later, by another thread.
    this.lags = lags;
    // By their number.
    this.attached = [];
  }
}

const drivers = { [NATIVE]: undefined, [OFFLOAD]: undefined };

/**
 * @param {string} name NATIVE or OFFLOAD
 * @param {Function} onNews called with the driver, the number of a connection, and what `transportOpen` says
 * @param {Function} onGroup called with the driver, and the texts of so many connections that were read
 * @returns {Driver|null} null where there can be none
 */
function driverOf(name, onNews, onGroup) {
  const driver = drivers[name];
  return driver === undefined ? open(name, onNews, onGroup) : driver;
}

function open(name, onNews, onGroup) {
  drivers[name] = null;
  if (!isPossible) return null;
  const driver = new Driver(name === OFFLOAD);
  const resource = {};
  const tellOne = (index, kind, value, text) => onNews(driver, index, kind, value, text);
  const tellSome = (index, kind, value, ...texts) => {
    if (kind === SEVERAL) onGroup(driver, value, texts);
    else onNews(driver, index, kind, value);
  };
  driver.handle = openers[name](input, sharedEvents, turn, driver.lags ? tellSome : tellOne, resource);
  // What happens to a socket, rather than to its messages, belongs to no request: not to that of the caller either, whose stores
  // AsyncLocalStorage has just put on the resource.
  for (const key of Reflect.ownKeys(resource)) delete resource[key];
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

module.exports = { FIRST_RECORD, HELD, RECORD_WORDS, attachedCount, driverOf, input, isLibuv, keepThreads, turn };
