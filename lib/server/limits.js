'use strict';
// The server limits that node does not have: which servers have them, and their enforcement on each connection. The core enforces
// the limit on bodies.

const { ObjectEntries, WeakMap } = require('../globals/primordials');
const { Addresses, addressOf, drop } = require('./addresses');
const { BodyRates } = require('./body-rates');
const native = require('../native/addon');
const layout = require('../native/layout');
const { handleOf } = require('../parser/parser');
const { limitMet } = require('./stats');
const { kConnection } = require('./symbols');
const { validateInteger, validateObject } = require('../util/validators');

/** Default milliseconds by which a body may be late. */
const GRACE = 5000;
/** The limits that the core enforces, by the names of their options. @type {[string, number][]} */
const PARSER_LIMITS = ObjectEntries(layout.parserLimits);
// Returned to the parser after a request head.
const READ_BODY = 0;

/** The limits of one server. */
class Limits {
  constructor(server, options) {
    const { minBodyRate, maxConnectionsPerAddress, maxPipelined } = options;
    // For its parsers: number and value of each limit.
    this.parser = PARSER_LIMITS.map(([name, number]) => [number, numberOf(options[name], `options.${name}`, 0)]).filter(([, value]) => value !== Infinity);
    this.maxPipelined = numberOf(maxPipelined, 'options.maxPipelined', 1);
    const max = numberOf(maxConnectionsPerAddress, 'options.maxConnectionsPerAddress', 1);
    this.addresses = max === Infinity ? null : new Addresses(max);
    this.rates = minBodyRate === undefined ? null : new BodyRates(rateOf(minBodyRate), (connection, error) => {
      limitMet(server, 'minBodyRate');
      connection.limited.fail.call(connection.socket, error);
    });
  }
}

function numberOf(value, name, min) {
  if (value === undefined || value === Infinity) return Infinity;
  validateInteger(value, name, min);
  return value;
}

function rateOf(limit) {
  validateObject(limit, 'options.minBodyRate');
  const { bytesPerSecond, grace = GRACE } = limit;
  validateInteger(bytesPerSecond, 'options.minBodyRate.bytesPerSecond', 1);
  validateInteger(grace, 'options.minBodyRate.grace', 1);
  return { bytesPerSecond, grace };
}

/** The state of one connection in these limits. */
class LimitedConnection {
  constructor(connection, limits, parser, fail) {
    const { addresses, rates } = limits;
    this.connection = connection;
    this.limits = limits;
    this.onIncoming = parser.onIncoming;
    this.fail = fail;
    // Whether it has pipelined more requests than allowed.
    this.isOver = false;
    this.address = addresses === null ? undefined : addressOf(connection.socket);
    if (this.address !== undefined) addresses.enter(this.address);
    this.rate = rates === null ? null : rates.enter(connection);
  }

  /**
   * Called when the connection has closed, or another protocol has taken it over: then it still counts for its address.
   * @param {boolean} handedOver
   */
  ended(handedOver) {
    const { address, connection: { socket }, limits: { addresses, rates }, rate } = this;
    if (rate !== null) rates.leave(rate);
    if (address === undefined) return;
    if (handedOver && !socket.destroyed) socket.once('close', () => addresses.leave(address));
    else addresses.leave(address);
  }

  /**
   * Handles a request. RFC 9112 section 9.3.2: a client sends again what was not answered when the connection closed. So requests
   * beyond the limit get no answer, and the last answer within it announces the close.
   * @param {HTTPParser} parser
   * @param {http.IncomingMessage} req
   * @param {boolean} keepAlive
   * @returns {number} what the parser does next
   */
  take(parser, req, keepAlive) {
    const { connection: { requests, server, socket, waiting }, limits: { maxPipelined } } = this;
    const last = waiting.last() ?? socket._httpMessage;
    if (!this.isOver && (requests.length < maxPipelined || !last)) return this.onIncoming.call(parser, req, keepAlive);
    if (!this.isOver) {
      this.isOver = true;
      limitMet(server, 'maxPipelined');
      last.shouldKeepAlive = false;
      if (last._header) last._last = true;
    }
    req._dump();
    return READ_BODY;
  }
}

// Replaces the parser's own callback.
function onLimitedIncoming(req, keepAlive) {
  return this.socket[kConnection].limited.take(this, req, keepAlive);
}

// Not properties of the servers: these have exactly node's.
const servers = new WeakMap();
let used = false;

/**
 * Reads the options of `ServerLimits`, see index.d.ts.
 * @param {http.Server} server
 * @param {object} options
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
function chooseLimits(server, options) {
  servers.set(server, new Limits(server, options));
  used = true;
}

/**
 * @param {http.Server} server
 * @param {any} socket of a connection that is not served yet, or another stream
 * @returns {boolean} false if the connection was closed because its address has too many
 */
function admitsConnection(server, socket) {
  const addresses = used ? servers.get(server)?.addresses : undefined;
  // A socket that was served before is counted already.
  if (!addresses || socket[kConnection] !== undefined || !addresses.isFull(addressOf(socket))) return true;
  limitMet(server, 'maxConnectionsPerAddress');
  drop(server, socket);
  return false;
}

/**
 * Called when a new connection has its parser, with the callbacks set.
 * @param {Connection} connection
 * @param {HTTPParser} parser
 * @param {Function} fail called with the socket and an error that ends the connection
 */
function limitConnection(connection, parser, fail) {
  const limits = used ? servers.get(connection.server) : undefined;
  if (limits === undefined) return;
  connection.limited = new LimitedConnection(connection, limits, parser, fail);
  if (limits.maxPipelined !== Infinity) parser.onIncoming = onLimitedIncoming;
  for (const [number, value] of limits.parser) native.parserLimit(handleOf(parser), number, value);
}

/** @param {http.Server} server @returns {number} its `maxPipelined` */
function maxPipelinedOf(server) {
  return servers.get(server)?.maxPipelined ?? Infinity;
}

module.exports = { admitsConnection, chooseLimits, limitConnection, maxPipelinedOf };
