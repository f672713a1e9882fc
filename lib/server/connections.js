'use strict';
// Which connections a server has, and which of them have taken too long.
//
// Two clocks. Requests that do not arrive in time (`headersTimeout`, `requestTimeout`) are looked for every
// `connectionsCheckingInterval`. Idle keep-alive connections are looked for by a coarse ticker that runs only while there are any:
// a timer of the socket's own would have to be armed and disarmed for each request.

const { MathCeil, NumberIsFinite, Set, clearInterval, setInterval } = require('../globals/primordials');
const { closesUnused, keepsLonger, keepsSecondLonger, listsIdleFirst } = require('../compat/node-features');
const { durationOf, hasHead, isUnused } = require('../parser/parser');
const { kStarted } = require('../parser/state');
const performance = require('../observe/server-entries');
const { TIMEOUT_MAX } = require('../util/validators');
const { kConnection } = require('./symbols');

/** Milliseconds between two looks at idle connections: one is closed at most this much late. */
const TICK = 100;
/** Shorter keep-alive timeouts, in milliseconds, are left to a timer of the socket. */
const SHORTEST_TICKED = 1000;
/** Milliseconds that a connection is kept beyond the announced keep-alive timeout, for a request that is already on its way. */
const KEEP_ALIVE_BUFFER = 1000;
/** Value of `idleSince` while a connection is not idle. */
const BUSY = -1;

/** The parsers of a server's connections, in the order in which they were opened. */
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

  /** @param {HTTPParser} parser of a connection that is gone */
  delete(parser) {
    this.reported.delete(parser);
    return this.parsers.delete(parser);
  }

  /** @returns {HTTPParser[]} every connection, in the order in which node lists them */
  all() {
    const list = [...this.parsers];
    // It is -1 between two messages.
    return listsIdleFirst ? list.sort((one, other) => one[kStarted] - other[kStarted]) : list;
  }

  /** @returns {HTTPParser[]} those between two messages */
  idle() {
    return this.all().filter(isIdle);
  }

  /** @returns {HTTPParser[]} those that the server may close when it closes what is idle */
  closable() {
    return this.all().filter((parser) => isIdle(parser) || (closesUnused && isUnused(parser)));
  }

  /** @returns {HTTPParser[]} those in a message, or before their first one */
  active() {
    return this.all().filter((parser) => !isIdle(parser));
  }

  /**
   * Those whose message has not arrived in time. Each is named once per message.
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
 * Whether a parser is between two messages: its clock runs from the connection or the beginning of a message to the end of the
 * message.
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
 * @returns {*} for how long, in milliseconds, an idle connection is kept; undefined where it has no such time
 */
function idleTime({ keepAliveTimeout, keepAliveTimeoutBuffer: buffer }) {
  if (!keepsLonger) return keepsSecondLonger ? keepAliveTimeout + KEEP_ALIVE_BUFFER : keepAliveTimeout;
  if (!NumberIsFinite(keepAliveTimeout) || keepAliveTimeout <= 0) return undefined;
  return keepAliveTimeout + (NumberIsFinite(buffer) && buffer >= 0 ? buffer : KEEP_ALIVE_BUFFER);
}

/**
 * @param {*} time of idleTime()
 * @returns {boolean} whether setTimeout() would have nothing to say about it, and the ticker is exact enough for it
 */
function isTicked(time) {
  return typeof time === 'number' && time >= SHORTEST_TICKED && time <= TIMEOUT_MAX;
}

module.exports = { BUSY, ConnectionsList, KEEP_ALIVE_BUFFER, idleTime, isIdle, isTicked };
