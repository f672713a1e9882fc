'use strict';
// The errors of a server's connection, the server's answers to them, and how it closes a connection whose peer is still sending.

const { Buffer, process } = require('../globals/primordials');
const { clearTimeout, emitterMethods: { emit: plainEmit, listenerCount: plainListenerCount }, setTimeout } = require('../globals/at-load');
const { freeParser } = require('../message/parsers');
const { closesAsNode } = require('../transport/lazy-socket');
const { endReadAhead } = require('../transport/giving-back');
const { isLazy } = require('../transport/lazy-state');
const { REASONS } = require('../transport/owner-state');
const { warnsUnclosed } = require('../compat/node-features');
const { abortRequests, closeNow, isSettled } = require('./closing');
const { onServerResponseClose } = require('./response');
const { connectionFailed, limitMet } = require('./stats');
const { kConnection } = require('./symbols');

/** Milliseconds for which a refused peer's bytes are still read and discarded. */
const LINGER = 2_000;

/** The error code of a body longer than `bodyLimit`. */
const BODY_OVERFLOW = 'HPE_BODY_OVERFLOW';

const BAD_REQUEST = refusal('400 Bad Request');
const TOO_LARGE = refusal('413 Payload Too Large');
const REFUSALS = {
  ERR_HTTP_REQUEST_TIMEOUT: refusal('408 Request Timeout'),
  [BODY_OVERFLOW]: TOO_LARGE,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: TOO_LARGE,
  HPE_HEADER_OVERFLOW: refusal('431 Request Header Fields Too Large'),
};

function refusal(status) {
  return Buffer.from(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, 'latin1');
}

/**
 * @param {Error & {code?: string}} error
 * @returns {Buffer} the answer to it
 */
function refusalOf(error) {
  return REFUSALS[error.code] || BAD_REQUEST;
}

// Whether the program cannot see 'clientError'.
function isUnheard(server) {
  return server.emit === plainEmit && plainListenerCount.call(server, 'clientError') === 0;
}

function noop() {}

let warned = false;
function warnUnclosed() {
  if (warned) return;
  warned = true;
  process.emitWarning('An error event has already been emitted on the socket. Please use the destroy method on the socket ' +
    "while handling a 'clientError' event.");
}

/**
 * Handles an error of a connection's bytes or socket: emits 'clientError', or sends node's answer. Listener of the socket's 'error'.
 * @param {Failure} error
 */
function socketOnError(error) {
  connectionFailed(this.server, error);
  if (refuseUnseen(this, error)) return;
  // The program may hand the connection to HTTP/2, at any time: the next bytes are not for our parser.
  if (error.code === 'HPE_PAUSED_H2_UPGRADE' && !isUnheard(this.server)) endReadAhead(this, REASONS.UPGRADE);
  // Destroying the socket with the error emits it again, for other listeners: the second one must not be answered.
  this.removeListener('error', socketOnError);
  if (this.listenerCount('error', noop) === 0) this.on('error', noop);
  else if (warnsUnclosed) warnUnclosed();

  if (this.server.emit('clientError', error, this)) return;
  // An answer would garble a response that has begun.
  if (this.writable && (!this._httpMessage || !this._httpMessage._headerSent)) {
    this.write(refusalOf(error));
  }
  this.destroy(error);
}

// If the socket is lazy and its errors have no listener, an answer and a close are enough: no net.Socket is made.
function refuseUnseen(socket, error) {
  const { server } = socket;
  if (!isLazy(socket) || !isSettled(socket) || !isUnheard(server) || !closesAsNode(socket)) return false;
  if (socket.writable) socket.write(refusalOf(error));
  closeNow(socket, error);
  return true;
}

/**
 * Refuses a body that is too long, if that is the error and the program cannot see it.
 * @param {stream.Duplex} socket
 * @param {HTTPParser} parser
 * @param {Error & {code?: string}} error
 * @returns {boolean} false if the error must be handled like any other
 */
function refuseLongBody(socket, parser, error) {
  if (error.code !== BODY_OVERFLOW) return false;
  limitMet(socket.server, 'bodyLimit');
  return refuseBody(socket, parser, error);
}

/**
 * Refuses a body that arrives too slowly.
 * @this {stream.Duplex}
 * @param {Error & {code?: string}} error
 */
function refuseSlowBody(error) {
  if (!refuseBody(this, this.parser, error)) socketOnError.call(this, error);
}

// RFC 9112 section 9.6: closing a connection while its peer sends resets it, and the peer may lose the answer. So only this side is
// ended at first, and incoming bytes are discarded for a while.
function refuseBody(socket, parser, error) {
  const { server, _httpMessage: response } = socket;
  if (!isUnheard(server)) return false;
  connectionFailed(server, error);
  freeParser(parser, null, socket);
  if (response) {
    onServerResponseClose.call(socket);
    if (socket._httpMessage === response) response.detachSocket(socket);
    // It has begun another answer.
    if (response._headerSent) socket.destroy();
  }
  if (socket.writable) {
    const timer = setTimeout(() => socket.destroy(), LINGER).unref();
    socket.once('close', () => clearTimeout(timer));
    socket.end(refusalOf(error));
    socket.resume();
  } else {
    socket.destroy();
  }
  abortRequests(socket[kConnection], true);
  return true;
}

module.exports = { refuseLongBody, refuseSlowBody, socketOnError };
