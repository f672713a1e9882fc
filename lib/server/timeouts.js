'use strict';
// The timeouts of a server's connection: how long it may be idle (`keepAliveTimeout`, `timeout`), and how long a request may take to arrive.

const { socketMethods } = require('../globals/at-load');
const { codes } = require('../util/errors');
const { BUSY, idleTime, isTicked } = require('./connections');
const { kConnection, kConnections } = require('./symbols');
const { isLazy } = require('../transport/lazy-state');
const { closeNow } = require('./closing');
const { socketOnError } = require('./refusals');
const { countersOf } = require('./stats');

// What times an idle connection: nothing, the socket's own timer, or its server's ticker.
const NO_TIMER = 0;
const SOCKET = 1;
const TICKER = 2;
/** Instead of the milliseconds that an idle connection has. */
const NEVER_IDLE = -1;

const { setTimeout: plainSetTimeout } = socketMethods;

/**
 * @param {stream.Duplex} socket that has just become a net.Socket
 * @returns {number|undefined} the `timeout` that node's setTimeout() would have left on it
 */
function timeoutOf(socket) {
  const { idleTimeout, idleTimer } = socket[kConnection];
  return idleTimeout === NEVER_IDLE ? undefined : idleTimer === TICKER ? idleTimeout : 0;
}

/**
 * Nothing was sent or received for `server.timeout` or `keepAliveTimeout`. Listener of the socket's 'timeout'.
 * @this {stream.Duplex}
 */
function socketOnTimeout() {
  const req = this.parser ? this.parser.incoming : null;
  const heardByRequest = req && !req.complete && req.emit('timeout', this);
  const res = this._httpMessage;
  const heardByResponse = res && res.emit('timeout', this);
  const heardByServer = this.server.emit('timeout', this);
  if (!heardByRequest && !heardByResponse && !heardByServer) closeNow(this);
}

/**
 * Callback of the parser.
 * @this {http.HTTPParser}
 */
function parserOnTimeout() {
  const { socket } = this;
  if (socket && !socket.server.emit('timeout', socket)) socket.destroy();
}

/**
 * Keeps a connection for another request for a while, once all answers are given.
 * @param {Connection} connection
 */
function enterIdle(connection) {
  const { server, socket } = connection;
  const { keepAliveTimeout } = server;
  if (!keepAliveTimeout || typeof socket.setTimeout !== 'function' || connection.released) return;
  const time = idleTime(server);
  if (time === undefined) return;
  const connections = server[kConnections];
  const isLazySocket = isLazy(socket);
  // A timer that is already armed (by server.timeout or the program) is replaced, as documented.
  if (connections === undefined || !isTicked(time) || socket.setTimeout !== plainSetTimeout || (!isLazySocket && socket.timeout)) {
    socket.setTimeout(time);
    connection.idleTimer = SOCKET;
    return;
  }
  // A closed socket needs no timer.
  if (socket.destroyed) return;
  connection.idleTimer = TICKER;
  connection.idleTimeout = time;
  if (!isLazySocket) socket.timeout = time;
  connections.watchIdle(connection, time);
}

/**
 * Stops the keep-alive timeout when a request begins, on some releases also with the rest of the last one (`bytesEndIdle`).
 * @param {Connection} connection
 */
function leaveIdle(connection) {
  const { idleTimer, server, socket } = connection;
  if (idleTimer === NO_TIMER) return;
  connection.idleSince = BUSY;
  connection.idleTimer = NO_TIMER;
  const isTickers = idleTimer === TICKER && socket.setTimeout === plainSetTimeout;
  if (isTickers && isLazy(socket)) return;
  // The timer was the ticker's, and the program has set none: nothing else is armed.
  if (isTickers && isOwnTime(connection) && !server.timeout) socket.timeout = 0;
  else socket.setTimeout(server.timeout || 0);
}

/**
 * @param {Connection} connection that is idle
 * @returns {boolean} whether the program has set no timeout since it became idle
 */
function isOwnTime({ idleTimeout, socket }) {
  return socket.timeout === idleTimeout;
}

/**
 * Finds requests that do not arrive in time; each is answered with 408.
 * @param {http.Server} server
 */
function answerLate(server) {
  const { headersTimeout, requestTimeout } = server;
  if (headersTimeout === 0 && requestTimeout === 0) return;
  countersOf(server).fixed?.sync();
  for (const { socket } of server[kConnections].expired(headersTimeout, requestTimeout)) {
    if (socket) socketOnError.call(socket, new codes.ERR_HTTP_REQUEST_TIMEOUT());
  }
}

module.exports = { NEVER_IDLE, NO_TIMER, answerLate, enterIdle, isOwnTime, leaveIdle, parserOnTimeout, socketOnTimeout, timeoutOf };
