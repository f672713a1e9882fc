'use strict';
// The end of the core's part in a socket: it is closed, or given back to its stream with every byte in order.

const net = require('node:net');
const native = require('../native/addon');
const { QUEUED, bytesOf } = require('./counters');
const { REASONS, kAttached, kIndex } = require('./owner-state');
const { giveInBuffer, giveSoon } = require('./unread');
const { kBuild, kUnbuilt } = require('./lazy-state');
const { sendHeld } = require('./sending');

const plain = net.Socket.prototype;
const plainWrite = plain.write;
const plainRead = plain._read;

/** What is left when the core's part in a connection ends: see transportDetach. @type {any[]} */
const rest = [undefined, 0, 0];
const UNREAD = 0;
const RECEIVED_IN_ALL = 1;
const SENT_IN_ALL = 2;

/**
 * A socket keeps the event loop alive while it is referenced and read.
 * @param {Attached} it
 */
function countAlive(it) {
  const alive = it.referenced && !it.paused && it.socket[kIndex] !== undefined;
  if (it.counted === alive) return;
  it.counted = alive;
  native.transportKeepAlive(it.driver.handle, alive ? 1 : -1);
}

/**
 * Ends the core's part in a socket.
 * @param {stream.Duplex} socket that the core reads
 * @param {boolean} [closing] who closes the descriptor next need not have it taken out of the set
 * @returns {Buffer|undefined} bytes that were queued and could not be sent
 */
function detach(socket, closing) {
  sendHeld(socket);
  const index = socket[kIndex];
  // A write has failed, and has ended it.
  if (index === undefined) return undefined;
  const it = socket[kAttached];
  const { driver } = it;
  rest[UNREAD] = undefined;
  const unsent = native.transportDetach(driver.handle, index, closing ? 1 : 0, rest);
  it.received += rest[RECEIVED_IN_ALL];
  it.sent += rest[SENT_IN_ALL];
  socket[kIndex] = undefined;
  driver.attached[index] = undefined;
  countAlive(it);
  it.record.open--;
  return unsent;
}

/**
 * Ends the core's part in a socket that goes on without it.
 * @param {stream.Duplex} socket that the core reads
 * @param {string} reason one of REASONS
 * @param {Function} [give] what hands over bytes that were read and not delivered, see unread.js
 */
function leave(socket, reason, give = giveSoon) {
  const it = socket[kAttached];
  it.record.count(reason);
  it.returns++;
  const unsent = detach(socket);
  if (socket.destroyed) return;
  const unread = rest[UNREAD];
  rest[UNREAD] = undefined;
  it.corkedLength = 0;
  if (unsent !== undefined) plainWrite.call(socket, unsent);
  if (unread === true) it.driver.ending.push(it.handle);
  else if (unread !== undefined) give(it, unread);
}

/** @param {stream.Duplex} socket whose handle is read by other means next */
function leaveForHandle(socket) {
  if (socket[kIndex] !== undefined) leave(socket, REASONS.HANDLE);
}

/**
 * A session goes on with a handle that reads, or was stopped by a listener of 'pause': a program may have removed that.
 * @param {stream.Duplex} socket
 */
function leaveForSession(socket) {
  if (socket[kIndex] === undefined) return;
  const reads = !socket[kAttached].paused;
  leave(socket, REASONS.HANDLE, giveInBuffer);
  if (reads && !socket.destroyed) plainRead.call(socket, 0);
}

/**
 * Gives a socket back to its stream: from here on bytes come as 'data'. Nothing happens to a socket that the core does not
 * read.
 * @param {stream.Duplex} socket
 * @param {string} [reason] one of REASONS
 */
function giveBack(socket, reason = REASONS.UPGRADE) {
  if (socket[kIndex] === undefined) return;
  if (socket[kUnbuilt] !== undefined) socket[kBuild]();
  leave(socket, reason);
  if (!socket.destroyed && !socket.isPaused()) plainRead.call(socket, 0);
}

/**
 * Ends the core's part in a socket that will be closed next, if nothing waits to be sent.
 * @param {stream.Duplex} socket
 * @returns {boolean} false, and nothing was done, when something waits, or the core does not read the socket
 */
function letGo(socket) {
  if (socket[kIndex] === undefined) return false;
  sendHeld(socket);
  // A write may have failed.
  if (socket[kIndex] === undefined || bytesOf(socket, QUEUED) > 0) return false;
  detach(socket, true);
  return true;
}

module.exports = { countAlive, detach, giveBack, leave, leaveForHandle, leaveForSession, letGo };
