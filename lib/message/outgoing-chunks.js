'use strict';
// The chunked framing of an outgoing body (RFC 9112, section 7.1): chunks, held chunks, trailers.

const { ArrayIsArray, ObjectKeys } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const { codes } = require('../util/errors');
const { corksEachTurn, tellsLength, tellsOfPieces } = require('../compat/node-features');
const { dropHeldChunks, firstPart, holdsChunk, takeHeldChunks } = require('./held-chunks');
const { joinedEncoding, joinsHead } = require('./outgoing-headers');
const { kChunkedLength, kCorked, kErrored, kNeedDrain, kSocket, kUniqueHeaders } = require('../compat/symbols');
const { checkInvalidHeaderChar, validateTrailerName } = require('../util/validators');
const { TRACKS_END } = require('./outgoing-end');
const { CORKS_CHUNKS, hidesWrites, isDirect, nop, takeHead, tellDrain } = require('./outgoing-queue');

const CRLF = '\r\n';
const CRLF_BYTES = Buffer.from(CRLF);

/**
 * A body of bytes up to this length is joined to its head as latin1 text; for longer ones copying costs more than a second buffer
 * (measured: a fifth less CPU at 1 KiB, equal at 4 KiB, a quarter more at 16 KiB).
 */
const JOIN_BYTES_MAX = 4096;

/**
 * Writes a chunk. RFC 9112, section 7.1: chunk = chunk-size CRLF chunk-data CRLF.
 * @param {any} message
 * @param {any} socket
 * @param {string|Uint8Array} chunk
 * @param {any} encoding
 * @param {Function} callback
 * @param {number} length of the chunk in bytes
 * @returns {boolean} false if the caller should wait for 'drain'
 */
function writeChunk(message, socket, chunk, encoding, callback, length) {
  if (isDirect(message, socket)) {
    const accepted = writeChunkAtOnce(message, socket, chunk, encoding, callback, length);
    if (accepted !== undefined) return accepted;
  }
  // A callback would make the socket's stream do the write.
  if (callback === nop && hidesWrites(message, socket)) callback = undefined;
  message._send(length.toString(16), 'latin1', null);
  message._send(CRLF_BYTES, null, null);
  if (tellsLength) message._send(chunk, encoding, null, length);
  else message._send(chunk, encoding, null);
  return message._send(CRLF_BYTES, null, callback);
}

/** Writes a chunk in one write; undefined if its parts cannot be joined. */
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

// The callback of a vectored write gets an `error` argument even without an error.
function asOfPieces(callback) { return (error) => callback(error); }

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function latin1(bytes) {
  return Buffer.isBuffer(bytes) ? bytes.latin1Slice() :
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).latin1Slice();
}

// Writes held chunks of text in one write; undefined if they cannot be joined.
function writeJoined(message, held, length) {
  let text = '';
  let latin1Count = 0;
  for (let n = 0; n < held.length; n++) {
    const { chunk, encoding } = held[n];
    if (typeof chunk !== 'string' || !joinsHead(encoding)) return undefined;
    if (encoding === 'latin1') latin1Count++;
    text += chunk;
  }
  if (held.length > 1 && length !== text.length && latin1Count < held.length) {
    // In mixed encodings only ASCII can be joined; and two halves of a surrogate pair would become one character.
    if (latin1Count > 0 || Buffer.byteLength(text) !== length) return undefined;
  }
  return writeChunkAtOnce(message, message[kSocket], text, latin1Count === held.length ? 'latin1' : 'utf8', nop, length);
}

function sendPieces(message, held, length, isUntold) {
  message._send(length.toString(16), 'latin1', null);
  message._send(CRLF_BYTES, null, null);
  for (const { chunk, encoding } of held) message._send(chunk, encoding, null);
  return message._send(CRLF_BYTES, null, isUntold ? undefined : (error) => {
    for (const { callback } of held) callback(error);
  });
}

/**
 * Sends the held chunks as one chunk.
 * @param {http.OutgoingMessage} message that holds some
 */
function sendHeldChunk(message) {
  if (corksEachTurn() && (message.destroyed || message[kSocket]?.destroyed)) {
    dropHeldChunks(message, message[kErrored] || message[kSocket]?.errored);
    return;
  }
  const length = message[kChunkedLength];
  const held = takeHeldChunks(message);
  // If single writes cannot be seen, callbacks that do nothing are left out: a callback would make the socket's stream do the write.
  const isUntold = held.every(({ callback }) => callback === nop) && isDirect(message, message[kSocket]);
  const accepted = (isUntold ? writeJoined(message, held, length) : undefined) ?? sendPieces(message, held, length, isUntold);
  if (TRACKS_END && accepted && message[kNeedDrain]) tellDrain(message);
}

/**
 * Sets the fields that follow a chunked body, instead of those of an earlier call.
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

/**
 * Sends what cork() held back. It has no name in node.
 * @type {(this: http.OutgoingMessage) => void}
 */
const uncork = (() => /** @this {http.OutgoingMessage} */ function() {
  const socket = this[kSocket];
  // From Node 22 on, the count may fall below zero.
  if (CORKS_CHUNKS || (!socket && this[kCorked] > 0)) this[kCorked]--;
  const held = CORKS_CHUNKS && this[kCorked] === 0 && holdsChunk(this);
  if (held && corksEachTurn()) sendHeldChunk(this);
  if (socket) socket.uncork();
  // The kernel has everything that was held.
  if (held && corksEachTurn() && socket && this[kNeedDrain] && !socket.destroyed && this.writableLength === 0) tellDrain(this);
  if (held && !corksEachTurn()) sendHeldChunk(this);
})();

module.exports = { __proto__: null, JOIN_BYTES_MAX, addTrailers, latin1, uncork, writeChunk };
