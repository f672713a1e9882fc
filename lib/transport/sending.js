'use strict';
// What is written to a socket that the core writes: what it takes, what waits (for the end of a turn, for I/O threads, for uncork()), and what goes
// through net.Socket in its place. What the kernel does not take at once does: waiting, 'drain' and the errors of a full or broken connection are the
// stream's business here as everywhere.

const { Buffer } = require('node:buffer');
const net = require('node:net');
const { types: { isUint8Array } } = require('node:util');
const native = require('../native/addon');
const { transport: { HOLD } = {} } = require('../native/layout');
const { endHold, hold, isHeld } = require('./drivers');
const { QUEUED, bytesOf, uncorkedOf } = require('./counters');
const { COPIED_BYTES_MAX, FEW_BYTES, asWritten, flagOf } = require('./encoding');
const { kAttached, kIndex } = require('./owner-state');
const { isCorked, kCorks, kUnbuilt, takesMore, uncorkAll } = require('./lazy-state');

const plain = net.Socket.prototype;
const plainWrite = plain.write;

/**
 * Sends what pipelined answers have put in the queue, or what waits for the I/O threads.
 * @param {stream.Duplex} socket that the core reads
 */
function sendHeld(socket) {
  const { driver } = socket[kAttached];
  if (!driver.lags) {
    if (!isHeld(socket[kIndex])) return;
    endHold();
  } else if (bytesOf(socket, QUEUED) === 0) {
    return;
  }
  sendDue(socket);
}

/**
 * Sends what is not corked.
 * @param {stream.Duplex} socket that the core reads
 */
function sendDue(socket) {
  if (!isCorked(socket) || socket[kAttached].corkedLength === 0) flush(socket);
  else sendUncorked(socket);
}

// What was written before cork(). The rest stays corked.
function sendUncorked(socket) {
  const uncorkedBytes = uncorkedOf(socket);
  if (uncorkedBytes === 0) return;
  const attached = socket[kAttached];
  const { corkedLength, driver: { handle } } = attached;
  const queue = takeQueue(socket);
  native.transportWriteBytes(handle, socket[kIndex], queue.subarray(0, uncorkedBytes), 1);
  flush(socket);
  if (socket[kIndex] === undefined) return;
  native.transportWriteBytes(handle, socket[kIndex], queue.subarray(uncorkedBytes), 1);
  attached.corkedLength = corkedLength;
  attached.uncorkedBytes = 0;
}

/**
 * sendHeld() before the end, which ends all corking.
 * @param {stream.Duplex} socket that the core reads
 */
function sendLast(socket) {
  if (socket[kAttached].driver.lags && isCorked(socket)) uncorkAll(socket);
  if (socket[kIndex] !== undefined) sendHeld(socket);
}

function flush(socket) {
  const left = sendQueue(socket);
  if (left !== 0) settle(socket, left);
}

function sendQueue(socket) {
  socket[kAttached].corkedLength = 0;
  return native.transportFlush(socket[kAttached].driver.handle, socket[kIndex]);
}

// The bytes that are queued: the caller's to send from here on.
function takeQueue(socket) {
  socket[kAttached].corkedLength = 0;
  return native.transportTake(socket[kAttached].driver.handle, socket[kIndex]);
}

/**
 * The kernel did not take everything: the rest is the stream's. So is the error of a write: it writes the same, and its handle fails.
 * @param {stream.Duplex} socket
 * @param {number} left bytes that it did not take, or an error below 0
 * @param {Function} [callback] of the write
 * @param {string|Uint8Array} [data] that is still to be written
 * @param {any} [encoding]
 * @returns {boolean} what write() answers
 */
function settle(socket, left, callback, data = takeQueue(socket), encoding = undefined) {
  if (left > 0) return plainWrite.call(socket, data, callback);
  socket[kAttached].failed = -left;
  return plainWrite.call(socket, data, encoding, callback);
}

/**
 * Writes through the stream, what is queued first.
 * @param {stream.Duplex} socket that the core reads
 * @param {any} data
 * @param {any} encoding
 * @param {Function} [callback]
 * @returns {boolean} what write() answers
 */
function writePlain(socket, data, encoding, callback) {
  if (bytesOf(socket, QUEUED) > 0) {
    const { corkedLength } = socket[kAttached];
    // What was written before cork() does not wait for uncork().
    if (corkedLength === 0) flush(socket);
    else sendUncorked(socket);
    if (corkedLength > 0 && socket[kIndex] !== undefined) plainWrite.call(socket, asWritten(takeQueue(socket), corkedLength));
  }
  return plainWrite.call(socket, data, encoding, callback);
}

/**
 * Sends what is queued. An error comes again with the write that follows.
 * @param {stream.Duplex} socket
 * @returns {{chunk: Buffer, encoding: string}|undefined} what the kernel did not take, as the stream has it
 */
function flushFirst(socket) {
  if (socket[kIndex] === undefined || bytesOf(socket, QUEUED) === 0) return undefined;
  if (sendQueue(socket) === 0) return undefined;
  return { chunk: takeQueue(socket), encoding: 'buffer' };
}

/**
 * Has the core write, or queue what is held back.
 * @param {any} socket that the core reads
 * @param {any} data
 * @param {any} encoding
 * @returns {number|undefined} what the core answers, see transportWrite; undefined when it is the stream's to do: what fills its buffer,
 *   and what it must wait with or refuse
 */
function send(socket, data, encoding) {
  const index = socket[kIndex];
  const built = socket[kUnbuilt] === undefined;
  const attached = socket[kAttached];
  const { driver } = attached;
  const limit = built ? socket._writableState.highWaterMark : attached.limit;
  const held = !driver.lags && isHeld(index);
  const corked = isCorked(socket);
  // As the stream counts: characters of a text, bytes of the rest.
  const length = corked ? attached.corkedLength + data?.length : data?.length;
  if (length >= limit || (built && !takesMore(socket._writableState, encoding))) return undefined;
  if (corked && length > COPIED_BYTES_MAX && typeof data !== 'string' && data.length > FEW_BYTES) return undefined;
  const waits = held || corked;
  if (corked && attached.corkedLength === 0 && !driver.lags) {
    attached.uncorkedBytes = held ? bytesOf(socket, QUEUED) : 0;
    if (held) hold(index, true);
  }
  let left;
  if (typeof data === 'string') {
    const flag = flagOf(encoding);
    if (flag < 0) return corked ? undefined : send(socket, Buffer.from(data, encoding), undefined);
    left = native.transportWrite(driver.handle, index, data, waits ? flag | HOLD : flag);
  } else if (isUint8Array(data)) {
    left = native.transportWriteBytes(driver.handle, index, data, waits ? 1 : 0);
  } else {
    return undefined;
  }
  if (built && !held) socket._unrefTimer();
  if (corked) attached.corkedLength = length;
  if (corked || left <= 0) return corked ? 0 : left;
  if (held || driver.lags) return left < limit ? 0 : sendQueue(socket);
  return left;
}

/**
 * Ends all corking.
 * @param {stream.Duplex} socket that the core reads
 * @returns {number} what the core answers, see transportWrite
 */
function releaseAll(socket) {
  if (socket[kUnbuilt] === undefined) {
    socket._writableState.corked = 1;
    plain.uncork.call(socket);
  } else {
    socket[kCorks] = 0;
  }
  return sendReleased(socket, socket[kIndex]);
}

/**
 * What was corked leaves, or waits for the rest of the turn.
 * @param {stream.Duplex} socket
 * @param {number} index of its connection
 * @returns {number} what the core answers, see transportWrite
 */
function sendReleased(socket, index) {
  const attached = socket[kAttached];
  attached.corkedLength = 0;
  if (attached.driver.lags || !isHeld(index)) return native.transportRelease(attached.driver.handle, index);
  hold(index, false);
  return 0;
}

module.exports = { flushFirst, releaseAll, send, sendDue, sendHeld, sendLast, sendReleased, settle, writePlain };
