'use strict';
// Backpressure of answers: how many bytes wait on a server's connection, when reading stops because of them, and when it resumes.

const { corksEachTurn, drainsWithQueue } = require('../compat/node-features');
const { tellDrain } = require('../message/outgoing-queue');
const { kConnection } = require('./symbols');
const { kChunkedLength, kNeedDrain } = require('../compat/symbols');

/**
 * Counts the bytes that responses hold back while they wait for their turn.
 * @param {Connection} connection
 * @param {number} delta in bytes, negative when they become fewer
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
  if (!message || message.finished || !message[kNeedDrain] || (corksEachTurn() && message[kChunkedLength] > 0)) return;
  tellDrain(message);
}

module.exports = { socketOnDrain, updateOutgoingData };
