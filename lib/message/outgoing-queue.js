'use strict';
// An outgoing message and its socket: what goes straight to the socket, what waits until there is one, and whether a program can
// see the separate writes.
//
// Whatever a program can see (the write() calls on a socket that it watches, the _send() and _writeRaw() calls on a message that it
// extends, sizes, the order of events) is node's. On a plain connection single writes cannot be seen, so head and body become one
// write.

const { Buffer } = require('node:buffer');
const net = require('net');
const stream = require('stream');
const { hearsOnlyFinish } = require('./emitter');
const { codes } = require('../util/errors');
const { drainsWithSocket, tellsLength } = require('../compat/node-features');
const { joinsHead } = require('./outgoing-headers');
const { kBytesWritten, kChunkedBuffer, kCorked, kEndCalled, kHighWaterMark, kNeedDrain, kSocket } = require('../compat/symbols');
const { METHODS, writeLast } = require('../transport/methods');
const { isLazy, isWritable } = require('../transport/lazy-state');
const { TRACKS_END, finished, isHeard } = require('./outgoing-end');

/** Bytes that a message may buffer by default; before Node 18.17 no public function returns them. */
const getDefaultHighWaterMark = /** @type {() => number} */ (/** @type {any} */ (stream).getDefaultHighWaterMark || (() => 16384));

/** Releases differ, see compat/symbols.js: from 22 on, what is written while a message is corked becomes one chunk. */
const CORKS_CHUNKS = kChunkedBuffer !== undefined;

/** The methods that write to a connection, as long as the program has replaced none. */
const { cork: plainCork, uncork: plainUncork, write: plainWrite } = net.Socket.prototype;
const { cork: nativeCork, uncork: nativeUncork, write: nativeWrite } = METHODS;

/**
 * Stands in for a callback.
 * @type {Listener}
 */
const nop = () => {};

/**
 * @param {string|Uint8Array} chunk
 * @param {any} [encoding] of text; UTF-8 by default
 * @returns {number} its length in bytes
 */
function byteLength(chunk, encoding) {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.byteLength;
}

/** Marks the queue entry that ends a message which waits for its turn. */
function endMarker() {}

/** Whether a message has its original sending methods, and nothing is queued before what is written now. */
function isPlain(message) {
  return message._send === _send && message._writeRaw === _writeRaw && message._flushOutput === _flushOutput &&
    message.outputData.length === 0 && !message.destroyed && !message.strictContentLength && message[kCorked] === 0;
}

/** Whether a socket has its original writing methods. */
function hasOriginalWrites(socket) {
  return socket.write === nativeWrite ? socket.cork === nativeCork && socket.uncork === nativeUncork :
    socket.write === plainWrite && socket.cork === plainCork && socket.uncork === plainUncork;
}

/**
 * @param {any} message
 * @param {any} socket
 * @returns {boolean} whether the program cannot see the arguments with which a message writes to its socket
 */
function hidesWrites(message, socket) {
  return socket !== null && socket !== undefined && socket._httpMessage === message && hasOriginalWrites(socket) && message._send === _send &&
    message._writeRaw === _writeRaw;
}

/**
 * @param {any} message
 * @param {any} socket
 * @returns {boolean} whether a write goes straight to a connection on which single writes cannot be seen: a writable socket with
 *   its original methods, and a message with its original sending methods
 */
function isDirect(message, socket) {
  return socket !== null && socket !== undefined && hasOriginalWrites(socket) && socket._httpMessage === message && isPlain(message) &&
    isWritable(socket) && (isLazy(socket) || socket._handle);
}

/** Whether everything that a response writes waits for its turn on such a connection. */
function isWaiting(message, socket) {
  if (socket || message._onPendingData === nop || !isPlain(message)) return false;
  const later = message.req?.socket;
  return later !== null && later !== undefined && hasOriginalWrites(later);
}

/**
 * @param {any} message
 * @param {any} socket
 * @returns {boolean} whether a program cannot see the separate writes of a message, now or when its turn comes
 */
function isUnseen(message, socket) {
  return isDirect(message, socket) || isWaiting(message, socket);
}

/**
 * @param {any} message
 * @returns {string} the head if it has not been sent; it counts as sent from here on
 */
function takeHead(message) {
  if (message._headerSent || message._header === null) return '';
  message._headerSent = true;
  return message._header;
}

/**
 * Sends data after the head, in one write with it if possible.
 * @this {http.OutgoingMessage}
 * @param {string|Uint8Array} data
 * @param {string|Function} [encoding]
 * @param {Function} [callback] called when the kernel has the data
 * @param {number} [size] length in bytes
 * @returns {boolean} false if the caller should wait for 'drain'
 */
function _send(data, encoding, callback, size) {
  if (!this._headerSent && this._header !== null) {
    const head = this._header;
    if (typeof data === 'string' && joinsHead(encoding)) {
      data = head + data;
    } else {
      this.outputData.unshift({ data: head, encoding: 'latin1', callback: null });
      this.outputSize += head.length;
      this._onPendingData(head.length);
    }
    this._headerSent = true;
  }
  return tellsLength ? this._writeRaw(data, encoding, callback, size) : this._writeRaw(data, encoding, callback);
}

/**
 * Writes to the socket, or queues until this message has one.
 * @this {http.OutgoingMessage}
 * @param {string|Uint8Array} data
 * @param {string|Function} [encoding]
 * @param {Function} [callback]
 * @param {number} [size]
 * @returns {boolean} false if the caller should wait for 'drain'
 */
function _writeRaw(data, encoding, callback, size) { // eslint-disable-line no-unused-vars
  const socket = this[kSocket];
  if (socket && socket.destroyed) return false;
  if (typeof encoding === 'function') {
    callback = encoding;
    encoding = null;
  }
  if (socket && socket._httpMessage === this && socket.writable) {
    if (!tellsLength && this.strictContentLength) countLate(this, data, encoding);
    if (this.outputData.length > 0) this._flushOutput(socket);
    return socket.write(data, encoding, callback);
  }
  this.outputData.push({ data, encoding, callback });
  this.outputSize += data.length;
  this._onPendingData(data.length);
  return this.outputSize < (this[kHighWaterMark] ?? getDefaultHighWaterMark());
}

/** Counts body bytes against a numeric Content-Length in releases that do not pass lengths to _writeRaw(): without the head, and only on a socket. */
function countLate(message, data, encoding) {
  if (!message._hasBody || typeof message._contentLength !== 'number' || message._removedContLen || message.chunkedEncoding) return;
  const { _header: head } = message;
  const body = typeof data === 'string' && head && data.startsWith(head) ? data.slice(head.length) : data;
  const total = message[kBytesWritten] + byteLength(body, encoding);
  if (message[kEndCalled] ? total !== message._contentLength : total > message._contentLength) {
    throw new codes.ERR_HTTP_CONTENT_LENGTH_MISMATCH(total, message._contentLength);
  }
  message[kBytesWritten] = total;
}

/**
 * Queues the text that ends a message until its turn.
 * @param {any} message
 * @param {string} text
 * @param {string} encoding
 */
function queueEnd(message, text, encoding) {
  const item = { data: text, encoding, callback: endMarker };
  // The first push() to an empty list would allocate room for 17.
  if (message.outputData.length === 0) message.outputData = [item];
  else message.outputData.push(item);
  message.outputSize += text.length;
  message._onPendingData(text.length);
}

/** Empties the queue after everything in it was written. */
function emptyQueue(message) {
  message.outputData = [];
  message._onPendingData(-message.outputSize);
  message.outputSize = 0;
}

/**
 * Sends what waited for the socket.
 * @this {http.OutgoingMessage}
 */
function _flush() {
  const socket = this[kSocket];
  if (!socket || !isWritable(socket)) return;
  const accepted = this._flushOutput(socket);
  if (this.finished) {
    this._finish();
  } else if (this[kNeedDrain] && (drainsWithSocket() ? socket.writableLength === 0 : accepted || (TRACKS_END && accepted === undefined))) {
    tellDrain(this);
  }
}

/**
 * Writes the queue to a socket.
 * @this {http.OutgoingMessage}
 * @param {object} socket
 * @returns {boolean|undefined} what the last write returned
 */
function _flushOutput(socket) {
  // From Node 22 on, kCorked also counts the corks that the socket already has.
  while (!CORKS_CHUNKS && this[kCorked] > 0) {
    this[kCorked]--;
    socket.cork();
  }
  const queue = this.outputData;
  if (queue.length === 0) return undefined;
  const wasCorked = socket.writableCorked > 0;
  // Where the core writes, nobody can see whether a single write was corked.
  const corks = queue.length > 1 || socket.write !== nativeWrite || !hasOriginalWrites(socket);
  if (corks) socket.cork();
  let accepted;
  for (let i = 0; i < queue.length; i++) {
    const { data, encoding, callback } = queue[i];
    // The queue may stay while the socket is slow; its data must not.
    queue[i].data = null;
    // What the program has corked stays corked.
    if (callback !== endMarker) accepted = socket.write(data, encoding, callback);
    else if (wasCorked) accepted = socket.write(data, encoding, finished.bind(undefined, this));
    else accepted = writeLast(socket, data, encoding, finished, this, true);
  }
  if (corks) socket.uncork();
  emptyQueue(this);
  return accepted;
}

/**
 * @param {http.OutgoingMessage} message that waits for its turn
 * @returns {boolean} whether all of it is one text, and no listener can see how it is sent
 */
function isWhole(message) {
  const { outputData: queue } = message;
  return queue.length === 1 && queue[0].callback === endMarker && message.finished && message._flush === _flush &&
    message._flushOutput === _flushOutput && (hearsOnlyFinish(message) || (!isHeard(message, 'socket') && !isHeard(message, 'prefinish')));
}

/**
 * Sends such a message: `message._flush()` without a tick of its own for `previous`, and without `message._finish()`.
 * @param {http.OutgoingMessage} message that has its socket now
 * @param {stream.Duplex} socket
 * @param {Function} done see writeLast()
 * @param {*} previous
 */
function sendWhole(message, socket, done, previous) {
  const { data, encoding } = message.outputData[0];
  writeLast(socket, data, encoding, done, message, true, previous);
  emptyQueue(message);
}

/**
 * Emits 'drain' on a message that waits for it.
 * @param {http.OutgoingMessage} message whose write() has returned false
 */
function tellDrain(message) {
  message[kNeedDrain] = false;
  message.emit('drain');
}

module.exports = {
  __proto__: null,
  CORKS_CHUNKS, _flush, _flushOutput, _send, _writeRaw, byteLength, getDefaultHighWaterMark, hidesWrites, isDirect, isUnseen, isWhole, nop, queueEnd,
  sendWhole, takeHead, tellDrain,
};
