'use strict';
// `server.drain()`: no new connections, what has come is answered, and each kept connection hears with its next answer that it is the last.
//
// A server cannot close an idle connection without a doubt: a request may be on its way. So an idle one may ask once more, as long as its
// Keep-Alive field has promised. Nothing here runs, and nothing is kept for it, before a server drains; from then on a ticker looks at its connections.

const { Boolean, Map, MathCeil, Promise, Set, WeakMap, clearInterval, setImmediate, setInterval } = require('../globals/primordials');
const net = require('node:net');
const { clearTimeout, setTimeout } = require('node:timers');
const { closeNow, shutDown } = require('./closing');
const { KEEP_ALIVE_BUFFER, isIdle } = require('./connections');
const { READ_BODY } = require('./requests');
const { isUnused } = require('../parser/parser');
const { countersOf } = require('./stats');
const { now } = require('../observe/timings');
const { kConnection, kConnections, kConnectionsCheckingInterval } = require('./symbols');
const { TIMEOUT_MAX, validateAbortSignal, validateBoolean, validateInteger, validateNumber, validateObject } = require('../util/validators');

/** Milliseconds after which the rest is ended, unless the program says otherwise. */
const TIMEOUT = 10_000;
/** Milliseconds between two looks at the connections. */
const TICK = 50;
/**
 * Milliseconds in which turns of the event loop may bring connections that the system has accepted already, as long as each of them brings one: libuv may take
 * one a turn, and 511 may wait by default. Where others come all the time, there is no end of them.
 */
const LAST_ACCEPTS = 2_000;
/** Looks that sockets which were ended have to close. */
const LAST_TICKS = 20;

const DRAINED = 'drained';
const TIMED_OUT = 'timeout';
const ABORTED = 'signal';

// The drain of each server that drains.
const drains = new WeakMap();

/** What is known of a connection of a server that drains. */
class DrainingConnection {
  constructor(connection, onIncoming) {
    this.connection = connection;
    this.onIncoming = onIncoming;
    // The response that is to be the last, and whether its request would have kept the connection.
    this.last = null;
    this.kept = false;
    // For how many looks it has been idle, since which request.
    this.ticks = 0;
    this.seen = connection.requestsSeen;
    // Whether its last answer is given, and its request still arriving.
    this.isLingering = false;
    // Whether it was ended in the middle of an exchange.
    this.isCut = false;
    this.makeLast();
  }

  /** @returns {http.ServerResponse|null|undefined} the response to the newest request, while it is not finished */
  newest() {
    const { socket, waiting } = this.connection;
    return waiting.last() ?? socket._httpMessage;
  }

  /** The newest response is the last one, if its head is not made yet. */
  makeLast() {
    const response = this.newest();
    if (!response) return;
    this.last = response;
    if (response._header) return;
    this.kept = response.shouldKeepAlive;
    response.shouldKeepAlive = false;
  }

  /** @returns {boolean} whether the peer has been told, or is being told, that no other request is answered */
  hasTold() {
    const { last } = this;
    return last !== null && Boolean(last._header) && last._last === true;
  }

  /**
   * A request. RFC 9112 section 9.6: behind an answer with the close option no further request is processed.
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
    // It is not the last one after all, and its head does not say so yet.
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
   * The last answer is given. A connection that is closed with unread bytes is reset, and the peer may lose the answer: it is closed when its request has arrived.
   * @param {ServerResponse} response
   * @returns {boolean} whether it waits for that
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

  /** @returns {string} how it has ended */
  outcome() {
    if (this.isCut) return 'cut';
    if (!this.isResting()) return 'lost';
    if (this.hasTold()) return 'answered';
    return this.connection.requestsSeen === 0 ? 'unused' : 'idle';
  }

  /**
   * Closes a connection that has rested for long enough.
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

  /** Ends it now. */
  end() {
    this.isCut = !this.isResting();
    closeNow(this.connection.socket);
  }
}

// In place of the parser's own callback.
function onLastIncoming(req, keepAlive) {
  return this.socket[kConnection].draining.take(this, req, keepAlive);
}

/** A server that drains. */
class Drain {
  constructor(server, idle, waitsForUpgraded) {
    this.server = server;
    this.idleTicks = MathCeil(idle / TICK);
    this.waitsForUpgraded = waitsForUpgraded;
    this.connections = new Map();
    // Sockets that another protocol has.
    this.upgraded = new Set();
    this.counts = { answered: 0, idle: 0, unused: 0, lost: 0, cut: 0, upgraded: 0, upgradedCut: 0 };
    // Connections that were accepted since.
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
    // A longer time has no timer.
    if (timeout <= TIMEOUT_MAX) this.timer = setTimeout(() => this.endAll(TIMED_OUT), timeout);
    this.signal = signal;
    if (signal?.aborted) this.endAll(ABORTED);
    else signal?.addEventListener?.('abort', this.onAbort);
    return new Promise((resolve) => {
      this.resolve = resolve;
      setImmediate(this.onLook);
    });
  }

  // The system resets what it has accepted and the program has not: that comes first.
  stop(turn, before) {
    const { accepted, server } = this;
    if (turn <= 1 || (accepted !== before && now() - this.begun < LAST_ACCEPTS)) {
      setImmediate(() => this.stop(turn + 1, accepted));
      return;
    }
    this.isStopping = false;
    // Not the server's own method, which closes what is idle.
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
   * A connection is closed, or has gone to another protocol.
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
    // The server counts sockets that never became a connection of ours as well: handshakes of TLS.
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
    // Behind 'close' of the server.
    setImmediate(resolve, { reason: this.reason ?? DRAINED, ...this.counts, open: server._connections ?? 0 });
  }
}

/**
 * Ends a server without losing a request.
 * @param {http.Server} server
 * @param {DrainOptions} options see index.d.ts
 * @returns {Promise<DrainResult>} the same one while it drains
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
