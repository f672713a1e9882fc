'use strict';
// What is written on its way to the core, and back to a stream.

const { Buffer } = require('node:buffer');
const { transport: { LATIN1 } = {} } = require('../native/layout');

/**
 * Corked bytes up to this length are copied into the queue of the core; what comes to more is gathered by the stream from where it is
 * (measured: 64 chunks of 16 KiB take a quarter less CPU in the process itself, one or two of them as much as when they were copied).
 */
const COPIED_BYTES_MAX = 16384;

/** Corked bytes that are copied in any case, as the CR LF behind a chunk of text: the stream, which counts text by its characters, would take over the bytes of that. */
const FEW_BYTES = 16;

/**
 * @param {string} [encoding]
 * @returns {number} the flag of a write by which the core takes text of it: LATIN1, or 0 for UTF-8; -1 for any other encoding. ASCII is
 *   written as latin1, as Buffer does
 */
function flagOf(encoding) {
  if (encoding === 'latin1' || encoding === 'binary' || encoding === 'ascii') return LATIN1;
  return encoding === undefined || encoding === null || encoding === 'utf8' || encoding === 'utf-8' ? 0 : -1;
}

/**
 * A stream counts the characters of the texts that it keeps.
 * @param {Buffer} bytes of what was written
 * @param {number} length that a stream would count for it
 * @returns {Buffer|string} the same to be written, as text where that alone has this length
 */
function asWritten(bytes, length) {
  if (bytes.length === length) return bytes;
  const text = bytes.utf8Slice();
  return text.length === length && bytes.equals(Buffer.from(text)) ? text : bytes;
}

module.exports = { COPIED_BYTES_MAX, FEW_BYTES, asWritten, flagOf };
