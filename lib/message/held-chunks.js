'use strict';
// Chunks of a body that wait for uncork(): what is written while a message is corked becomes one chunk (from Node 22 on).

const { process } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const { codes } = require('../util/errors');
const { corksEachTurn } = require('../compat/node-features');
const { kChunkedBuffer, kChunkedLength, kHighWaterMark } = require('../compat/symbols');

// The bytes around a chunk: CR LF after its length and after its data.
const AROUND = 4;

/**
 * @param {OutgoingMessage} message
 * @returns {string} its head, if that has not been sent
 */
function firstPart(message) {
  return message._headerSent || message._header === null ? '' : message._header;
}

/**
 * Whether an empty piece is held: from Node 26 on, its callback comes after those of the held pieces.
 * @param {OutgoingMessage} message
 * @returns {boolean}
 */
function keepsItsTurn(message) {
  return corksEachTurn() && message.chunkedEncoding && message[kChunkedBuffer].length > 0;
}

/**
 * @param {OutgoingMessage} message
 * @param {string|Uint8Array} chunk
 * @param {string|null} encoding
 * @param {Function} callback
 * @param {number} length in bytes
 * @returns {boolean} what write() returns
 */
function holdChunk(message, chunk, encoding, callback, length) {
  if (typeof chunk !== 'string' && !Buffer.isBuffer(chunk)) chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  message[kChunkedBuffer].push({ chunk, encoding, callback });
  if (length > 0) message[kChunkedLength] += length;
  // From Node 26 on, the socket's queue and its high-water mark count as well.
  return corksEachTurn() ? message.writableLength < message.writableHighWaterMark : message[kChunkedLength] < message[kHighWaterMark];
}

/**
 * @param {OutgoingMessage} message
 * @returns {boolean} whether uncork() has a chunk to send: from Node 26 on, even text of no bytes is one
 */
function holdsChunk(message) {
  return corksEachTurn() ? message[kChunkedBuffer].length > 0 : message[kChunkedLength] > 0;
}

/**
 * @param {OutgoingMessage} message
 * @returns {number} bytes held back; from Node 26 on with the bytes that will surround them
 */
function heldLength(message) {
  const length = message[kChunkedLength];
  if (length === 0 || !corksEachTurn()) return length;
  return firstPart(message).length + length.toString(16).length + length + AROUND;
}

/**
 * @param {OutgoingMessage} message
 * @returns {{chunk: string|Buffer, encoding: string|null, callback: Function}[]} the held chunks, which are no longer held
 */
function takeHeldChunks(message) {
  const held = message[kChunkedBuffer];
  message[kChunkedBuffer] = [];
  message[kChunkedLength] = 0;
  return held;
}

/**
 * Drops the held chunks: their callbacks get the error.
 * @param {OutgoingMessage} message
 * @param {Error} [error] why
 */
function dropHeldChunks(message, error) {
  error ||= new codes.ERR_STREAM_DESTROYED('write');
  for (const { callback } of takeHeldChunks(message)) process.nextTick(callback, error);
}

module.exports = { __proto__: null, dropHeldChunks, firstPart, heldLength, holdChunk, holdsChunk, keepsItsTurn, takeHeldChunks };
