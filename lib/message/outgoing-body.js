'use strict';

/**
 * How the bytes of an outgoing message reach its socket: writing, chunks, the queue before there is a socket, the end.
 *
 * What can be seen of it (the calls of write() on a socket that a program watches, of _send() and _writeRaw() on a message
 * that it extends, the sizes, the order of events) is node's. On a plain connection single writes cannot be seen, so there
 * a head and a body become one.
 */

const { ArrayIsArray, ObjectKeys, process } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const net = require('net');
const stream = require('stream');
const { debuglog, types: { isUint8Array } } = require('util');
const { plainEmit } = require('./emitter');
const { codes, hideFrames } = require('../util/errors');
const { corksEachTurn, drainsWithSocket, endTellsDestroyed, tellsLength, tellsOfPieces } = require('../compat/node-features');
const { dropHeldChunks, firstPart, holdChunk, holdsChunk, keepsItsTurn, takeHeldChunks } = require('./held-chunks');
const { joinedEncoding, joinsHead } = require('./outgoing-headers');
const {
  kBytesWritten, kChunkedBuffer, kChunkedLength, kCorked, kEndCalled, kEndCallbacks, kErrored, kFlushError, kHighWaterMark, kNeedDrain,
  kRejectNonStandardBodyWrites, kSocket, kUniqueHeaders, kWritableFinished,
} = require('../compat/symbols');
const { METHODS, writeLast } = require('../transport/methods');
const { isQueueOurs } = require('../util/ticks');
const { isCorked, isUnbuilt, isWritable, uncorkAll } = require('../transport/lazy-state');
const { checkInvalidHeaderChar, validateTrailerName } = require('../util/validators');

const CRLF = '\r\n';
const CRLF_BYTES = Buffer.from(CRLF);
const NOT_ASCII = /[^\x00-\x7f]/;

/**
 * A body of bytes up to this length is joined to its head as latin1 text; beyond it, copying costs more than a second buffer
 * (measured: a fifth less CPU at 1 KiB, equal at 4 KiB, a quarter more at 16 KiB).
 */
const JOIN_BYTES_MAX = 4096;

/** Bytes a message may buffer when nothing else is said; before Node 18.17 there is no public way to ask. */
const getDefaultHighWaterMark = /** @type {() => number} */ (/** @type {any} */ (stream).getDefaultHighWaterMark || (() => 16384));

/** What differs between releases; see compat/node-features.js. */
const CORKS_CHUNKS = kChunkedBuffer !== undefined;
const TRACKS_END = kWritableFinished !== undefined;

/** What a connection is written with while the program has replaced nothing. */
const { cork: plainCork, uncork: plainUncork, write: plainWrite } = net.Socket.prototype;
const { cork: nativeCork, uncork: nativeUncork, write: nativeWrite } = METHODS;

const debug = debuglog('http');
/** NODE_DEBUG is read once, when the process starts. */
const DEBUGGING = debug.enabled;

/** @type {Listener} */
const nop = () => {};

/** Length of a chunk in bytes; text without an encoding is UTF-8. */
function byteLength(chunk, encoding) {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.byteLength;
}

/** Whether the sending methods of a message are the original ones, and everything before is sent or joined to what comes now. */
function isPlain(message) {
  return message._send === _send && message._writeRaw === _writeRaw && message._flushOutput === _flushOutput &&
    message.outputData.length === 0 && !message.destroyed && !message.strictContentLength && message[kCorked] === 0;
}

/** Whether the methods by which a message is written to a socket are the original ones. */
function hasOriginalWrites(socket) {
  return socket.write === nativeWrite ? socket.cork === nativeCork && socket.uncork === nativeUncork :
    socket.write === plainWrite && socket.cork === plainCork && socket.uncork === plainUncork;
}

/**
 * Whether what is written goes straight to a connection on which single writes cannot be observed: a socket with a handle whose
 * write() is the original, and a message whose sending methods are.
 */
function isDirect(message, socket) {
  return socket !== null && socket !== undefined && hasOriginalWrites(socket) && socket._httpMessage === message && isPlain(message) &&
    isWritable(socket) && (isUnbuilt(socket) || socket._handle);
}

/**
 * @param {http.OutgoingMessage} message
 * @param {string} event other than 'finish'
 * @returns {boolean} whether emitting it would call anybody; a response of a server has one listener, the server's of 'finish'
 */
function isHeard(message, event) {
  if (message.emit !== plainEmit) return true;
  const { _events: table, _eventsCount: count } = message;
  if (count === 0 || (count === 1 && table.finish !== undefined)) return false;
  return table[event] !== undefined;
}

/** Whether all that a response writes waits for its turn, on such a connection. */
function isWaiting(message, socket) {
  if (socket || message._onPendingData === nop || !isPlain(message)) return false;
  const later = message.req?.socket;
  return later !== null && later !== undefined && hasOriginalWrites(later);
}

/** Whether a program cannot see in which pieces a message is written, now or when its turn comes. */
function isUnseen(message, socket) {
  return isDirect(message, socket) || isWaiting(message, socket);
}

function reportError(message, error, callback) {
  if (callback !== undefined) callback(error);
  if (typeof message.emit === 'function' && (endTellsDestroyed() ? !message._closed : !message.destroyed)) message.emit('error', error);
}

/** Hands an error to the callback of the call that failed and, unless the message is destroyed, to 'error' listeners. */
function failLater(message, error, callback) {
  if (!message.destroyed) process.nextTick(reportError, message, error, callback);
}

function uncork(corked) {
  // A message that was ended meanwhile is not corked any more.
  if (corked[kCorked] !== 0) corked.uncork();
}

/**
 * Tells that everything was given to the kernel, or could not be.
 * @param {object} message
 * @param {Error} [error] from Node 24 on the callbacks of end() learn of it
 * @param {number} [mark] of the tick, where it is one of ours (see ticks.js)
 */
function finished(message, error, mark) {
  if (mark !== undefined) isQueueOurs(mark, mark);
  if (TRACKS_END) {
    error = error || message[kErrored] || errorOf(message[kSocket]);
    if (error) {
      message[kFlushError] = error;
      callEndCallbacks(message, error);
      return;
    }
    message[kWritableFinished] = true;
    callEndCallbacks(message, null);
  }
  const socket = message[kSocket];
  if (socket && !isUnbuilt(socket) && socket._hadError) return;
  message.emit('finish');
}

// What a connection failed with.
function errorOf(socket) {
  if (!socket || isUnbuilt(socket)) return null;
  return socket.errored || (socket._hadError ? new codes.ERR_STREAM_DESTROYED('end') : null);
}

/** Marks the queue entry that ends a message which waits for its turn. */
function tellEnd() {}

function callEndCallbacks(message, error) {
  const callbacks = message[kEndCallbacks];
  if (callbacks === null) return;
  message[kEndCallbacks] = null;
  for (const callback of callbacks) callback(error);
}

function onEnd(message, callback) {
  if (!TRACKS_END) message.once('finish', callback);
  else if (message[kEndCallbacks] === null) message[kEndCallbacks] = [callback];
  else message[kEndCallbacks].push(callback);
}

// end(callback) on a message that has been ended.
function onEnded(message, callback) {
  if (message.writableFinished) callback(new codes.ERR_STREAM_ALREADY_FINISHED('end'));
  else if (!TRACKS_END) message.on('finish', callback);
  else if (message[kFlushError] !== null) process.nextTick(callback, message[kFlushError]);
  else onEnd(message, callback);
}

/** Several writes of one turn leave together; from Node 26 on they are one chunk. */
function corkForThisTurn(message, socket) {
  if (socket.writableCorked) return;
  const corked = corksEachTurn ? message : socket;
  corked.cork();
  process.nextTick(uncork, corked);
}

/** The text still to be sent before anything else, which is then taken for sent. */
function takeHead(message) {
  if (message._headerSent || message._header === null) return '';
  message._headerSent = true;
  return message._header;
}

/**
 * Sends data behind the head, together with it where that can be.
 * @this {http.OutgoingMessage}
 * @param {string|Uint8Array} data
 * @param {string|Function} [encoding]
 * @param {Function} [callback] called when the data was given to the kernel
 * @param {number} [size] length in bytes
 * @returns {boolean} false when the caller should wait for 'drain'
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
 * Writes to the socket, or queues until there is one that serves this message.
 * @this {http.OutgoingMessage}
 * @param {string|Uint8Array} data
 * @param {string|Function} [encoding]
 * @param {Function} [callback]
 * @param {number} [size]
 * @returns {boolean} false when the caller should wait for 'drain'
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

/** All that was kept has been written. */
function emptyQueue(message) {
  message.outputData = [];
  message._onPendingData(-message.outputSize);
  message.outputSize = 0;
}

/**
 * write() and the body of end().
 * @param {any} message
 * @param {string|Uint8Array} chunk
 * @param {any} encoding
 * @param {Function|undefined} callback
 * @param {boolean} fromEnd whether this is all of the body, so that its length is known
 * @returns {boolean} false when the caller should wait for 'drain'
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
  const socket = message[kSocket];
  if (corksEachTurn && encoding && message.chunkedEncoding && typeof chunk === 'string' && !Buffer.isEncoding(encoding)) {
    throw hideFrames(new codes.ERR_UNKNOWN_ENCODING(encoding), writeBody);
  }
  if (!fromEnd && socket) corkForThisTurn(message, socket);
  const chunked = message.chunkedEncoding && chunk.length !== 0;
  if (chunked && length < 0) length = byteLength(chunk, encoding);
  // What ends a chunked message is its last chunk.
  if (fromEnd && (message.chunkedEncoding || !message._header)) callback = nop;
  const holds = CORKS_CHUNKS && message[kCorked] !== 0 && (chunked ? corksEachTurn || message._headerSent : keepsItsTurn(message));
  const accepted = holds ? holdChunk(message, chunk, encoding, callback, length) : chunked ? writeChunk(message, socket, chunk, encoding, callback, length) :
    !tellsLength ? message._send(chunk, encoding, callback) : message._send(chunk, encoding, callback, length < 0 || (callback !== nop && TRACKS_END && fromEnd && !message.strictContentLength) ? undefined : length);
  if (DEBUGGING) debug('write ret = %s', accepted);
  if (!accepted && !fromEnd) message[kNeedDrain] = true;
  return accepted;
}

/**
 * Sends the chunks that were held back as one.
 * @param {http.OutgoingMessage} message with such chunks
 */
function sendHeldChunk(message) {
  if (corksEachTurn && message[kSocket]?.destroyed) {
    dropHeldChunks(message, message[kErrored] || message[kSocket].errored);
    return;
  }
  const length = message[kChunkedLength];
  const held = takeHeldChunks(message);
  message._send(length.toString(16), 'latin1', null);
  message._send(CRLF_BYTES, null, null);
  for (const { chunk, encoding } of held) message._send(chunk, encoding, null);
  // Where single writes cannot be seen, a callback that does nothing is none: with one the socket's stream writes.
  const isUntold = held.every(({ callback }) => callback === nop) && isDirect(message, message[kSocket]);
  const accepted = message._send(CRLF_BYTES, null, isUntold ? undefined : (error) => {
    for (const { callback } of held) callback(error);
  });
  if (TRACKS_END && accepted && message[kNeedDrain]) tellDrain(message);
}

/**
 * A message that waits for room has it.
 * @param {http.OutgoingMessage} message whose write() has answered false
 */
function tellDrain(message) {
  message[kNeedDrain] = false;
  message.emit('drain');
}

function refuseWrite(message, error, callback) {
  if (message.destroyed) process.nextTick(callback, error);
  else failLater(message, error, callback);
  return false;
}

/** Counts body bytes against the Content-Length that was announced; only with strictContentLength. */
function countBytes(message, length, fromEnd) {
  const total = message[kBytesWritten] + length;
  if (message._header && message._contentLength !== null && !message._removedContLen && !message.chunkedEncoding &&
      message._hasBody && (fromEnd ? total !== message._contentLength : total > message._contentLength)) {
    throw new codes.ERR_HTTP_CONTENT_LENGTH_MISMATCH(total, message._contentLength);
  }
  message[kBytesWritten] = total;
}

/** The same where nothing tells a write its length: behind the head, and only on a socket. */
function countLate(message, data, encoding) {
  if (!message._hasBody || message._contentLength === null || message._removedContLen || message.chunkedEncoding) return;
  const { _header: head } = message;
  const body = typeof data === 'string' && head && data.startsWith(head) ? data.slice(head.length) : data;
  const total = message[kBytesWritten] + byteLength(body, encoding);
  if (message[kEndCalled] ? total !== message._contentLength : total > message._contentLength) {
    throw new codes.ERR_HTTP_CONTENT_LENGTH_MISMATCH(total, message._contentLength);
  }
  message[kBytesWritten] = total;
}

/** RFC 9112, section 7.1: chunk = chunk-size CRLF chunk-data CRLF. */
function writeChunk(message, socket, chunk, encoding, callback, length) {
  if (isDirect(message, socket)) {
    const accepted = writeChunkAtOnce(message, socket, chunk, encoding, callback, length);
    if (accepted !== undefined) return accepted;
  }
  message._send(length.toString(16), 'latin1', null);
  message._send(CRLF_BYTES, null, null);
  if (tellsLength) message._send(chunk, encoding, null, length);
  else message._send(chunk, encoding, null);
  return message._send(CRLF_BYTES, null, callback);
}

/** A chunk in one write; undefined when its parts cannot be joined. */
function writeChunkAtOnce(message, socket, chunk, encoding, callback, length) {
  if (callback === nop) callback = undefined;
  else if (tellsOfPieces) callback = callback && asOfPieces(callback);
  if (typeof chunk !== 'string') {
    if (length > JOIN_BYTES_MAX) {
      socket.write(`${takeHead(message)}${length.toString(16)}\r\n`, 'latin1', null);
      socket.write(chunk, null, null);
      return socket.write(CRLF_BYTES, null, callback);
    }
    return socket.write(`${takeHead(message)}${length.toString(16)}\r\n${latin1(chunk)}\r\n`, 'latin1', callback);
  }
  if (!joinsHead(encoding)) return undefined;
  const wire = joinedEncoding(firstPart(message), chunk, length, encoding, false);
  if (wire === null) return undefined;
  return socket.write(`${takeHead(message)}${length.toString(16)}\r\n${chunk}\r\n`, wire, callback);
}

// A callback of several writes is given the error that there is not.
function asOfPieces(callback) { return (error) => callback(error); }

function latin1(bytes) {
  return Buffer.isBuffer(bytes) ? bytes.latin1Slice() :
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).latin1Slice();
}

/**
 * Sends a part of the body.
 * @this {http.OutgoingMessage}
 * @param {string|Uint8Array} chunk
 * @param {string|Function} [encoding] of text; UTF-8 by default
 * @param {Function} [callback] called when the chunk was given to the kernel, with an error if it could not be
 * @returns {boolean} false when the caller should wait for 'drain'
 */
function write(chunk, encoding, callback) {
  if (typeof encoding === 'function') {
    callback = encoding;
    encoding = null;
  }
  return writeBody(this, chunk, encoding, callback, false);
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
    // Before the last chunk. (Node 22 and 24 send it behind that one, where no parser looks for it.)
    if (corksEachTurn && socket) socket.cork();
    this[kCorked] = 1;
    this.uncork();
  }
  done ??= finished.bind(undefined, this);
  if (this._hasBody && this.chunkedEncoding) {
    const lastChunk = `0\r\n${this._trailer}\r\n`;
    if (isDirect(this, socket)) writeLast(socket, takeHead(this) + lastChunk, 'latin1', finished, this);
    else this._send(lastChunk, 'latin1', done);
  } else if (carried) {
    // 'finish' comes when the body is written: from Node 24 on nothing goes behind it.
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

// node corks the socket first, and so leaves it where that fails.
function makeHead(message, socket) {
  try {
    message._implicitHeader();
  } catch (error) {
    socket?.cork();
    throw error;
  }
}

/**
 * The end of a message of which everything is at hand: head, body and last chunk in one write.
 * @returns {boolean} false when the parts cannot be joined; nothing was sent then
 */
function endAtOnce(message, socket, chunk, encoding, callback) {
  const isText = typeof chunk === 'string';
  let length = -1;
  if (!message._header) {
    length = isText ? Buffer.byteLength(chunk, encoding || 'utf8') : chunk.byteLength;
    message._contentLength = length;
    makeHead(message, socket);
  }
  const head = firstPart(message);
  const carries = message._hasBody;
  // Without a chunk it is ''.
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
    writeLast(socket, text, wire, finished, message);
    if (isCorked(socket)) uncorkAll(socket);
  } else {
    const item = { data: text, encoding: wire, callback: tellEnd };
    // The first push() into an empty list would make room for 17.
    if (message.outputData.length === 0) message.outputData = [item];
    else message.outputData.push(item);
    message.outputSize += text.length;
    message._onPendingData(text.length);
  }
  if (DEBUGGING) debug('outgoing message end.');
  message.finished = true;
  if (socket && socket._httpMessage === message) message._finish();
  return true;
}

/**
 * Everything is on its way, though not necessarily in the kernel.
 * @this {http.OutgoingMessage}
 */
function _finish() {
  if (!this[kSocket]) throw new codes.ERR_INTERNAL_ASSERTION();
  if (isHeard(this, 'prefinish')) this.emit('prefinish');
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
  // From Node 22 on a message counts the corks that its socket has, too.
  while (!CORKS_CHUNKS && this[kCorked] > 0) {
    this[kCorked]--;
    socket.cork();
  }
  const queue = this.outputData;
  if (queue.length === 0) return undefined;
  const wasCorked = socket.writableCorked > 0;
  // Where the core writes, how a single write was corked cannot be seen.
  const corks = queue.length > 1 || socket.write !== nativeWrite || !hasOriginalWrites(socket);
  if (corks) socket.cork();
  let accepted;
  for (let i = 0; i < queue.length; i++) {
    const { data, encoding, callback } = queue[i];
    // The queue may live on while the socket is slow; its data need not.
    queue[i].data = null;
    // What the program has corked stays so.
    if (callback !== tellEnd) accepted = socket.write(data, encoding, callback);
    else if (wasCorked) accepted = socket.write(data, encoding, finished.bind(undefined, this));
    else accepted = writeLast(socket, data, encoding, finished, this);
  }
  if (corks) socket.uncork();
  emptyQueue(this);
  return accepted;
}

/**
 * @param {http.OutgoingMessage} message that waits for its turn
 * @returns {boolean} whether all of it is one text, and no listener hears how it is sent
 */
function isWhole(message) {
  const { outputData: queue } = message;
  return queue.length === 1 && queue[0].callback === tellEnd && message.finished && message._flush === _flush &&
    message._flushOutput === _flushOutput && !isHeard(message, 'socket') && !isHeard(message, 'prefinish');
}

/**
 * Sends such a message; `message._flush()` without a tick of its own for what came before.
 * @param {http.OutgoingMessage} message that has its socket now
 * @param {stream.Duplex} socket
 * @param {Function} done see writeLast()
 * @param {*} previous
 */
function sendWhole(message, socket, done, previous) {
  const { data, encoding } = message.outputData[0];
  writeLast(socket, data, encoding, done, message, previous);
  emptyQueue(message);
  message._finish();
}

/**
 * Sends the head now instead of with the first part of the body.
 * @this {http.OutgoingMessage}
 */
function flushHeaders() {
  if (!this._header) this._implicitHeader();
  this._send('');
}

/**
 * Sets the fields that follow a chunked body; each call replaces those of the one before.
 * @this {http.OutgoingMessage}
 * @param {object|Array} headers values by name, or pairs; a value may be a list
 */
function addTrailers(headers) {
  this._trailer = '';
  const pairs = ArrayIsArray(headers);
  const keys = ObjectKeys(headers);
  for (let i = 0; i < keys.length; i++) {
    const name = pairs ? headers[keys[i]][0] : keys[i];
    const value = pairs ? headers[keys[i]][1] : headers[keys[i]];
    validateTrailerName(name);
    const several = ArrayIsArray(value) && value.length > 1;
    const unique = this[kUniqueHeaders];
    const values = !several ? [value] : unique && unique.has(name.toLowerCase()) ? [value.join('; ')] : value;
    for (const one of values) {
      if (checkInvalidHeaderChar(one) && checkInvalidHeaderChar(one, this._isLenientHeaderValidation?.())) throw new codes.ERR_INVALID_CHAR('trailer content', name);
      this._trailer += name + ': ' + one + CRLF;
    }
  }
}

module.exports = {
  _finish, _flush, _flushOutput, _send, _writeRaw, addTrailers, end, finished, flushHeaders, getDefaultHighWaterMark, isHeard, isWhole,
  nop, sendHeldChunk, sendWhole, tellDrain, write,
};
