'use strict';
// Writes to a socket that the core writes: what the core takes, what waits (for the end of the turn, for an I/O thread, for
// uncork()), and what goes through net.Socket instead. That is whatever the kernel does not take at once: waiting, 'drain' and the
// errors of a full or broken connection stay with the stream.

const { Buffer } = require('node:buffer');
const net = require('node:net');
const { types: { isUint8Array } } = require('node:util');
const native = require('../native/addon');
const { transport: { HOLD } = {} } = require('../native/layout');
const { endHold, hold, isHeld } = require('./drivers');
const { QUEUED, bytesOf, uncorkedOf } = require('./counters');
const { COPIED_BYTES_MAX, FEW_BYTES, asWritten, flagOf } = require('./encoding');
const { kAttached, kIndex } = require('./owner-state');
const { isCorked, kCorks, kLazyHandle, takesMore, uncorkAll } = require('./lazy-state');

const plain = net.Socket.prototype;
const plainWrite = plain.write;

/**
 * Sends the held-back answers to pipelined requests, or what waits for an I/O thread.
 * @param {stream.Duplex} socket that the core reads
 */
function sendHeld(socket) {
  const { driver } = socket[kAttached];
  if (!driver.defersWrites) {
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

// Sends what was written before cork(). The rest stays corked.
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
 * sendHeld() before the socket ends. Ends all corking.
 * @param {stream.Duplex} socket that the core reads
 */
function sendLast(socket) {
  if (socket[kAttached].driver.defersWrites && isCorked(socket)) uncorkAll(socket);
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

// Takes the queued bytes: the caller must send them.
function takeQueue(socket) {
  socket[kAttached].corkedLength = 0;
  return native.transportTake(socket[kAttached].driver.handle, socket[kIndex]);
}

/**
 * Lets the stream write what the kernel did not take. After a write error it does so too: it writes the same data, and its handle fails.
 * @param {stream.Duplex} socket
 * @param {number} left how many bytes the kernel did not take, or a negative error number
 * @param {Function} [callback] of the write
 * @param {string|Uint8Array} [data] still to be written
 * @param {any} [encoding]
 * @returns {boolean} what write() returns
 */
function settle(socket, left, callback, data = takeQueue(socket), encoding = undefined) {
  if (left > 0) return plainWrite.call(socket, data, callback);
  socket[kAttached].failed = -left;
  return plainWrite.call(socket, data, encoding, callback);
}

/**
 * Writes through the stream, and sends first what is queued.
 * @param {stream.Duplex} socket that the core reads
 * @param {any} data
 * @param {any} encoding
 * @param {Function} [callback]
 * @returns {boolean} what write() returns
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
 * Sends what is queued. If that fails, the write that follows fails with the same error.
 * @param {stream.Duplex} socket
 * @returns {{chunk: Buffer, encoding: string}|undefined} what the kernel did not take, in the form of a stream's chunk
 */
function flushFirst(socket) {
  if (socket[kIndex] === undefined || bytesOf(socket, QUEUED) === 0) return undefined;
  if (sendQueue(socket) === 0) return undefined;
  return { chunk: takeQueue(socket), encoding: 'buffer' };
}

/**
 * Has the core write the data, or queue it where answers are held back or corked.
 * @param {any} socket that the core reads
 * @param {any} data
 * @param {any} encoding
 * @returns {number|undefined} what the core returns, see transportWrite; undefined if the stream must do it: data that fills its
 *   buffer, must wait, or is refused
 */
function send(socket, data, encoding) {
  const index = socket[kIndex];
  const built = socket[kLazyHandle] === undefined;
  const attached = socket[kAttached];
  const { driver } = attached;
  const limit = built ? socket._writableState.highWaterMark : attached.limit;
  const held = !driver.defersWrites && isHeld(index);
  const corked = isCorked(socket);
  // As the stream counts: characters of a string, bytes of the rest.
  const length = corked ? attached.corkedLength + data?.length : data?.length;
  if (length >= limit || (built && !takesMore(socket._writableState, encoding))) return undefined;
  if (corked && length > COPIED_BYTES_MAX && typeof data !== 'string' && data.length > FEW_BYTES) return undefined;
  const waits = held || corked;
  if (corked && attached.corkedLength === 0 && !driver.defersWrites) {
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
  if (held || driver.defersWrites) return left < limit ? 0 : sendQueue(socket);
  return left;
}

/**
 * Ends all corking.
 * @param {stream.Duplex} socket that the core reads
 * @returns {number} what the core returns, see transportWrite
 */
function releaseAll(socket) {
  if (socket[kLazyHandle] === undefined) {
    socket._writableState.corked = 1;
    plain.uncork.call(socket);
  } else {
    socket[kCorks] = 0;
  }
  return sendReleased(socket, socket[kIndex]);
}

/**
 * Sends what was corked, or leaves it to the end of the turn.
 * @param {stream.Duplex} socket
 * @param {number} index of its connection
 * @returns {number} what the core returns, see transportWrite
 */
function sendReleased(socket, index) {
  const attached = socket[kAttached];
  attached.corkedLength = 0;
  if (attached.driver.defersWrites || !isHeld(index)) return native.transportRelease(attached.driver.handle, index);
  hold(index, false);
  return 0;
}

module.exports = { flushFirst, releaseAll, send, sendDue, sendHeld, sendLast, sendReleased, settle, writePlain };
