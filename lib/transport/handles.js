'use strict';
// Watches the handle of a socket that the core reads. Whoever takes the handle (to send it to another process, pass it to a child,
// make another socket of it, or close it) calls one of these methods first, and the core lets go of it then. Node's TLS and HTTP/2
// sessions read and write below them, but first ask the handle for `isStreamBase`.

const { ObjectDefineProperty, ObjectGetPrototypeOf, ReflectGet, Symbol } = require('../globals/primordials');
const { ownSymbol } = require('../compat/own-symbol');

const kWatched = Symbol('transportWatched');
const kLeave = Symbol('transportLeave');
const kHandOver = Symbol('transportHandOver');
// node's own symbol: the socket of a handle.
let kOwner;

/**
 * @param {object} handle of a socket
 * @param {stream.Duplex} socket that the core reads
 * @param {function(stream.Duplex): void} leave called before anything else uses the handle
 * @param {function(stream.Duplex): void} handOver called before a session uses it: the session takes what is in the socket's buffer
 */
function watch(handle, socket, leave, handOver) {
  handle[kWatched] = socket;
  handle[kLeave] = leave;
  handle[kHandOver] = handOver;
  handle.close = close;
  handle.reset = reset;
  handle.readStart = readStart;
  handle.readStop = readStop;
  ObjectDefineProperty(handle, 'onread', ON_READ);
  ObjectDefineProperty(handle, 'isStreamBase', IS_STREAM_BASE);
}

/**
 * @param {object} handle
 * @returns {net.Socket|undefined} the socket that owns it now
 */
function ownerOf(handle) {
  kOwner ??= ownSymbol(handle, 'owner_symbol');
  return handle[kOwner];
}

/**
 * Makes a lazy socket the owner of its handle, as the constructor of net.Socket does: process._getActiveHandles() shows owners.
 * @param {object} handle
 * @param {any} socket
 * @param {object} listening the handle of its server, which has an owner: it shows node's symbol
 */
function own(handle, socket, listening) {
  kOwner ??= ownSymbol(listening, 'owner_symbol');
  if (kOwner !== undefined) handle[kOwner] = socket;
}

const ON_READ = {
  configurable: true,
  get() {
    return ReflectGet(ObjectGetPrototypeOf(this), 'onread', this);
  },
  set(value) {
    leaveTo(this);
    delete this.onread;
    this.onread = value;
  },
};

const IS_STREAM_BASE = {
  configurable: true,
  get() {
    this[kHandOver](this[kWatched]);
    return ObjectGetPrototypeOf(this).isStreamBase;
  },
};

function close(callback) {
  leaveTo(this);
  return ObjectGetPrototypeOf(this).close.call(this, callback);
}

function reset(callback) {
  leaveTo(this);
  return ObjectGetPrototypeOf(this).reset.call(this, callback);
}

function readStart() {
  leaveTo(this);
  // Otherwise the stream would start it again.
  this.reading = true;
  return ObjectGetPrototypeOf(this).readStart.call(this);
}

function readStop() {
  leaveTo(this);
  return stopReading(this);
}

/**
 * Stops a handle, even a watched one, without letting go of its socket.
 * @param {object} handle
 * @returns {number} 0, or a system error
 */
function stopReading(handle) {
  return ObjectGetPrototypeOf(handle).readStop.call(handle);
}

function leaveTo(handle) {
  handle[kLeave](handle[kWatched]);
}

module.exports = { own, ownerOf, stopReading, watch };
