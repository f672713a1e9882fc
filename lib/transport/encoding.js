'use strict';
// The encodings of written data: towards the core, and back to a stream.

const { Buffer } = require('node:buffer');
const { transport: { LATIN1 } = {} } = require('../native/layout');

/**
 * Corked bytes up to this length are copied into the core's queue; the stream gathers longer ones without a copy (measured: 64
 * chunks of 16 KiB take a quarter less CPU in the process, one or two chunks as much as with a copy).
 */
const COPIED_BYTES_MAX = 16384;

/**
 * Bytes short enough to be copied in any case, such as the CR LF after a chunk of text. The stream counts text in characters, so it
 * would count the queued text in bytes if it took these over.
 */
const FEW_BYTES = 16;

/**
 * @param {string} [encoding]
 * @returns {number} the flag with which the core takes text of this encoding: LATIN1, or 0 for UTF-8; -1 for any other encoding.
 *   ASCII is written as latin1, as Buffer does
 */
function flagOf(encoding) {
  if (encoding === 'latin1' || encoding === 'binary' || encoding === 'ascii') return LATIN1;
  return encoding === undefined || encoding === null || encoding === 'utf8' || encoding === 'utf-8' ? 0 : -1;
}

/**
 * Undoes the encoding where a stream would have kept a string, since it counts strings in characters.
 * @param {Buffer} bytes that were written
 * @param {number} length that a stream would count for them
 * @returns {Buffer|string} what to write: a string if only a string has that length
 */
function asWritten(bytes, length) {
  if (bytes.length === length) return bytes;
  const text = bytes.utf8Slice();
  return text.length === length && bytes.equals(Buffer.from(text)) ? text : bytes;
}

module.exports = { COPIED_BYTES_MAX, FEW_BYTES, asWritten, flagOf };
