'use strict';
// `server.respond()` and `server.removeResponse()`: requests for an exact target that always get the same answer, and that no handler sees.
//
// The core answers such a request while reading it, with the same bytes as a handler's answer, if it reads the connection and
// everything before the request is answered and written. If the request has anything else to it (it ends the connection, has a
// body, or the program observes requests), JavaScript answers as a handler would. So it does for all requests in the stream
// transport.
//
// The core does not report its answers. It is asked for their number when the counts are read, and by a ticker, for the idle time of connections.

const { Buffer, Map, Set, WeakMap, clearInterval, setInterval } = require('../globals/primordials');
const { channel, isUint8Array } = require('../globals/at-load');
const native = require('../native/addon');
const { limits: { MAX_ANSWER_BODY } } = require('../native/layout');
const { codes } = require('../util/errors');
const { rawField } = require('../message/incoming');
const performance = require('../observe/server-entries');
const { handleOf, noteAnswered } = require('../parser/parser');
const { UNLIMITED, canAnswer, forbid, permit } = require('../transport/permits');
const { isLazy } = require('../transport/lazy-state');
const { kUniqueHeaders } = require('../compat/symbols');
const { isReached } = require('./admission');
const { idleTime, isIdle, isTicked } = require('./connections');
const { maxPipelinedOf } = require('./limits');
const { ServerResponse } = require('./response');
const { countersOf } = require('./stats');
const { kConnection, kConnections } = require('./symbols');
const { enterIdle } = require('./timeouts');
const { validateInteger, validateObject, validateString } = require('../util/validators');

/** Milliseconds between two checks of the core's answers and of the server's settings. */
const TICK = 100;
/** JavaScript keeps shorter idle timeouts, in milliseconds, itself. */
const SHORTEST_TIMEOUT = 1000;
/** Methods whose requests need no body. */
const METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH']);
/** An origin-form target (RFC 9112 section 3.2.1), of visible ASCII. */
const TARGET = /^\/[!-"$-~]*$/;
/** Fields that the server sets itself. */
const OWN_FIELDS = new Set(['connection', 'keep-alive', 'content-length', 'transfer-encoding', 'trailer', 'upgrade', 'date']);
/** Statuses without a body. */
const BODILESS = new Set([204, 304]);
const NO_DATE = -1;

const onResponseEnd = channel('http.server.response.finish');

/** One fixed answer. */
class FixedAnswer {
  /** @param {{status?: number, headers?: object, body?: string|Uint8Array}} response see index.d.ts */
  constructor({ status = 200, headers = {}, body = '' }) {
    validateInteger(status, 'response.status', 200, 599);
    validateObject(headers, 'response.headers');
    if (typeof body !== 'string' && !isUint8Array(body)) throw new codes.ERR_INVALID_ARG_TYPE('response.body', ['string', 'Buffer', 'Uint8Array'], body);
    this.status = status;
    this.body = Buffer.from(body);
    this.fields = [];
    if (this.body.length > (BODILESS.has(status) ? 0 : MAX_ANSWER_BODY)) throw new codes.ERR_INVALID_ARG_VALUE('response.body', body, 'is longer than it may be');
    // A response refuses invalid fields in node's way, and copies the values.
    /** @type {any} */
    const response = new ServerResponse(requestOf('GET', 1));
    for (const name in headers) {
      if (OWN_FIELDS.has(name.toLowerCase())) throw new codes.ERR_INVALID_ARG_VALUE('response.headers', name, 'is the server\'s to say');
      response.setHeader(name, headers[name]);
      this.fields.push([name, response.getHeader(name)]);
    }
  }

  /** @param {any} response to a request for this answer */
  send(response) {
    response.statusCode = this.status;
    for (const [name, value] of this.fields) response.setHeader(name, value);
    if (!BODILESS.has(this.status)) response.setHeader('Content-Length', this.body.length);
    response.end(this.body.length === 0 ? undefined : this.body);
  }

  /**
   * @param {http.Server} server
   * @param {string} method
   * @param {number} minor the request's version
   * @returns {[Buffer, number]} the bytes of a response to such a request if the connection is kept, and the offset of the date in
   *   them; empty if the connection is not kept
   */
  render(server, method, minor) {
    /** @type {any} */
    const response = new ServerResponse(requestOf(method, minor));
    response._keepAliveTimeout = server.keepAliveTimeout;
    response._maxRequestsPerSocket = server.maxRequestsPerSocket;
    response[kUniqueHeaders] = server[kUniqueHeaders];
    response.shouldKeepAlive = true;
    this.send(response);
    if (response._last) return [Buffer.alloc(0), NO_DATE];
    const bytes = Buffer.concat(response.outputData.map(({ data, encoding }) => (typeof data === 'string' ? Buffer.from(data, encoding) : data)));
    return [bytes, bytes.indexOf('\r\nDate: ') + '\r\nDate: '.length];
  }
}

/** @returns {any} the properties of its request that a response reads */
function requestOf(method, minor) {
  return { method, httpVersionMajor: 1, httpVersionMinor: minor, headers: {}, rawHeaders: [] };
}

/** The fixed answers of one server. */
class FixedAnswers {
  constructor(server) {
    this.server = server;
    // By method and target.
    this.answers = new Map();
    this.connections = new Set();
    // How many requests were answered.
    this.count = 0;
    this.handle = canAnswer ? native.answersOpen() : undefined;
    // Whether the core answers, and for which settings its answers were rendered.
    this.isOn = false;
    this.isSuspended = false;
    this.told = '';
    this.ticker = null;
  }

  /** @param {Connection} connection that is new, and that the core may read */
  opened(connection) {
    connection.fixed = this;
    this.connections.add(connection);
    this.ticker ??= setInterval(() => this.tick(), TICK).unref();
    this.refresh();
    this.allow(connection);
  }

  /** @param {Connection} connection that has closed, or that another protocol has taken over */
  ended(connection) {
    this.collect(connection);
    connection.fixed = null;
    this.connections.delete(connection);
    if (this.connections.size > 0) return;
    clearInterval(this.ticker);
    this.ticker = null;
  }

  /** Called when a request has reached JavaScript. @param {Connection} connection */
  began(connection) {
    if (!connection.isAnswering) return;
    connection.isAnswering = false;
    forbid(connection.socket, this.handle);
    this.collect(connection);
  }

  /**
   * @param {http.IncomingMessage} req that would go to a handler
   * @param {http.ServerResponse} res
   * @returns {boolean} whether it was answered
   */
  take(req, res) {
    const answer = this.find(req.method, req.url);
    if (answer === undefined || hasOwnNeeds(req)) return false;
    this.count++;
    answer.send(res);
    return true;
  }

  find(method, target) {
    return this.answers.get(`${method} ${target}`) ?? (method === 'HEAD' ? this.answers.get(`GET ${target}`) : undefined);
  }

  /** Lets the core answer, once all requests that JavaScript knows are answered. @param {Connection} connection */
  allow(connection) {
    const { draining, isAnswering, released, requests, socket, waiting } = connection;
    if (!this.isOn || isAnswering || released || draining !== null || requests.length > 0 || waiting.length > 0 || socket._httpMessage || socket._paused) return;
    const { maxRequestsPerSocket: max } = this.server;
    // The last request is JavaScript's: its answer says that it is the last.
    const count = max > 0 ? max - 1 - connection.requestCount : UNLIMITED;
    if (count === 0 || (max > 0 && count < 0)) return;
    connection.isAnswering = permit(socket, this.handle, count);
  }

  /** Adds what the core has answered since the last call to the counts. @returns {number} */
  collect(connection) {
    const { parser } = connection.socket;
    const count = parser && this.handle !== undefined ? native.parserAnswered(handleOf(parser)) : 0;
    if (count === 0) return 0;
    this.count += count;
    connection.requestsSeen += count;
    if (this.server.maxRequestsPerSocket > 0) connection.requestCount += count;
    noteAnswered(parser);
    return count;
  }

  /** collect() for all connections. Those that were answered become idle anew. */
  sync() {
    if (this.handle === undefined || !native.answersUsed(this.handle)) return;
    for (const connection of this.connections) {
      if (this.collect(connection) === 0) continue;
      const { requests, socket } = connection;
      if (!isLazy(socket) && socket.timeout) socket._unrefTimer();
      if (requests.length === 0 && !socket._httpMessage && isIdle(socket.parser)) enterIdle(connection);
    }
  }

  tick() {
    this.refresh();
    this.sync();
  }

  /** Gives the core the answers and settings that hold from here on, if they have changed. @param {boolean} [changed] */
  refresh(changed = false) {
    if (this.handle === undefined) return;
    const { answers, handle, server } = this;
    const isOn = this.mayAnswer();
    const single = maxPipelinedOf(server) !== Infinity;
    const told = isOn ? `${server.keepAliveTimeout} ${server.maxRequestsPerSocket} ${single}` : '';
    if (told === this.told && !changed) return;
    this.told = told;
    this.isOn = isOn;
    if (isOn) {
      for (const [key, answer] of answers) {
        const [method, target] = key.split(' ');
        this.tell(answer, method, target);
        if (method === 'GET' && !answers.has(`HEAD ${target}`)) this.tell(answer, 'HEAD', target);
      }
    }
    native.answersPublish(handle, single ? 1 : 0);
    for (const connection of this.connections) {
      // The core still has the former maximum.
      this.began(connection);
      this.allow(connection);
    }
  }

  tell(answer, method, target) {
    const { handle, server } = this;
    native.answersAdd(handle, Buffer.from(`${method} ${target}`, 'latin1'), ...answer.render(server, method, 1), ...answer.render(server, method, 0));
  }

  // Whether no code of the program would see such a request, and JavaScript keeps no timeout too short for the ticker.
  mayAnswer() {
    const { answers, isSuspended, server } = this;
    if (answers.size === 0 || isSuspended || isReached(server, false) || onResponseEnd.hasSubscribers) return false;
    performance.look();
    if (performance.observed || typeof server.maxHeadersCount === 'number') return false;
    const idle = idleTime(server);
    return (!server.timeout || server.timeout >= SHORTEST_TIMEOUT) && (!server.keepAliveTimeout || idle === undefined || isTicked(idle));
  }

  /** Makes JavaScript give all answers from here on. */
  suspend() {
    this.isSuspended = true;
    this.refresh();
    this.sync();
  }
}

// Whether a request has a part that only a handler can deal with: a body, or an expectation.
function hasOwnNeeds(req) {
  const length = rawField(req, 'content-length');
  return req.httpVersionMajor !== 1 || rawField(req, 'expect') !== undefined || rawField(req, 'transfer-encoding') !== undefined ||
    (length !== undefined && !/^0+$/.test(length));
}

const servers = new WeakMap();
let used = false;

function keyOf(request) {
  validateObject(request, 'request');
  const { method = 'GET', path } = request;
  validateString(method, 'request.method');
  validateString(path, 'request.path');
  if (!METHODS.has(method)) throw new codes.ERR_INVALID_ARG_VALUE('request.method', method);
  if (!TARGET.test(path)) throw new codes.ERR_INVALID_ARG_VALUE('request.path', path);
  return `${method} ${path}`;
}

/**
 * Answers requests for a target from here on.
 * @param {http.Server} server
 * @param {{method?: string, path: string}} request
 * @param {{status?: number, headers?: object, body?: string|Uint8Array}} [response] see index.d.ts
 */
function respond(server, request, response = {}) {
  const key = keyOf(request);
  validateObject(response, 'response');
  const answer = new FixedAnswer(response);
  let fixed = servers.get(server);
  if (fixed === undefined) {
    servers.set(server, fixed = new FixedAnswers(server));
    countersOf(server).fixed = fixed;
    used = true;
  }
  const isFirst = fixed.answers.size === 0 && fixed.connections.size === 0;
  fixed.answers.set(key, answer);
  fixed.refresh(true);
  if (!isFirst) return;
  for (const { socket } of server[kConnections]?.all() ?? []) {
    const connection = socket?.[kConnection];
    if (connection !== undefined && !connection.isCounted) fixed.opened(connection);
  }
}

/**
 * @param {http.Server} server
 * @param {{method?: string, path: string}} request as respond() took it
 * @returns {boolean} whether there was an answer for it
 */
function removeResponse(server, request) {
  const key = keyOf(request);
  const fixed = servers.get(server);
  if (fixed === undefined || !fixed.answers.delete(key)) return false;
  fixed.refresh(true);
  return true;
}

/**
 * Called when a connection has its parser and is being read.
 * @param {Connection} connection
 */
function answerFixed(connection) {
  if (used) servers.get(connection.server)?.opened(connection);
}

module.exports = { answerFixed, removeResponse, respond };
