'use strict';
// The open connections of a server, and which of them have taken too long.
//
// There are two clocks. Requests that do not arrive in time (`headersTimeout`, `requestTimeout`) are checked every
// `connectionsCheckingInterval`. Idle keep-alive connections are checked by a coarse ticker that runs only while there are any: a
// timer of each socket would have to be armed and disarmed for every request.

const { MathCeil, NumberIsFinite, Set, clearInterval, setInterval } = require('../globals/primordials');
const { closesUnused, keepsLonger, keepsSecondLonger, listsIdleFirst } = require('../compat/node-features');
const { durationOf, hasHead, isUnused } = require('../parser/parser');
const { kStarted } = require('../parser/state');
const performance = require('../observe/server-entries');
const { TIMEOUT_MAX } = require('../util/validators');
const { kConnection } = require('./symbols');

/** Milliseconds between two checks of idle connections: each closes at most this much late. */
const TICK = 100;
/** Shorter keep-alive timeouts, in milliseconds, use a timer of the socket. */
const SHORTEST_TICKED = 1000;
/** Milliseconds that a connection is kept beyond the announced keep-alive timeout, for a request that is already on its way. */
const KEEP_ALIVE_BUFFER = 1000;
/** Value of `idleSince` while a connection is not idle. */
const BUSY = -1;

/** The parsers of a server's connections, in the order in which the connections were opened. */
class ConnectionsList {
  constructor() {
    this.parsers = new Set();
    this.reported = new Set();
    this.tick = 0;
    this.ticker = null;
  }

  /** @param {HTTPParser} parser of a new connection */
  add(parser) {
    this.parsers.add(parser);
  }

  /** @param {HTTPParser} parser of a connection that has ended */
  delete(parser) {
    this.reported.delete(parser);
    return this.parsers.delete(parser);
  }

  /** @returns {boolean} whether there is no connection */
  isEmpty() {
    return this.parsers.size === 0;
  }

  /** @returns {HTTPParser[]} all of them, in node's order */
  all() {
    const list = [...this.parsers];
    // kStarted is -1 between two messages.
    return listsIdleFirst ? list.sort((one, other) => one[kStarted] - other[kStarted]) : list;
  }

  /** @returns {HTTPParser[]} those between two messages */
  idle() {
    return this.all().filter(isIdle);
  }

  /** @returns {HTTPParser[]} those that closeIdleConnections() closes */
  closable() {
    return this.all().filter((parser) => isIdle(parser) || (closesUnused && isUnused(parser)));
  }

  /** @returns {HTTPParser[]} those in a message, or before their first one */
  active() {
    return this.all().filter((parser) => !isIdle(parser));
  }

  /**
   * Finds the parsers whose message has not arrived in time. Each is returned once per message.
   * @param {number} headersTimeout milliseconds for the head, 0 for no limit
   * @param {number} requestTimeout milliseconds for the whole message, 0 for no limit
   * @returns {HTTPParser[]}
   */
  expired(headersTimeout, requestTimeout) {
    const late = [];
    for (const parser of this.parsers) {
      if (!isLate(parser, headersTimeout, requestTimeout)) {
        this.reported.delete(parser);
      } else if (!this.reported.has(parser)) {
        this.reported.add(parser);
        late.push(parser);
      }
    }
    return late;
  }

  /**
   * Starts the keep-alive clock of a connection.
   * @param {Connection} connection
   * @param {number} milliseconds at least SHORTEST_TICKED
   */
  watchIdle(connection, milliseconds) {
    connection.idleSince = this.tick;
    connection.idleTicks = MathCeil(milliseconds / TICK);
    if (this.ticker === null) this.ticker = setInterval(closeIdle, TICK, this).unref();
  }
}

/**
 * Whether a parser is between two messages. Its clock runs from the start of the connection, or of a message, to the end of the message.
 * @param {HTTPParser} parser
 * @returns {boolean}
 */
function isIdle(parser) {
  return hasHead(parser) && durationOf(parser) === 0 && (parser.incoming === null || parser.incoming.complete);
}

function isLate(parser, headersTimeout, requestTimeout) {
  const duration = durationOf(parser);
  return (requestTimeout > 0 && duration >= requestTimeout) ||
    (headersTimeout > 0 && duration >= headersTimeout && !hasHead(parser));
}

function closeIdle(list) {
  const now = ++list.tick;
  let idle = false;
  for (const { socket } of list.parsers) {
    const connection = socket ? socket[kConnection] : undefined;
    if (connection === undefined || connection.idleSince === BUSY) continue;
    if (now - connection.idleSince > connection.idleTicks) {
      connection.idleSince = BUSY;
      connection.timeOut();
    } else {
      idle = true;
    }
  }
  performance.look();
  if (!idle) {
    clearInterval(list.ticker);
    list.ticker = null;
  }
}

/**
 * @param {object} server
 * @returns {*} how long an idle connection is kept, in milliseconds; undefined if there is no limit
 */
function idleTime({ keepAliveTimeout, keepAliveTimeoutBuffer: buffer }) {
  if (!keepsLonger) return keepsSecondLonger ? keepAliveTimeout + KEEP_ALIVE_BUFFER : keepAliveTimeout;
  if (!NumberIsFinite(keepAliveTimeout) || keepAliveTimeout <= 0) return undefined;
  return keepAliveTimeout + (NumberIsFinite(buffer) && buffer >= 0 ? buffer : KEEP_ALIVE_BUFFER);
}

/**
 * @param {*} time from idleTime()
 * @returns {boolean} whether setTimeout() would accept it without an error or warning, and the ticker is exact enough for it
 */
function isTicked(time) {
  return typeof time === 'number' && time >= SHORTEST_TICKED && time <= TIMEOUT_MAX;
}

module.exports = { __proto__: null, BUSY, ConnectionsList, KEEP_ALIVE_BUFFER, idleTime, isIdle, isTicked };
