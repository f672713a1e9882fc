'use strict';
// Answers that the peer does not read: how much waits on a server's connection, when reading stops for it, and when it goes on.

const { corksEachTurn, drainsWithQueue } = require('../compat/node-features');
const { tellDrain } = require('../message/outgoing-queue');
const { kConnection } = require('./symbols');
const { kChunkedLength, kNeedDrain } = require('../compat/symbols');

/**
 * Responses that wait for their turn hold back more, or less.
 * @param {Connection} connection
 * @param {number} delta in bytes
 */
function updateOutgoingData(connection, delta) {
  connection.bytesWaiting += delta;
  const { socket } = connection;
  if (socket._paused) resumeReading(connection);
  if (drainsWithQueue) tellDrained(socket._httpMessage);
}

function resumeReading(connection) {
  const { socket } = connection;
  if (!socket._paused || connection.bytesWaiting > connection.responseOptions.highWaterMark) return;
  socket._paused = false;
  if (socket.parser) socket.parser.resume();
  socket.resume();
}

/**
 * Listener of the socket's 'drain'.
 * @this {stream.Duplex}
 */
function socketOnDrain() {
  const connection = this[kConnection];
  resumeReading(connection);
  tellDrained(this._httpMessage);
}

function tellDrained(message) {
  if (!message || message.finished || !message[kNeedDrain] || (corksEachTurn && message[kChunkedLength] > 0)) return;
  tellDrain(message);
}

module.exports = { socketOnDrain, updateOutgoingData };
