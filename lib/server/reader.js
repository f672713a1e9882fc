'use strict';
// Makes all accepted sockets read into one shared buffer.
//
// By default each read of a net.Socket allocates 64 KiB, makes a Buffer and passes it through the stream: about a tenth of the
// whole cost of a small request. The documented option `onread` of net.connect() avoids that for sockets that the program makes
// itself. This module does the same to a socket that net.Server has made: its reads go to `onRead`, which passes the bytes to the
// server while only the server listens. Otherwise it pushes a copy into the stream, where they would have been without it.
//
// The bytes are copied before anything else happens: a handler may run the event loop, and other sockets may read into the same buffer
// meanwhile. The program sees the copy only if that is a piece of a body.
//
// The symbols under which a socket keeps that option are found by making a socket with it. If that fails, sockets stay as they are.

const { Boolean, Buffer, ObjectDefineProperty, ObjectGetOwnPropertySymbols, ObjectGetPrototypeOf, ReflectApply, Set, SharedArrayBuffer } = require('../globals/primordials');
const { Readable, net, socketMethods } = require('../globals/at-load');
const { sampleSocket } = require('../compat/sample-socket');
const { offer, ownCopy } = require('../parser/deliveries');
const { contentAhead } = require('../parser/parser');

/** Bytes of one read: what libuv suggests for streams. */
const SIZE = 64 * 1024;

/**
 * From this many bytes on, a read of content alone is copied once, into memory that the program gets, and any other read into memory that
 * is used again. Shorter reads take less time with the pool of small Buffers.
 */
const OWN_FROM = 4096;

// node reads into it as long as the thread lives: no program can detach this memory, and no program sees it.
/** @type {Buffer|undefined} */
let shared;
// Buffers for longer reads: one for each read that was within another. If a handler throws, that of its read is not used again.
const spare = [];
// The buffer that a socket shows instead.
const HIDDEN = Buffer.alloc(0);
let kBuffer;
let kCallback;

// The handles of descriptors, and those of TLS, which ask for the buffer once they have decrypted the data. With these, nothing
// runs between a read and its call; other handles may be read from below at any time.
const HANDLES = new Set(['TCP', 'Pipe', 'TLSWrap']);

// Called with the first socket that reads into the buffer.
function prepare() {
  shared = Buffer.from(new SharedArrayBuffer(SIZE));
  // The sample has no handle, so nothing must be closed.
  const probe = sampleSocket({ onread: { buffer: HIDDEN, callback: onRead } });
  for (const symbol of ObjectGetOwnPropertySymbols(probe)) {
    if (probe[symbol] === HIDDEN) kBuffer = symbol;
    else if (probe[symbol] === onRead) kCallback = symbol;
  }
}

// The socket calls it for each read; false stops reading. `this` is the socket.
/** @this {stream.Duplex} */
function onRead(length) {
  const { listener } = onRead;
  const { _events: events, _readableState: state } = this;
  if (!isReader(events, state, listener, this.parser)) {
    if (isHeard(events, listener)) this[kCallback] = onLaterRead;
    return this.push(ownCopy(shared, 0, length));
  }
  if (length < OWN_FROM) {
    const chunk = Buffer.allocUnsafe(length);
    shared.copy(chunk, 0, 0, length);
    listener.call(this, chunk);
  } else if (contentAhead(this.parser) >= length) {
    const chunk = ownCopy(shared, 0, length);
    offer(chunk);
    listener.call(this, chunk);
  } else {
    const memory = spareMemory();
    shared.copy(memory, 0, 0, length);
    listener.call(this, memory.subarray(0, length));
    spare.push(memory);
  }
  return true;
}

function spareMemory() {
  const memory = spare.pop();
  // A program that has replaced the parser's execute() can detach it.
  return memory?.length === SIZE ? memory : Buffer.allocUnsafeSlow(SIZE);
}

// onRead() after the program has listened: node's parser no longer reads such a socket from below, and gets what is emitted.
function onLaterRead(length) {
  return this._events.data === onRead.listener && this._readableState.flowing === true ? onRead.call(this, length) : this.push(ownCopy(shared, 0, length));
}

// Whether the server alone reads. That stays true if all listeners were removed, and if the stream is paused while its handle still
// reads (after resume() and pause() in one tick): node's parser reads from below. Without a parser the connection was handed over:
// a tunnel, whose bytes wait in the stream for its reader.
function isReader({ data, readable }, { length }, listener, parser) {
  return readable === undefined && length === 0 && (data === listener || data === undefined) && Boolean(parser);
}

function isHeard({ data, readable }, listener) {
  return readable !== undefined || (data !== undefined && data !== listener);
}

// Own methods that notice other readers, as sockets of node's server have them.
function learning(name) {
  const plain = socketMethods[name];
  return function socketListenerWrap(event, listener) {
    const answer = plain.call(this, event, listener);
    if ((event === 'data' || event === 'readable') && this[kCallback] === onRead) {
      this[kCallback] = onLaterRead;
      onRead.heard(this);
    }
    return answer;
  };
}

const LEARNING = { on: learning('on'), addListener: learning('addListener'), prependListener: learning('prependListener') };

// Our listener of 'data': called directly, without the stream, while it is the only one.
onRead.listener = null;
// Called with a socket when the program first listens for its data.
onRead.heard = null;

/**
 * Makes a socket read into the shared buffer, if it can.
 * @param {stream.Duplex} socket that has read nothing yet
 * @param {Function} listener of its 'data'; called directly while it is the only one
 * @param {Function} heard called with a socket when the program first listens for its data
 */
function readShared(socket, listener, heard) {
  if (shared === undefined) prepare();
  if (kBuffer === undefined || kCallback === undefined || socket[kBuffer] !== null) return;
  const handle = socket._handle;
  if (!handle || typeof handle.useUserBuffer !== 'function' || !HANDLES.has(handle.constructor.name)) return;
  onRead.listener = listener;
  onRead.heard = heard;
  socket[kBuffer] = HIDDEN;
  socket[kCallback] = onRead;
  handle.useUserBuffer(shared);
  for (const name in LEARNING) if (socket[name] === net.Socket.prototype[name]) socket[name] = LEARNING[name];
  for (const name in STARTING) {
    if (socket[name] === net.Socket.prototype[name]) ObjectDefineProperty(socket, name, { value: STARTING[name], writable: true, enumerable: false, configurable: true });
  }
}

// With the `onread` option these methods start or stop the handle themselves. Sockets of node's server leave that to the stream and to
// listeners of 'pause' and 'resume': so these do the stream's part alone, unless the program has replaced them.
const STARTING = {};
for (const name of ['pause', 'read', 'resume']) {
  const plain = socketMethods[name];
  STARTING[name] = {
    [name](...args) {
      let holder = ObjectGetPrototypeOf(this);
      // An object that inherits from the socket has this method from it.
      while (holder[name] === STARTING[name]) holder = ObjectGetPrototypeOf(holder);
      const method = holder[name];
      return ReflectApply(method === plain ? Readable.prototype[name] : method, this, args);
    },
  }[name];
}

module.exports = { readShared };
