'use strict';
// Ends the core's part in a socket: the socket is closed, or given back to its stream with every byte in order.

const net = require('node:net');
const native = require('../native/addon');
const { transport: { CLOSED, DESTROYED, GIVEN_BACK } = {} } = require('../native/layout');
const { QUEUED, bytesOf } = require('./counters');
const { REASONS, kAttached, kIndex } = require('./owner-state');
const { giveInBuffer, giveSoon } = require('./unread');
const { kMaterialize, kLazyHandle } = require('./lazy-state');
const { sendHeld } = require('./sending');

const plain = net.Socket.prototype;
const plainWrite = plain.write;
const plainRead = plain._read;

/** What transportDetach leaves when the core's part in a connection ends. @type {any[]} */
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

// What becomes of a socket that is destroyed. Its last answer, such as that to a bad request, must reach a peer that goes on sending: a
// reset would overtake it.
function fateOf(socket) {
  return socket[kIndex] !== undefined && bytesOf(socket, QUEUED) > 0 ? CLOSED : DESTROYED;
}

/**
 * Ends the core's part in a socket.
 * @param {stream.Duplex} socket that the core reads
 * @param {number} [fate] GIVEN_BACK; or, if the descriptor is closed next and need not be removed from the epoll set, CLOSED
 *   after a shutdown, and DESTROYED otherwise
 * @returns {Buffer|undefined} queued bytes that could not be sent
 */
function detach(socket, fate = GIVEN_BACK) {
  if (fate === DESTROYED) fate = fateOf(socket);
  sendHeld(socket);
  const index = socket[kIndex];
  // A write has failed and has already detached it.
  if (index === undefined) return undefined;
  const it = socket[kAttached];
  const { driver } = it;
  rest[UNREAD] = undefined;
  const unsent = native.transportDetach(driver.handle, index, fate, rest);
  it.received += rest[RECEIVED_IN_ALL];
  it.sent += rest[SENT_IN_ALL];
  // Not `socket`: an object that inherits from it would get the property.
  it.socket[kIndex] = undefined;
  driver.attached[index] = undefined;
  countAlive(it);
  it.record.open--;
  return unsent;
}

/**
 * Ends the core's part in a socket that lives on without it.
 * @param {stream.Duplex} socket that the core reads
 * @param {string} reason one of REASONS
 * @param {Function} [give] delivers bytes that were read but not yet delivered, see unread.js
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

/** @param {stream.Duplex} socket whose handle something else reads from now on */
function leaveForHandle(socket) {
  if (socket[kIndex] !== undefined) leave(socket, REASONS.HANDLE);
}

/**
 * Detaches a socket before a session of TLS or HTTP/2 takes its handle. The session expects a handle that reads, or one that a
 * 'pause' listener stopped; a program may have removed that listener, so reading starts here.
 * @param {stream.Duplex} socket
 */
function leaveForSession(socket) {
  if (socket[kIndex] === undefined) return;
  const reads = !socket[kAttached].paused;
  leave(socket, REASONS.HANDLE, giveInBuffer);
  if (reads && !socket.destroyed) plainRead.call(socket, 0);
}

/**
 * Gives a socket back to its stream: from here on its bytes come as 'data'. Does nothing if the core does not read the socket.
 * @param {stream.Duplex} socket or something that stands for it
 * @param {string} [reason] one of REASONS
 */
function giveBack(socket, reason = REASONS.UPGRADE) {
  if (socket[kIndex] === undefined) return;
  if (socket[kLazyHandle] !== undefined) socket[kMaterialize]();
  socket = socket[kAttached].socket;
  // A stream may be paused while its handle reads: the program has removed the listener that stops it.
  const reads = !socket[kAttached].paused;
  leave(socket, reason);
  if (!socket.destroyed && reads) plainRead.call(socket, 0);
}

/**
 * Gives a socket back to its stream if an I/O thread reads ahead: what follows stays in the system until it is read, for whatever the
 * program does next.
 * @param {stream.Duplex} socket
 * @param {string} reason one of REASONS
 */
function endReadAhead(socket, reason) {
  if (socket[kIndex] !== undefined && socket[kAttached].driver.defersWrites) giveBack(socket, reason);
}

/**
 * Ends the core's part in a socket that will be closed next, unless bytes wait to be sent.
 * @param {stream.Duplex} socket
 * @param {boolean} orderly whether it is shut down before it is closed
 * @returns {boolean} false, with nothing done, if bytes wait or the core does not read the socket
 */
function letGo(socket, orderly) {
  if (socket[kIndex] === undefined) return false;
  const fate = orderly ? CLOSED : fateOf(socket);
  sendHeld(socket);
  // A write may have failed and detached it.
  if (socket[kIndex] === undefined || bytesOf(socket, QUEUED) > 0) return false;
  detach(socket, fate);
  return true;
}

module.exports = { countAlive, detach, endReadAhead, giveBack, leave, leaveForHandle, leaveForSession, letGo };
