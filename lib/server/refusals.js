'use strict';
// What goes wrong on a server's connection, what the server answers to it, and how it closes a connection on which more is coming.

const { process } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const EventEmitter = require('node:events');
const { clearTimeout, setTimeout } = require('node:timers');
const { freeParser } = require('../message/parsers');
const { closesAsNode } = require('../transport/lazy-socket');
const { isUnbuilt } = require('../transport/lazy-state');
const { warnsUnclosed } = require('../compat/node-features');
const { abortRequests, closeNow, isSettled } = require('./closing');
const { onServerResponseClose } = require('./response');
const { connectionFailed, limitMet } = require('./stats');
const { kConnection } = require('./symbols');

/** Milliseconds for which the bytes of a peer that has been refused are read away. */
const LINGER = 2_000;

/** The code of the error where a body is longer than `bodyLimit`. */
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

// Whether no program hears of its 'clientError'.
function isUnheard(server) {
  return server.emit === EventEmitter.prototype.emit && server.listenerCount('clientError') === 0;
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
 * What goes wrong on a connection, in its bytes or in its socket: the user's 'clientError', or node's answer.
 * Listener of the socket's 'error'.
 * @param {Failure} error
 */
function socketOnError(error) {
  connectionFailed(this.server, error);
  if (refuseUnseen(this, error)) return;
  // Destroying the socket with the error emits it again, for other listeners: it is not to be answered twice.
  this.removeListener('error', socketOnError);
  if (this.listenerCount('error', noop) === 0) this.on('error', noop);
  else if (warnsUnclosed) warnUnclosed();

  if (this.server.emit('clientError', error, this)) return;
  // An answer would garble what a response has already begun to say.
  if (this.writable && (!this._httpMessage || !this._httpMessage._headerSent)) {
    this.write(refusalOf(error));
  }
  this.destroy(error);
}

// Where the socket is lazy and its errors have no listener, an answer and its end are all there is to it: no net.Socket
// is made for that.
function refuseUnseen(socket, error) {
  const { server } = socket;
  if (!isUnbuilt(socket) || !isSettled(socket) || !isUnheard(server) || !closesAsNode(socket)) return false;
  if (socket.writable) socket.write(refusalOf(error));
  closeNow(socket, error);
  return true;
}

/**
 * Refuses a body that is too long, if that is what is wrong and no program hears of it.
 * @param {stream.Duplex} socket
 * @param {HTTPParser} parser
 * @param {Error & {code?: string}} error
 * @returns {boolean} false where the error is to be dealt with as any other
 */
function refuseLongBody(socket, parser, error) {
  if (error.code !== BODY_OVERFLOW) return false;
  limitMet(socket.server, 'bodyLimit');
  return refuseBody(socket, parser, error);
}

/**
 * Refuses a body that comes too slowly.
 * @this {stream.Duplex}
 * @param {Error & {code?: string}} error
 */
function refuseSlowBody(error) {
  if (!refuseBody(this, this.parser, error)) socketOnError.call(this, error);
}

// RFC 9112 section 9.6: a connection that is closed while its peer sends is reset, and the peer may lose the answer. So this side is closed first, and
// what comes is read away, for a while.
function refuseBody(socket, parser, error) {
  const { server, _httpMessage: response } = socket;
  if (!isUnheard(server)) return false;
  connectionFailed(server, error);
  freeParser(parser, null, socket);
  if (response) {
    onServerResponseClose.call(socket);
    if (socket._httpMessage === response) response.detachSocket(socket);
    // It has begun to say something else.
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
