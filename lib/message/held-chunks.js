'use strict';
// Chunks of a body that wait for uncork(): what is written while a message is corked becomes one chunk (from Node 22 on).

const { process } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const { codes } = require('../util/errors');
const { corksEachTurn } = require('../compat/node-features');
const { kChunkedBuffer, kChunkedLength, kHighWaterMark } = require('../compat/symbols');

// What stands around a chunk: CR LF, behind its length and behind its data.
const AROUND = 4;

/**
 * @param {OutgoingMessage} message
 * @returns {string} its head, if that is still to be sent
 */
function firstPart(message) {
  return message._headerSent || message._header === null ? '' : message._header;
}

/**
 * Whether an empty piece is held: from Node 26 on its callback comes behind those of the pieces that are held.
 * @param {OutgoingMessage} message
 * @returns {boolean}
 */
function keepsItsTurn(message) {
  return corksEachTurn && message.chunkedEncoding && message[kChunkedBuffer].length > 0;
}

/**
 * @param {OutgoingMessage} message
 * @param {string|Uint8Array} chunk
 * @param {string|null} encoding
 * @param {Function} callback
 * @param {number} length in bytes
 * @returns {boolean} what write() answers
 */
function holdChunk(message, chunk, encoding, callback, length) {
  if (typeof chunk !== 'string' && !Buffer.isBuffer(chunk)) chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  message[kChunkedBuffer].push({ chunk, encoding, callback });
  if (length > 0) message[kChunkedLength] += length;
  // From Node 26 on what the socket still has counts as well, and its mark.
  return corksEachTurn ? message.writableLength < message.writableHighWaterMark : message[kChunkedLength] < message[kHighWaterMark];
}

/**
 * @param {OutgoingMessage} message
 * @returns {boolean} whether uncork() has a chunk to send: from Node 26 on text that makes no byte is one, too
 */
function holdsChunk(message) {
  return corksEachTurn ? message[kChunkedBuffer].length > 0 : message[kChunkedLength] > 0;
}

/**
 * @param {OutgoingMessage} message
 * @returns {number} bytes held back; from Node 26 on with what will stand around them
 */
function heldLength(message) {
  const length = message[kChunkedLength];
  if (length === 0 || !corksEachTurn) return length;
  return firstPart(message).length + length.toString(16).length + length + AROUND;
}

/**
 * @param {OutgoingMessage} message
 * @returns {{chunk: string|Buffer, encoding: string|null, callback: Function}[]} those that were held; none is any more
 */
function takeHeldChunks(message) {
  const held = message[kChunkedBuffer];
  message[kChunkedBuffer] = [];
  message[kChunkedLength] = 0;
  return held;
}

/**
 * Those that are held back will not be sent: their callbacks learn of it.
 * @param {OutgoingMessage} message
 * @param {Error} [error] why
 */
function dropHeldChunks(message, error) {
  error ||= new codes.ERR_STREAM_DESTROYED('write');
  for (const { callback } of takeHeldChunks(message)) process.nextTick(callback, error);
}

module.exports = { dropHeldChunks, firstPart, heldLength, holdChunk, holdsChunk, keepsItsTurn, takeHeldChunks };
