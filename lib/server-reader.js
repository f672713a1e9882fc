'use strict';
// Reading from accepted sockets into one buffer for all of them.
//
// By default each read of a net.Socket allocates 64 KiB, makes a Buffer and sends it through the stream: about a tenth of what
// a small request costs in all. The documented option `onread` of net.connect() avoids that, for sockets that one makes oneself.
// Here the same is done to a socket that net.Server has made: its reads end up in `onRead`, which hands the bytes to the server
// while nobody else wants them, and otherwise puts a copy into the stream, where it would have been without this.
//
// The symbols under which a socket keeps that option are found by making one with it. Where that fails, nothing is changed.

const { Buffer } = require('node:buffer');
const net = require('node:net');

/** Bytes taken in one read; what libuv suggests for streams. */
const SIZE = 64 * 1024;

const shared = Buffer.from(new ArrayBuffer(SIZE));
const { kBuffer, kCallback } = findSymbols();
// Whether what is being read lies there: asking a typed array for its memory is a call into the engine.
let mayBeShared = false;

// Handles over a descriptor. Others may read from below at any time; with these, what a read calls has returned before the
// next read begins, so one buffer is enough for all sockets.
const HANDLES = new Set(['TCP', 'Pipe']);

function findSymbols() {
  const found = { kBuffer: undefined, kCallback: undefined };
  // Without a handle there is nothing to close.
  const probe = new net.Socket({ onread: { buffer: shared, callback: onRead } });
  for (const symbol of Object.getOwnPropertySymbols(probe)) {
    if (probe[symbol] === shared) found.kBuffer = symbol;
    else if (probe[symbol] === onRead) found.kCallback = symbol;
  }
  return found;
}

// Called by the socket for each read; false stops reading. `this` is the socket.
function onRead(length, buffer) {
  const { listener } = onRead;
  const { _events: events, _readableState: state } = this;
  if (events.data === listener && events.readable === undefined && state.length === 0 && state.flowing === true) {
    mayBeShared = true;
    listener.call(this, buffer.subarray(0, length));
    // Stays true if that has thrown: then keep() looks for nothing.
    mayBeShared = false;
    return true;
  }
  return this.push(Buffer.from(buffer.subarray(0, length)));
}
// The one listener of 'data' that may be given the shared buffer: it copies what it keeps.
onRead.listener = null;

/**
 * Makes a socket read into the shared buffer, if it is one that can.
 * @param {stream.Duplex} socket with nothing read from it yet
 * @param {Function} listener of its 'data'; called directly as long as it is the only one
 */
function readShared(socket, listener) {
  if (kBuffer === undefined || kCallback === undefined || socket[kBuffer] !== null || socket.encrypted) return;
  const handle = socket._handle;
  if (!handle || typeof handle.useUserBuffer !== 'function' || !HANDLES.has(handle.constructor.name)) return;
  onRead.listener = listener;
  socket[kBuffer] = shared;
  socket[kCallback] = onRead;
  handle.useUserBuffer(shared);
}

/**
 * @param {Buffer} piece of what was read
 * @returns {Buffer} one that will not change: the same, or a copy
 */
function keep(piece) {
  return mayBeShared && piece.buffer === shared.buffer ? Buffer.from(piece) : piece;
}

module.exports = { keep, readShared };
