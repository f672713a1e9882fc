'use strict';
// The methods of a socket that the core reads and writes: they try the core first, and fall back on net.Socket's own.

const { MathMax, ObjectCreate, ObjectDefineProperty, ObjectEntries, ObjectGetOwnPropertyDescriptor, ObjectGetPrototypeOf, process } = require('../globals/primordials');
const net = require('node:net');
const native = require('../native/addon');
const { transport: { CLOSED, DESTROYED } = {} } = require('../native/layout');
const { types: { isUint8Array } } = require('node:util');
const { systemError } = require('../util/errors');
const { forgetsUnwritten } = require('../compat/node-features');
const { COUNTERS, QUEUED, bytesOf } = require('./counters');
const { REASONS, kAttached, kIndex } = require('./owner-state');
const { beginTick, endOf, schedule, scheduleEnd } = require('../util/ticks');
const { isCorked, kCorks, kLazyHandle, kMaterialize, kSelf, uncorkAll } = require('./lazy-state');
const { flushFirst, releaseAll, send, sendLast, sendReleased, settle, writePlain } = require('./sending');
const { countAlive, detach, giveBack } = require('./giving-back');

const plain = net.Socket.prototype;
const plainWrite = plain.write;
const plainRead = plain._read;
// Reads go through an instance with net.Socket's methods: V8 inlines those, while reads of the prototype are look-ups in its table.
const anyone = ObjectCreate(plain);

/**
 * @param {any} socket `this` of a method
 * @returns {boolean} whether it is not the socket that the core reads, but a Proxy of it, or an object that inherits from it
 */
function standsIn(socket) {
  return socket[kAttached].socket !== socket;
}

// Leaves what a stand-in is asked to do to the streams.
function leaveStandIn(socket) {
  if (socket[kSelf] === socket) return false;
  socket[kMaterialize]();
  giveBack(socket, REASONS.REPLACED);
  return true;
}

function written(callback) {
  callback(null);
}

function write(data, encoding, callback) {
  if (this[kIndex] === undefined || anyone.write !== plainWrite || standsIn(this)) {
    giveBack(this, REASONS.REPLACED);
    return plain.write.call(this, data, encoding, callback);
  }
  if (typeof encoding === 'function') {
    callback = encoding;
    encoding = undefined;
  }
  // What the stream has buffered goes first: then the core holds nothing but corked data.
  if (this[kLazyHandle] === undefined && this._writableState.length > 0 && this[kAttached].corkedLength === 0) return plainWrite.call(this, data, encoding, callback);
  const called = typeof callback === 'function';
  // The callback of a corked write is called once the data is sent, or has failed: only the stream knows when.
  if (called && isCorked(this)) return writePlain(this, data, encoding, callback);
  const left = this._write === _write && this._writev === _writev ? send(this, data, encoding) : undefined;
  if (left === 0) {
    if (called) process.nextTick(written, callback);
    return true;
  }
  return left === undefined ? writePlain(this, data, encoding, callback) : settle(this, left, callback, left < 0 ? data : undefined, encoding);
}

/**
 * Writes the last of a message and ends all corking: `socket.write(text, encoding, (error) => done(message, error))` without a
 * closure for each message.
 * @param {stream.Writable} socket
 * @param {string} text
 * @param {any} encoding 'latin1' or 'utf8'
 * @param {Function} done called when the kernel has the text
 * @param {OutgoingMessage} message
 * @param {boolean} corks whether node corks the socket for it: then a text as long as the high-water mark is followed by 'drain'
 * @param {*} [previous] given to `done` in the next tick as its fourth argument, after that tick's mark (see ticks.js); if the
 *   message must wait, `done` is called with null in its place
 * @returns {boolean} false if the caller should wait for 'drain'
 */
function writeLast(socket, text, encoding, done, message, corks, previous) {
  const isOurs = socket.write === write && socket[kIndex] !== undefined && anyone.write === plainWrite && socket._write === _write &&
    socket._writev === _writev;
  let left = isOurs ? send(socket, text, encoding) : undefined;
  if (left === 0 && isCorked(socket)) left = releaseAll(socket);
  if (left === 0) {
    scheduleEnd(doneInTick, done, message, previous);
    return true;
  }
  if (previous !== undefined) schedule(doneInTick, done, null, previous);
  const callback = (error) => done(message, error);
  if (left !== undefined) return settle(socket, left, callback, left < 0 ? text : undefined, encoding);
  const isLong = corks && text.length >= socket.writableHighWaterMark;
  if (isLong) socket.cork();
  const accepted = socket.write(text, encoding, callback);
  if (isLong) uncorkAll(socket);
  return accepted;
}

function doneInTick(done, message, previous) {
  const mark = beginTick();
  try {
    done(message, undefined, mark, previous);
  } finally {
    endOf(message);
  }
}

function cork() {
  if (this[kLazyHandle] === undefined || leaveStandIn(this)) plain.cork.call(this);
  else this[kCorks]++;
}

/** @this {stream.Duplex} */
function uncork() {
  let corks;
  if (this[kLazyHandle] === undefined || leaveStandIn(this)) {
    plain.uncork.call(this);
    corks = this._writableState.corked;
  } else {
    corks = this[kCorks] = MathMax(0, this[kCorks] - 1);
  }
  const index = this[kIndex];
  if (index === undefined || corks > 0) return;
  const left = sendReleased(this, index);
  if (left !== 0) settle(this, left);
}

function end(data, encoding, callback) {
  if (typeof data === 'function') {
    callback = data;
    data = encoding = undefined;
  } else if (typeof encoding === 'function') {
    callback = encoding;
    encoding = undefined;
  }
  const index = this[kIndex];
  if (index !== undefined && standsIn(this)) {
    giveBack(this, REASONS.REPLACED);
  } else if (index !== undefined) {
    if (typeof data === 'string' || isUint8Array(data)) {
      // Not `this.write()`: node's end() calls no write() of the program's.
      write.call(this, data, encoding);
      data = undefined;
    }
    if (this[kIndex] !== undefined) sendLast(this);
    // It may be closed in the next turn; libuv would have read what is there. Outside of a turn of ours, a tick does so.
    if (this[kIndex] !== undefined && native.transportReadOn(this[kAttached].driver.handle, this[kIndex])) schedule(readRest, this);
  }
  return plain.end.call(this, data, encoding, callback);
}

function readRest(socket) {
  beginTick();
  if (socket[kIndex] !== undefined) native.transportReadRest(socket[kAttached].driver.handle, socket[kIndex]);
}

function read(size) {
  // A flowing stream calls read() itself whenever it is resumed; that takes no bytes.
  if (size !== 0 && this._readableState.flowing !== true) giveBack(this, REASONS.READ);
  return plain.read.call(this, size);
}

function listen(socket, method, event, listener) {
  if (event !== 'data' && event !== 'readable') return method.call(socket, event, listener);
  giveBack(socket, event === 'data' ? REASONS.DATA : REASONS.READABLE);
  const answer = method.call(socket, event, listener);
  socket[kAttached]?.protocol.heard?.(socket);
  return answer;
}

function on(event, listener) {
  return listen(this, plain.on, event, listener);
}

function prependListener(event, listener) {
  return listen(this, plain.prependListener, event, listener);
}

// Until the core reads a socket, its handle knows.
function refer(it, referenced) {
  if (it === undefined) return;
  it.referenced = referenced;
  countAlive(it);
}

function ref() {
  refer(this[kAttached], true);
  return plain.ref.call(this);
}

function unref() {
  refer(this[kAttached], false);
  return plain.unref.call(this);
}

function pipe(destination, options) {
  giveBack(this, REASONS.READ);
  return plain.pipe.call(this, destination, options);
}

// The program has called net.Socket's own write(): send what is queued first.
function _write(data, encoding, callback) {
  const failed = this[kAttached]?.failed;
  if (failed) return callback(systemError('write', failed));
  const rest = flushFirst(this);
  if (rest === undefined) plain._write.call(this, data, encoding, callback);
  else plain._writev.call(this, [rest, { chunk: data, encoding }], callback);
  leaveIfFull(this);
}

function _writev(chunks, callback) {
  const failed = this[kAttached]?.failed;
  if (failed) return callback(systemError('write', failed));
  const rest = flushFirst(this);
  if (rest !== undefined) {
    chunks.unshift(rest);
    chunks.allBuffers = false;
  }
  plain._writev.call(this, chunks, callback);
  leaveIfFull(this);
}

// What the kernel does not take at once waits in libuv. If the connection then breaks, a client learns it by reading or by writing,
// whichever comes first. One poll must do both, so that a reset is a read error here as it is with node.
function leaveIfFull(socket) {
  if (socket[kIndex] === undefined || socket[kAttached].protocol.isServer) return;
  if (socket._handle?.writeQueueSize > 0) giveBack(socket, REASONS.FULL);
}

function _read(size) {
  if (this[kIndex] === undefined) plainRead.call(this, size);
}

function _destroy(error, callback) {
  const attached = this[kAttached];
  if (this[kIndex] !== undefined) {
    // Corked data is lost. It counts as written until the tick in which the stream reports that, if it does.
    if (attached.corkedLength > 0) {
      attached.lostBytes = bytesOf(this, QUEUED);
      if (forgetsUnwritten) process.nextTick(forgetCorked, attached);
    }
    // The reactor must remove the descriptor itself: a copy of it somewhere would keep it in the epoll set.
    detach(this, attached.driver.defersWrites ? closingOf(this) : undefined);
  }
  plain._destroy.call(this, error, callback);
}

function closingOf(socket) {
  return socket._writableState.finished ? CLOSED : DESTROYED;
}

function forgetCorked(attached) {
  attached.corkedLength = attached.lostBytes = 0;
}

const METHODS = {
  write, cork, uncork, end, read, on, addListener: on, prependListener, ref, unref, pipe, _read, _write, _writev, _destroy,
};

/**
 * Defines METHODS and the counters of a socket that the core reads on a prototype. `for in` shows those that it shows of net.Socket's.
 * @param {object} prototype that inherits from net.Socket's
 * @param {{[name: string]: Function}} more methods to define
 */
function defineMethods(prototype, more) {
  for (const [name, value] of ObjectEntries({ ...METHODS, ...more })) defineAsInherited(prototype, name, { configurable: true, writable: true, value });
  for (const [name, counter] of ObjectEntries(COUNTERS)) defineAsInherited(prototype, name, counter);
}

/**
 * Defines a property that is enumerable if the one it hides is.
 * @param {object} prototype
 * @param {string} name
 * @param {PropertyDescriptor} descriptor
 */
function defineAsInherited(prototype, name, descriptor) {
  const hidden = descriptorOf(ObjectGetPrototypeOf(prototype), name);
  ObjectDefineProperty(prototype, name, { ...descriptor, enumerable: hidden?.enumerable });
}

/**
 * @param {object} object
 * @param {string} name
 * @returns {PropertyDescriptor|undefined} of the property that the object has or inherits
 */
function descriptorOf(object, name) {
  for (let holder = object; holder !== null; holder = ObjectGetPrototypeOf(holder)) {
    const found = ObjectGetOwnPropertyDescriptor(holder, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Spelled out because it runs for each connection.
 * @param {any} socket that has METHODS from its prototype
 * @returns {boolean} whether the program has replaced none of them, nor any other method that shows it what is read and written
 */
function keepsMethods(socket) {
  return socket.write === write && socket.end === end && socket.cork === cork && socket.uncork === uncork &&
    socket.read === read && socket.on === on && socket.addListener === on && socket.prependListener === prependListener &&
    socket.pipe === pipe && socket.ref === ref && socket.unref === unref && socket._read === _read && socket._write === _write &&
    socket._writev === _writev && socket._destroy === _destroy && socket.push === plain.push &&
    socket.unshift === plain.unshift && socket.emit === plain.emit && socket._final === plain._final;
}

module.exports = { METHODS, defineAsInherited, defineMethods, descriptorOf, keepsMethods, write, writeLast };
