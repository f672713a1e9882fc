'use strict';
// `server.drain()`: accepts no new connections, answers the requests that have come, and tells each kept-alive connection with its
// next answer that it was the last.
//
// A server cannot close an idle connection safely, because a request may be on its way. So an idle connection may send one more
// request for as long as its Keep-Alive field promised. Nothing here runs or takes memory until a server drains; then a ticker
// checks its connections.

const { Boolean, Map, MathCeil, Promise, Set, WeakMap, clearInterval, setImmediate, setInterval } = require('../globals/primordials');
const { clearTimeout, net, setTimeout } = require('../globals/at-load');
const { closeNow, shutDown } = require('./closing');
const { KEEP_ALIVE_BUFFER, isIdle } = require('./connections');
const { READ_BODY } = require('./requests');
const { isUnused } = require('../parser/parser');
const { countersOf } = require('./stats');
const { now } = require('../observe/timings');
const { kConnection, kConnections, kConnectionsCheckingInterval } = require('./symbols');
const { TIMEOUT_MAX, validateAbortSignal, validateBoolean, validateInteger, validateNumber, validateObject } = require('../util/validators');

/** Default milliseconds after which the remaining connections are ended. */
const TIMEOUT = 10_000;
/** Milliseconds between two checks of the connections. */
const TICK = 50;
/**
 * libuv may accept one connection per turn of the event loop, and by default 511 may be waiting in the system. So the server goes
 * on accepting while each turn brings a connection: for as many as that however long the turns take, and after them for at most so
 * many milliseconds, since under load new ones come without end.
 */
const LAST_ACCEPTS = { most: 511, ms: 2_000 };
/** How many checks the sockets that were ended have to close. */
const LAST_TICKS = 20;

const DRAINED = 'drained';
const TIMED_OUT = 'timeout';
const ABORTED = 'signal';

// The drain of each server that is draining.
const drains = new WeakMap();

/** The state of one connection of a draining server. */
class DrainingConnection {
  constructor(connection, onIncoming) {
    this.connection = connection;
    this.onIncoming = onIncoming;
    // The response that will be the last, and whether its request would have kept the connection.
    this.last = null;
    this.kept = false;
    // For how many checks it has been idle, and the number of requests then.
    this.ticks = 0;
    this.seen = connection.requestsSeen;
    // Whether its last answer was given while its request is still arriving.
    this.isLingering = false;
    // Whether it was ended in the middle of an exchange.
    this.isCut = false;
    this.makeLast();
  }

  /** @returns {http.ServerResponse|null|undefined} the response to the newest request, until it is finished */
  newest() {
    const { socket, waiting } = this.connection;
    return waiting.last() ?? socket._httpMessage;
  }

  /** Makes the newest response the last one, unless its head was made already. */
  makeLast() {
    const response = this.newest();
    if (!response) return;
    this.last = response;
    if (response._header) return;
    this.kept = response.shouldKeepAlive;
    response.shouldKeepAlive = false;
  }

  /** @returns {boolean} whether a head that announces the end of the connection has been made */
  hasTold() {
    const { last } = this;
    return last !== null && Boolean(last._header) && last._last === true;
  }

  /**
   * Handles a request. RFC 9112 section 9.6: a server does not process requests that follow an answer with the close option.
   * @param {HTTPParser} parser
   * @param {IncomingMessage} req
   * @param {boolean} keepAlive
   * @returns {number} what the parser does next
   */
  take(parser, req, keepAlive) {
    if (this.hasTold()) {
      req._dump();
      return READ_BODY;
    }
    const { last } = this;
    // The former last response is not the last after all, and its head was not made yet.
    if (last !== null && !last._header) last.shouldKeepAlive = this.kept;
    const result = this.onIncoming.call(parser, req, false);
    const response = this.newest();
    if (response?.req === req) {
      this.last = response;
      this.kept = keepAlive;
    }
    return result;
  }

  /**
   * Called when the last answer is given. Closing a socket with unread bytes resets the connection, and the peer may lose the
   * answer: so the socket is closed once the request has arrived.
   * @param {ServerResponse} response
   * @returns {boolean} whether it waits for the request
   */
  lingers({ _expect_continue: expects, _sent100: isSent, req }) {
    this.isLingering = !req.complete && (!expects || isSent);
    return this.isLingering;
  }

  /** @returns {boolean} whether no request is arriving or unanswered */
  isResting() {
    const { requests, socket: { parser } } = this.connection;
    return requests.length === 0 && (!parser || isUnused(parser) || isIdle(parser));
  }

  /** @returns {string} how the connection ended */
  outcome() {
    if (this.isCut) return 'cut';
    if (!this.isResting()) return 'lost';
    if (this.hasTold()) return 'answered';
    return this.connection.requestsSeen === 0 ? 'unused' : 'idle';
  }

  /**
   * Closes the connection if it has been idle long enough.
   * @param {number} idleTicks
   */
  look(idleTicks) {
    const { connection, connection: { requestsSeen, socket } } = this;
    if (socket.destroyed || !this.isResting()) {
      this.ticks = 0;
    } else if (this.isLingering) {
      this.isLingering = false;
      shutDown(socket);
    } else if (!this.hasTold()) {
      if (this.seen !== requestsSeen) this.ticks = 0;
      this.seen = connection.requestsSeen;
      if (++this.ticks > idleTicks) closeNow(socket);
    }
  }

  /** Ends the connection now. */
  end() {
    this.isCut = !this.isResting();
    closeNow(this.connection.socket);
  }
}

// Replaces the parser's own callback.
function onLastIncoming(req, keepAlive) {
  return this.socket[kConnection].draining.take(this, req, keepAlive);
}

/** The state of a draining server. */
class Drain {
  constructor(server, idle, waitsForUpgraded) {
    this.server = server;
    this.idleTicks = MathCeil(idle / TICK);
    this.waitsForUpgraded = waitsForUpgraded;
    this.connections = new Map();
    // Sockets that another protocol has taken over.
    this.upgraded = new Set();
    this.counts = { answered: 0, idle: 0, unused: 0, lost: 0, cut: 0, upgraded: 0, upgradedCut: 0 };
    // How many connections were accepted since the drain began.
    this.accepted = 0;
    this.isStopping = server.listening;
    this.begun = now();
    this.reason = null;
    this.ticksLeft = LAST_TICKS;
    this.resolve = null;
    this.timer = null;
    this.signal = undefined;
    this.onConnection = (socket) => {
      this.accepted++;
      this.watch(socket[kConnection]);
    };
    this.onAbort = () => this.endAll(ABORTED);
    this.onLook = () => this.look();
    this.ticker = setInterval(setImmediate, TICK, this.onLook);
  }

  start(timeout, signal) {
    const { server } = this;
    const counters = countersOf(server);
    counters.drain = this;
    counters.fixed?.suspend();
    const listed = server[kConnections] === undefined ? [] : server[kConnections].all().map(({ socket }) => socket?.[kConnection]);
    for (const connection of [...counters.unlisted, ...listed]) this.watch(connection);
    for (const socket of counters.upgradedSockets()) this.watchUpgraded(socket);
    server.on('connection', this.onConnection);
    server.on('secureConnection', this.onConnection);
    if (this.isStopping) this.stop(0, -1);
    // setTimeout() cannot wait longer.
    if (timeout <= TIMEOUT_MAX) this.timer = setTimeout(() => this.endAll(TIMED_OUT), timeout);
    this.signal = signal;
    if (signal?.aborted) this.endAll(ABORTED);
    else signal?.addEventListener?.('abort', this.onAbort);
    return new Promise((resolve) => {
      this.resolve = resolve;
      setImmediate(this.onLook);
    });
  }

  // Closing the listening socket resets connections that the system has accepted and the program has not: these are accepted first.
  stop(turn, before) {
    const { accepted, server } = this;
    if (turn <= 1 || (accepted !== before && (accepted <= LAST_ACCEPTS.most || now() - this.begun < LAST_ACCEPTS.ms))) {
      setImmediate(() => this.stop(turn + 1, accepted));
      return;
    }
    this.isStopping = false;
    // Not the server's own close(), which closes idle connections.
    if (server.listening) net.Server.prototype.close.call(server);
    this.check();
  }

  watch(connection) {
    const parser = connection?.socket.parser;
    if (!parser || connection.isCounted || this.connections.has(connection)) return;
    const state = new DrainingConnection(connection, parser.onIncoming);
    this.connections.set(connection, state);
    connection.draining = state;
    parser.onIncoming = onLastIncoming;
    if (this.reason !== null) state.end();
  }

  watchUpgraded(socket) {
    if (socket.destroyed) return;
    this.upgraded.add(socket);
    socket.once('close', () => {
      if (!this.upgraded.delete(socket)) return;
      this.counts.upgraded++;
      this.check();
    });
  }

  /**
   * Called when a connection has closed, or another protocol has taken it over.
   * @param {Connection} connection
   * @param {boolean} handedOver
   */
  ended(connection, handedOver) {
    const state = this.connections.get(connection);
    if (state === undefined) return;
    this.connections.delete(connection);
    if (handedOver) this.watchUpgraded(connection.socket);
    else this.counts[state.outcome()]++;
    if (this.connections.size === 0) setImmediate(this.onLook);
  }

  look() {
    if (this.resolve === null) return;
    for (const state of this.connections.values()) state.look(this.idleTicks);
    this.check();
    if (this.reason !== null && --this.ticksLeft < 0) this.finish();
  }

  check() {
    if (this.isStopping || this.connections.size > 0) return;
    if (this.upgraded.size > 0) {
      if (this.waitsForUpgraded || this.reason !== null) return;
      this.endUpgraded();
    }
    // The server also counts sockets that never became a connection here, such as TLS handshakes.
    if (!(this.server._connections > 0)) this.finish();
  }

  endUpgraded() {
    for (const socket of this.upgraded) {
      this.upgraded.delete(socket);
      this.counts.upgradedCut++;
      socket.destroy();
    }
  }

  endAll(reason) {
    if (this.reason !== null) return;
    this.reason = reason;
    for (const state of this.connections.values()) state.end();
    this.endUpgraded();
  }

  finish() {
    const { resolve, server } = this;
    if (resolve === null) return;
    this.resolve = null;
    clearInterval(this.ticker);
    clearTimeout(this.timer);
    this.signal?.removeEventListener?.('abort', this.onAbort);
    server.removeListener('connection', this.onConnection);
    server.removeListener('secureConnection', this.onConnection);
    countersOf(server).drain = null;
    drains.delete(server);
    if (!server.listening) clearInterval(server[kConnectionsCheckingInterval]);
    // Resolves after the server's 'close'.
    setImmediate(resolve, { reason: this.reason ?? DRAINED, ...this.counts, open: server._connections ?? 0 });
  }
}

/**
 * Ends a server without losing a request.
 * @param {http.Server} server
 * @param {DrainOptions} options see index.d.ts
 * @returns {Promise<DrainResult>} the same promise while the server drains
 */
function drain(server, options) {
  validateObject(options, 'options');
  const { keepAliveTimeout = 0, keepAliveTimeoutBuffer = KEEP_ALIVE_BUFFER } = server;
  const { idle = keepAliveTimeout + keepAliveTimeoutBuffer, signal, timeout = TIMEOUT, upgraded = false } = options;
  validateInteger(idle, 'options.idle', 0);
  validateNumber(timeout, 'options.timeout', 0);
  validateBoolean(upgraded, 'options.upgraded');
  validateAbortSignal(signal, 'options.signal');
  let result = drains.get(server);
  if (result === undefined) {
    const begun = new Drain(server, idle, upgraded);
    result = begun.start(timeout, signal);
    drains.set(server, result);
  }
  return result;
}

module.exports = { drain };
