'use strict';
// Closes the socket of a server's connection, and ends the exchanges that were open on it.

const { Boolean } = require('../globals/primordials');
const { debuglog } = require('../globals/at-load');
const { leaveSocket } = require('../message/incoming');
const { freeParser } = require('../message/parsers');
const { connResetException } = require('../util/errors');
const { DESTROYED, SHUT_DOWN, dismiss } = require('../transport/lazy-socket');
const { destroysQueued } = require('../compat/node-features');
const { onServerResponseClose } = require('./response');
const { kConnection } = require('./symbols');
const stats = require('./stats');
const timings = require('../observe/timings');

const debug = debuglog('http');

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} whether every request on it is answered
 */
function isSettled(socket) {
  return socket[kConnection].requests.length === 0 && !socket._httpMessage;
}

/**
 * Closes the socket of a connection at once, even if data or answers are outstanding.
 * @param {stream.Duplex} socket
 * @param {Error} [error] why
 */
function closeNow(socket, error) {
  if (isSettled(socket) && dismiss(socket, DESTROYED, onDismissed, error)) return;
  if (error === undefined) socket.destroy();
  else socket.destroy(error);
}

/**
 * Closes the socket of a connection once everything is sent.
 * @param {stream.Duplex} socket
 */
function shutDown(socket) {
  if (isSettled(socket) && !isArriving(socket.parser) && dismiss(socket, SHUT_DOWN, onDismissed)) return;
  if (typeof socket.destroySoon === 'function') socket.destroySoon();
  else socket.end();
}

// Whether a request that was answered goes on: what has come of it is read.
function isArriving(parser) {
  return Boolean(parser) && parser.incoming !== null && !parser.incoming.complete;
}

/**
 * Called when a socket that was never looked at is closed.
 * @param {stream.Duplex} socket
 */
function onDismissed(socket) {
  socketOnClose.call(socket);
  onServerResponseClose.call(socket);
}

/**
 * Listener of the socket's 'close'.
 * @this {stream.Duplex}
 */
function socketOnClose() {
  debug('server socket close');
  const connection = this[kConnection];
  // A program may call a listener that it finds on another socket.
  if (connection === undefined) return;
  stats.connectionEnded(connection, false);
  freeParser(this.parser, null, this);
  abortRequests(connection);
}

/**
 * @param {Connection} connection that has ended
 * @param {boolean} [lingers] whether the socket stays open to send an answer
 */
function abortRequests({ requests, waiting }, lingers = false) {
  while (requests.length > 0) {
    const req = requests.shift();
    if (timings.used) req[timings.kTimings]?.over();
    if (lingers) leaveSocket(req);
    req.destroy(connResetException('aborted'));
  }
  while (waiting.length > 0 && destroysQueued()) waiting.shift().destroy(connResetException('aborted'));
}

module.exports = { abortRequests, closeNow, isSettled, onDismissed, shutDown, socketOnClose };
