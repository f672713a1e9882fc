'use strict';
// Ends requests whose bodies arrive too slowly: a server's limit `minBodyRate`.
//
// A body has credit for `grace` milliseconds. Time uses it up and bytes restore it, never above the initial credit: a body that
// keeps to the rate may take any time, and one that was fast at first cannot pause longer than any other. One ticker checks all
// connections of the server.

const { Boolean, MathCeil, MathMax, MathMin, Set, clearInterval, setImmediate, setInterval } = require('../globals/primordials');
const { codes } = require('../util/errors');

/** Milliseconds between two checks: a quarter of the grace, within these bounds. */
const SHORTEST_TICK = 10;
const LONGEST_TICK = 1000;

/** The state of the body that arrives on one connection. */
class BodyRate {
  constructor(connection) {
    this.connection = connection;
    this.req = null;
    this.bytes = 0;
    this.credit = 0;
  }

  /**
   * @param {BodyRates} rates
   * @returns {boolean} whether its credit is used up; true once per body
   */
  isSlow({ full, cost }) {
    const { socket, socket: { bytesRead, parser } } = this.connection;
    const req = parser ? parser.incoming : null;
    // Streams that are no sockets do not count bytes.
    if (req === null || req.complete || bytesRead === undefined) {
      this.req = null;
      return false;
    }
    if (this.req !== req) {
      this.req = req;
      this.credit = full;
    } else if (isHeldUp(socket, req)) {
      this.credit = MathMax(this.credit, full);
    } else {
      this.credit = MathMax(this.credit, MathMin(full, this.credit + bytesRead - this.bytes)) - cost;
    }
    this.bytes = bytesRead;
    if (this.credit >= 0) return false;
    this.credit = Infinity;
    return true;
  }
}

// Whether the delay is not the peer's: the program does not read, or has not asked for the body yet (100-continue).
function isHeldUp(socket, req) {
  const response = socket._httpMessage;
  return req._readableState.length > 0 || socket._paused || socket.readableFlowing === false ||
    Boolean(response && response.req === req && response._expect_continue && !response._sent100);
}

class BodyRates {
  /**
   * @param {{bytesPerSecond: number, grace: number}} limit
   * @param {Function} met called for each body that is too slow
   */
  constructor({ bytesPerSecond, grace }, met) {
    this.met = met;
    this.tick = MathMin(LONGEST_TICK, MathMax(SHORTEST_TICK, MathCeil(grace / 4)));
    // In bytes: the full credit, and the cost of a tick.
    this.full = bytesPerSecond * MathMax(grace, this.tick) / 1000;
    this.cost = bytesPerSecond * this.tick / 1000;
    this.watched = new Set();
    this.ticker = null;
    this.onLook = () => this.look();
  }

  /** @param {Connection} connection that is new @returns {BodyRate} to pass to `leave()` */
  enter(connection) {
    const rate = new BodyRate(connection);
    this.watched.add(rate);
    // setImmediate lets the loop first read what came while it was busy. A late tick costs as much as any other.
    if (this.ticker === null) this.ticker = setInterval(setImmediate, this.tick, this.onLook).unref();
    return rate;
  }

  /** @param {BodyRate} rate of a connection that has ended */
  leave(rate) {
    this.watched.delete(rate);
    if (this.watched.size > 0) return;
    clearInterval(this.ticker);
    this.ticker = null;
  }

  look() {
    for (const rate of this.watched) {
      if (rate.isSlow(this)) this.met(rate.connection, new codes.ERR_HTTP_REQUEST_TIMEOUT());
    }
  }
}

module.exports = { BodyRates };
