'use strict';
// Reading from accepted sockets into one buffer for all of them.
//
// By default each read of a net.Socket allocates 64 KiB, makes a Buffer and sends it through the stream: about a tenth of what
// a small request costs in all. The documented option `onread` of net.connect() avoids that, for sockets that one makes oneself.
// Here the same is done to a socket that net.Server has made: its reads end up in `onRead`, which hands the bytes to the server
// while only the server listens, and otherwise puts a copy into the stream, where it would have been without this.
//
// What is read is copied before anything else is done with it: a handler may have the event loop run, and other sockets be read into
// the same buffer meanwhile.
//
// The symbols under which a socket keeps that option are found by making one with it. Where that fails, nothing is changed.

const { Boolean, ObjectDefineProperty, ObjectGetOwnPropertySymbols, Set, SharedArrayBuffer } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const net = require('node:net');
const { Readable } = require('node:stream');
const { sampleSocket } = require('../compat/sample-socket');
const { offer, ownCopy } = require('../parser/deliveries');

/** Bytes taken in one read; what libuv suggests for streams. */
const SIZE = 64 * 1024;

/** Bytes of a read from which on it has memory of its own, which a program gets where all of it is one piece of a body. */
const GIVEN_FROM = 4096;

// node reads into it as long as the thread lives: memory that no program can detach, and that none is shown.
/** @type {Buffer|undefined} */
let shared;
// What a socket has in its place.
const HIDDEN = Buffer.alloc(0);
let kBuffer;
let kCallback;
const plainPause = net.Socket.prototype.pause;

// Handles over a descriptor, and those of TLS, which ask for the buffer when they have deciphered what goes into it. Others may read from below at any
// time; with these, nothing comes between a read and its call.
const HANDLES = new Set(['TCP', 'Pipe', 'TLSWrap']);

// With the first socket that reads into it.
function prepare() {
  shared = Buffer.from(new SharedArrayBuffer(SIZE));
  // Without a handle there is nothing to close.
  const probe = sampleSocket({ onread: { buffer: HIDDEN, callback: onRead } });
  for (const symbol of ObjectGetOwnPropertySymbols(probe)) {
    if (probe[symbol] === HIDDEN) kBuffer = symbol;
    else if (probe[symbol] === onRead) kCallback = symbol;
  }
}

// Called by the socket for each read; false stops reading. `this` is the socket.
/** @this {stream.Duplex} */
function onRead(length) {
  const { listener } = onRead;
  const { _events: events, _readableState: state } = this;
  if (!isReader(events, state, listener, this.parser)) {
    if (isHeard(events, listener)) this[kCallback] = onLaterRead;
    return this.push(ownCopy(shared, 0, length));
  }
  let chunk;
  if (length < GIVEN_FROM) {
    // It is shown to no program, and so may be of the pool, which costs less.
    chunk = Buffer.allocUnsafe(length);
    shared.copy(chunk, 0, 0, length);
  } else {
    chunk = ownCopy(shared, 0, length);
    offer(chunk);
  }
  listener.call(this, chunk);
  return true;
}

// The same once the program has listened: node's parser reads such a socket from below no more, and gets what is emitted.
function onLaterRead(length) {
  return this._events.data === onRead.listener && this._readableState.flowing === true ? onRead.call(this, length) : this.push(ownCopy(shared, 0, length));
}

// Whether the server alone reads. That goes on where all listeners were removed, and where the stream is paused and its handle reads all the same
// (so it does behind a pause() that follows a resume() in one tick): node's parser reads from below. Without a parser the connection is handed
// over: a tunnel, whose bytes wait in the stream for who reads it.
function isReader({ data, readable }, { length }, listener, parser) {
  return readable === undefined && length === 0 && (data === listener || data === undefined) && Boolean(parser);
}

function isHeard({ data, readable }, listener) {
  return readable !== undefined || (data !== undefined && data !== listener);
}

// As on a socket of node's server: methods of its own that learn of other readers.
function learning(name) {
  const plain = net.Socket.prototype[name];
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

// Our listener of 'data': called without the stream where it is the only one.
onRead.listener = null;
// Called with a socket when the program first listens to what comes.
onRead.heard = null;

/**
 * Makes a socket read into the shared buffer, if it is one that can.
 * @param {stream.Duplex} socket with nothing read from it yet
 * @param {Function} listener of its 'data'; called directly as long as it is the only one
 * @param {Function} heard called with a socket when the program first listens to what comes
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
}

/**
 * To be called when a connection is handed over, or the program listens to what comes. pause() of a socket with that option stops reading at
 * once, and so hides the end; that of any other reads on until its buffer is full.
 * @param {stream.Duplex} socket
 */
function handOver(socket) {
  if (kCallback === undefined || (socket[kCallback] !== onRead && socket[kCallback] !== onLaterRead) || socket.pause !== plainPause) return;
  ObjectDefineProperty(socket, 'pause', { value: Readable.prototype.pause, writable: true, enumerable: false, configurable: true });
}

module.exports = { handOver, readShared };
