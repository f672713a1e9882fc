'use strict';
// Bytes that an I/O thread had read, but not delivered to JavaScript, when a socket was given back. The next reader of the handle gets them first.

const { process } = require('../globals/primordials');
const { systemError } = require('../util/errors');
const { ownerOf, stopReading } = require('./handles');
const { kAttached } = require('./owner-state');

/**
 * Gives them to the stream that has the handle in the next tick, when whoever took the socket listens.
 * @param {Attached} it
 * @param {Buffer|number} unread the bytes, or the error number of the read
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
 * Gives them to a session of TLS or HTTP/2 that begins: its first input is what it finds in the socket's buffer. It takes that by
 * reading the socket, which emits 'data'.
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
 * @returns {boolean} whether the 'data' that its stream emits now goes to a session
 */
function isHandedOver(socket) {
  return socket[kAttached]?.isHandedOver === true;
}

/**
 * Ends the sockets of connections whose end follows the bytes that were read last: the present owner of each handle sees the end and reads no more.
 * @param {object[]} handles is emptied
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
