'use strict';
// An agent's `retries`: a request whose kept connection dies before the first byte of its answer is sent again on another one.
//
// A server may close a kept connection at any time (RFC 9112 section 9.5), even while a request is on its way. RFC 9110 section
// 9.2.2: a client may resend a request by itself if its method is idempotent. The whole request must be at hand: it must have ended
// before it got its connection. Other agents pay nothing: all state is on the requests of an agent with the option.

const { Buffer, ObjectKeys, Set } = require('../globals/primordials');
const { agentCounters } = require('./stats');
const { kRetries, kRetry } = require('./symbols');
const { finished } = require('../message/outgoing-end');
const { nop } = require('../message/outgoing-queue');
const { freeParser } = require('../message/parsers');
const timings = require('../observe/timings');
const { isUnused } = require('../parser/parser');
const { validateInteger } = require('../util/validators');

/** RFC 9110 section 9.2.2. */
const IDEMPOTENT = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'TRACE']);
/** The errors of a connection that its peer has closed. */
const LOST = new Set(['ECONNABORTED', 'ECONNRESET', 'EPIPE']);
/** How many bytes of a request are kept; a longer one is not sent again. */
const KEPT_MAX = 1024 * 1024;

class Retry {
  constructor(req, options, pieces) {
    this.req = req;
    this.options = options;
    this.pieces = pieces;
    this.left = req.agent[kRetries];
    this.attempt = 0;
    this.isSent = false;
    this.isLost = false;
    // Whether its connection has served another request.
    this.isKept = true;
    this.writeError = undefined;
  }

  /** @returns {object[]} the pieces of the request, to send on another socket */
  output() {
    const attempt = ++this.attempt;
    const last = this.pieces.length - 1;
    return this.pieces.map(({ data, encoding }, n) => ({ data, encoding, callback: n < last ? null : (error) => this.sent(attempt, error) }));
  }

  // Callbacks of sockets that the request has left are ignored.
  sent(attempt, error) {
    if (attempt !== this.attempt) return;
    if (this.isSent) {
      // There will be no other 'finish'.
      if (!error && timings.used) this.req[timings.kTimings]?.sent();
      return;
    }
    if (error) {
      this.writeError = error;
      // The socket's error is still to come.
      if (this.left > 0) return;
    }
    this.isSent = true;
    finished(this.req, error ?? undefined);
  }

  // The request is not sent again after all.
  giveUp() {
    const { writeError } = this;
    if (writeError !== undefined && !this.isSent) {
      this.isSent = true;
      finished(this.req, writeError);
    }
    return false;
  }
}

/**
 * Reads the option.
 * @param {Agent} agent
 * @param {{retries?: number}} options
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
function chooseRetries(agent, { retries }) {
  validateInteger(retries, 'options.retries', 0);
  if (retries > 0) agent[kRetries] = retries;
}

/**
 * Keeps the bytes of a request on a kept connection before it is sent.
 * @param {http.ClientRequest} req
 * @param {object|undefined} options as addRequest() got them
 */
function keep(req, options) {
  const { outputData } = req;
  if (req[kRetry] !== undefined || options === undefined || !req.finished || !IDEMPOTENT.has(req.method) || outputData.length === 0) return;
  if (req.outputSize > KEPT_MAX || outputData.some(({ callback }, n) => isUntold(callback) === (n === outputData.length - 1))) return;
  // After 'finish' the program may change its buffers.
  const pieces = outputData.map(({ data, encoding }) => ({ data: typeof data === 'string' ? data : Buffer.from(data), encoding }));
  req[kRetry] = new Retry(req, options, pieces);
  req.outputData = req[kRetry].output();
}

// Whether the program has no callback for that piece.
function isUntold(callback) {
  return !callback || callback === nop;
}

/**
 * Called when a connection has ended or failed. Takes the request from it if the request is to be sent again.
 * @param {http.ClientRequest} req
 * @param {stream.Duplex} socket
 * @param {Error & {code?: string}} [error]
 * @returns {boolean} false if the request must get the end or the error
 */
function retake(req, socket, error) {
  const retry = req[kRetry];
  const { parser } = socket;
  if (retry.left === 0 || req.destroyed || req.aborted || req.res || !retry.isKept || !parser || parser !== req.parser || !isUnused(parser)) return retry.giveUp();
  if ((error && !LOST.has(error.code)) || !isHeld(req.agent, socket)) return retry.giveUp();
  retry.left--;
  const counters = agentCounters(req.agent);
  counters.retried++;
  counters.requests--;
  parser.finish();
  freeParser(parser, req, socket);
  socket._httpMessage = null;
  socket.on('error', ignore);
  req.socket = null;
  req.reusedSocket = false;
  req.outputData = retry.output();
  retry.isLost = true;
  return true;
}

function ignore() {}

// Whether the agent will open another connection when this one has closed.
function isHeld({ sockets }, socket) {
  return ObjectKeys(sockets).some((name) => sockets[name].includes(socket));
}

/**
 * @param {http.ClientRequest} req of an agent with retries, with a socket
 * @param {boolean} isFirst whether no request was on this socket before
 */
function send(req, isFirst) {
  const retry = req[kRetry];
  if (retry !== undefined) retry.isKept = !isFirst;
  // 'prefinish' was emitted before.
  if (retry?.isLost) req._flushOutput(req.socket);
  else req._flush();
}

module.exports = { chooseRetries, keep, retake, send };
