'use strict';
// Bytes that I/O threads have read, and that were not delivered to JavaScript, when a socket is given back: the first that the next reader of its
// handle gets.

const { process } = require('../globals/primordials');
const { systemError } = require('../util/errors');
const { ownerOf, stopReading } = require('./handles');
const { kAttached } = require('./owner-state');

/**
 * Gives them to the stream that has the handle, as they would come from the kernel: when who asked for them listens.
 * @param {Attached} it
 * @param {Buffer|number} unread the bytes, or the error of the read
 */
function giveSoon(it, unread) {
  process.nextTick(giveUnread, it.handle, unread);
}

function giveUnread(handle, unread) {
  const socket = ownerOf(handle);
  if (!socket || socket.destroyed) return;
  if (typeof unread === 'number') socket.destroy(systemError('read', unread));
  else socket.push(unread);
}

/**
 * Gives them to a session of TLS or HTTP/2 that begins: its first input is what it finds in the buffer of the socket. It takes that
 * as a reader of the socket, so that 'data' is emitted.
 * @param {Attached} it
 * @param {Buffer|number} unread
 */
function giveInBuffer(it, unread) {
  if (typeof unread === 'number') return giveSoon(it, unread);
  const { socket } = it;
  const state = socket._readableState;
  const { flowing } = state;
  state.flowing = false;
  it.isHandedOver = true;
  socket.push(unread);
  process.nextTick(endHandOver, it, flowing);
}

function endHandOver(it, flowing) {
  it.isHandedOver = false;
  it.socket._readableState.flowing = flowing;
  if (flowing && it.socket.readableLength > 0) it.socket.resume();
}

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} whether what its stream emits now is what a session takes from it
 */
function isHandedOver(socket) {
  return socket[kAttached]?.isHandedOver === true;
}

/**
 * The connections have ended behind the bytes that were read last; the next owner of their handles hears of it, and reads no more.
 * @param {object[]} handles emptied
 */
function endUnread(handles) {
  for (const handle of handles.splice(0)) {
    const socket = ownerOf(handle);
    if (!socket || socket.destroyed) continue;
    handle.reading = false;
    stopReading(handle);
    socket.push(null);
    socket.read(0);
  }
}

module.exports = { endUnread, giveInBuffer, giveSoon, isHandedOver };
