'use strict';
// write(), end() and flushHeaders() of an outgoing message: what they accept and refuse, and the end of a message that is complete
// at once. outgoing-queue.js has the way to the socket, outgoing-chunks.js the chunks, and outgoing-end.js 'finish'.

const { process } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const { debuglog, types: { isUint8Array } } = require('util');
const { codes, hideFrames } = require('../util/errors');
const { corksEachTurn, endTellsDestroyed, tellsLength } = require('../compat/node-features');
const { passesOut } = require('./body-memory');
const { firstPart, holdChunk, holdsChunk, keepsItsTurn } = require('./held-chunks');
const { joinedEncoding, joinsHead } = require('./outgoing-headers');
const { kBytesWritten, kCorked, kEndCalled, kNeedDrain, kRejectNonStandardBodyWrites, kSocket } = require('../compat/symbols');
const timings = require('../observe/timings');
const { writeLast } = require('../transport/methods');
const { isCorked, uncorkAll } = require('../transport/lazy-state');
const { TRACKS_END, failLater, finished, onEnd, onEnded, reportError } = require('./outgoing-end');
const { CORKS_CHUNKS, byteLength, isDirect, isUnseen, nop, queueEnd, takeHead } = require('./outgoing-queue');
const { JOIN_BYTES_MAX, latin1, uncork: plainUncork, writeChunk } = require('./outgoing-chunks');

const NOT_ASCII = /[^\x00-\x7f]/;

const debug = debuglog('http');
/** NODE_DEBUG is read once, when the process starts. */
const DEBUGGING = debug.enabled;

function uncork(corked) {
  // A message that was ended meanwhile is no longer corked.
  if (corked[kCorked] !== 0) corked.uncork();
}

/** The writes of one turn leave together; from Node 26 on they become one chunk. */
function corkForThisTurn(message, socket) {
  if (socket.writableCorked) return;
  const corked = corksEachTurn() ? message : socket;
  corked.cork();
  process.nextTick(uncork, corked);
}

/**
 * write() and the body of end().
 * @param {any} message
 * @param {string|Uint8Array} chunk
 * @param {any} encoding
 * @param {Function|undefined} callback
 * @param {boolean} fromEnd whether this is the whole body, so that its length is known
 * @returns {boolean} false if the caller should wait for 'drain'
 */
function writeBody(message, chunk, encoding, callback, fromEnd) {
  if (typeof callback !== 'function') callback = nop;
  if (chunk === null) throw hideFrames(new codes.ERR_STREAM_NULL_VALUES(), writeBody);
  if (typeof chunk !== 'string' && !isUint8Array(chunk)) {
    throw hideFrames(new codes.ERR_INVALID_ARG_TYPE('chunk', ['string', 'Buffer', 'Uint8Array'], chunk), writeBody);
  }
  if (message.finished) {
    return refuseWrite(message, new codes.ERR_STREAM_WRITE_AFTER_END(), callback);
  }
  if (message.destroyed) return refuseWrite(message, new codes.ERR_STREAM_DESTROYED('write'), fromEnd ? nop : callback);
  let length = -1;
  if (message.strictContentLength && tellsLength) {
    length = byteLength(chunk, encoding);
    countBytes(message, length, fromEnd);
  }
  if (!message._header) {
    if (fromEnd) {
      if (length < 0) length = byteLength(chunk, encoding);
      message._contentLength = length;
    }
    message._implicitHeader();
  }
  if (!message._hasBody) {
    if (message[kRejectNonStandardBodyWrites]) throw new codes.ERR_HTTP_BODY_NOT_ALLOWED();
    if (!fromEnd) process.nextTick(callback);
    return true;
  }
  if (typeof chunk !== 'string') passesOut(chunk.byteLength);
  const socket = message[kSocket];
  if (corksEachTurn() && encoding && message.chunkedEncoding && typeof chunk === 'string' && !Buffer.isEncoding(encoding)) {
    throw hideFrames(new codes.ERR_UNKNOWN_ENCODING(encoding), writeBody);
  }
  if (!fromEnd && socket) corkForThisTurn(message, socket);
  const chunked = message.chunkedEncoding && chunk.length !== 0;
  if (chunked && length < 0) length = byteLength(chunk, encoding);
  // A chunked message ends with its last chunk.
  if (fromEnd && (message.chunkedEncoding || !message._header)) callback = nop;
  const holds = CORKS_CHUNKS && message[kCorked] !== 0 && (chunked ? corksEachTurn() || message._headerSent : keepsItsTurn(message));
  const accepted = holds ? holdChunk(message, chunk, encoding, callback, length) : chunked ? writeChunk(message, socket, chunk, encoding, callback, length) :
    !tellsLength ? message._send(chunk, encoding, callback) : message._send(chunk, encoding, callback, length < 0 || (callback !== nop && TRACKS_END && fromEnd && !message.strictContentLength) ? undefined : length);
  if (DEBUGGING) debug('write ret = %s', accepted);
  return accepted;
}

function refuseWrite(message, error, callback) {
  if (message.destroyed) process.nextTick(callback, error);
  else failLater(message, error, callback);
  return false;
}

/** Counts body bytes against the announced Content-Length; only with strictContentLength. */
function countBytes(message, length, fromEnd) {
  const total = message[kBytesWritten] + length;
  if (message._contentLength !== null && !message._removedContLen && !message.chunkedEncoding &&
      message._hasBody && (fromEnd ? total !== message._contentLength : total > message._contentLength)) {
    throw new codes.ERR_HTTP_CONTENT_LENGTH_MISMATCH(total, message._contentLength);
  }
  message[kBytesWritten] = total;
}

/**
 * Sends a part of the body.
 * @this {http.OutgoingMessage}
 * @param {string|Uint8Array} chunk
 * @param {string|Function} [encoding] of text; UTF-8 by default
 * @param {Function} [callback] called when the kernel has the chunk, or with an error
 * @returns {boolean} false if the caller should wait for 'drain'
 */
function write(chunk, encoding, callback) {
  if (typeof encoding === 'function') {
    callback = encoding;
    encoding = null;
  }
  const accepted = writeBody(this, chunk, encoding, callback, false);
  // Even if the message accepts no more: its 'drain' still follows that of the socket.
  if (!accepted) this[kNeedDrain] = true;
  return accepted;
}

/**
 * Ends the message.
 * @this {http.OutgoingMessage}
 * @param {string|Uint8Array|Function} [chunk] the last part of the body
 * @param {string|Function} [encoding]
 * @param {Function} [callback] called at 'finish'
 * @returns {http.OutgoingMessage} this
 */
function end(chunk, encoding, callback) {
  if (typeof chunk === 'function') {
    callback = chunk;
    chunk = null;
    encoding = null;
  } else if (typeof encoding === 'function') {
    callback = encoding;
    encoding = null;
  }
  if (kEndCalled !== undefined) this[kEndCalled] = true;
  if (timings.used && !this.finished) this[timings.kTimings]?.ending();
  const socket = this[kSocket];
  let done;
  if (chunk) {
    if (this.finished) {
      const error = new codes.ERR_STREAM_WRITE_AFTER_END();
      if (!this.destroyed || endTellsDestroyed()) process.nextTick(reportError, this, error, typeof callback === 'function' ? callback : nop);
      return this;
    }
    if (isUnseen(this, socket) && (typeof chunk === 'string' ? joinsHead(encoding) : isUint8Array(chunk)) &&
        endAtOnce(this, socket, chunk, encoding, callback)) {
      return this;
    }
    if (socket) socket.cork();
    if (TRACKS_END && !this.strictContentLength) done = finished.bind(undefined, this);
    writeBody(this, /** @type {string|Uint8Array} */ (chunk), encoding, done, true);
  } else if (this.finished) {
    if (typeof callback === 'function') onEnded(this, callback);
    return this;
  } else if (!this._headerSent && isUnseen(this, socket) && endAtOnce(this, socket, '', 'latin1', callback)) {
    return this;
  } else if (!this._header) {
    if (socket) socket.cork();
    this._contentLength = 0;
    this._implicitHeader();
  }
  if (typeof callback === 'function') onEnd(this, callback);
  if (this.strictContentLength && tellsLength) checkStrictEnd(this);
  const carried = done !== undefined && this._hasBody && this._header && !this.destroyed;
  if (CORKS_CHUNKS && holdsChunk(this)) {
    // The held chunk goes before the last chunk. (Node 22 and 24 send it after, where no parser looks for it.)
    if (corksEachTurn()) {
      if (socket) socket.cork();
      // A message that ends does not emit 'drain'.
      this[kNeedDrain] = false;
    }
    this[kCorked] = 1;
    this.uncork();
  }
  done ??= finished.bind(undefined, this);
  if (this._hasBody && this.chunkedEncoding) {
    const lastChunk = `0\r\n${this._trailer}\r\n`;
    if (isDirect(this, socket)) writeLast(socket, takeHead(this) + lastChunk, 'latin1', finished, this, false);
    else this._send(lastChunk, 'latin1', done);
  } else if (carried) {
    // 'finish' follows the write of the body: from Node 24 on, nothing is written after it.
  } else if (!this._headerSent || this.writableLength || chunk) {
    this._send('', 'latin1', done);
  } else {
    process.nextTick(done);
  }
  if (socket) uncorkAll(socket);
  this[kCorked] = CORKS_CHUNKS ? 1 : 0;
  if (CORKS_CHUNKS) this.uncork();
  if (DEBUGGING) debug('outgoing message end.');
  this.finished = true;
  if (this.outputData.length === 0 && socket && socket._httpMessage === this) this._finish();
  return this;
}

function checkStrictEnd(message) {
  if (message._hasBody && message._contentLength !== null && !message._removedContLen && !message.chunkedEncoding &&
      message[kBytesWritten] !== message._contentLength) {
    throw hideFrames(new codes.ERR_HTTP_CONTENT_LENGTH_MISMATCH(message[kBytesWritten], message._contentLength), checkStrictEnd);
  }
}

// node corks the socket before, and leaves it corked if this fails.
function makeHead(message, socket) {
  try {
    message._implicitHeader();
  } catch (error) {
    socket?.cork();
    throw error;
  }
}

/**
 * Ends a message that is complete at once: head, body and last chunk in one write.
 * @returns {boolean} false, with nothing sent, if the parts cannot be joined
 */
function endAtOnce(message, socket, chunk, encoding, callback) {
  const isText = typeof chunk === 'string';
  const corks = chunk !== '' || !message._header;
  let length = -1;
  if (!message._header) {
    length = isText ? Buffer.byteLength(chunk, encoding || 'utf8') : chunk.byteLength;
    message._contentLength = length;
    makeHead(message, socket);
  }
  const head = firstPart(message);
  const carries = message._hasBody;
  // end() without a chunk passes ''.
  if (!carries && chunk !== '' && message[kRejectNonStandardBodyWrites]) {
    socket?.cork();
    throw new codes.ERR_HTTP_BODY_NOT_ALLOWED();
  }
  const chunked = carries && message.chunkedEncoding;
  let wire = 'latin1';
  let text = head;
  if (carries && chunk.length !== 0) {
    if (!isText) {
      if (chunk.byteLength > JOIN_BYTES_MAX) return false;
      if (chunked) text += `${chunk.byteLength.toString(16)}\r\n${latin1(chunk)}\r\n`;
      else text += latin1(chunk);
    } else {
      if (length < 0) length = Buffer.byteLength(chunk, encoding || 'utf8');
      wire = joinedEncoding(head, chunk, length, encoding, !chunked);
      if (wire === null) return false;
      if (chunked) text += `${length.toString(16)}\r\n${chunk}\r\n`;
      else text += chunk;
    }
  }
  if (chunked) {
    const trailer = message._trailer;
    if (wire === 'utf8' && trailer !== '' && NOT_ASCII.test(trailer)) return false;
    text += `0\r\n${trailer}\r\n`;
  }
  if (message._header !== null) message._headerSent = true;
  if (typeof callback === 'function') onEnd(message, callback);
  if (socket) {
    writeLast(socket, text, wire, finished, message, corks);
    if (isCorked(socket)) uncorkAll(socket);
  } else {
    queueEnd(message, text, wire);
  }
  if (CORKS_CHUNKS && message.uncork !== plainUncork) {
    message[kCorked] = 1;
    message.uncork();
  }
  if (DEBUGGING) debug('outgoing message end.');
  message.finished = true;
  if (socket && socket._httpMessage === message) message._finish();
  return true;
}

/**
 * Sends the head now instead of with the first part of the body.
 * @this {http.OutgoingMessage}
 */
function flushHeaders() {
  if (!this._header) this._implicitHeader();
  this._send('');
}

module.exports = { end, flushHeaders, write };
