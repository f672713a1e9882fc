'use strict';
// The times of exchanges: `req.timings`, for who asks by the option `timing`, or subscribes to a channel of ours.
//
// Nothing is kept for a message of a program that does not ask. Where a time would be taken there is one look at `used`; what is timed
// carries its Stopwatch under a symbol.

const { Symbol, hrtime } = require('../globals/primordials');

/** On messages that are timed: their Stopwatch. */
const kTimings = Symbol('timings');

/** @returns {number} milliseconds of the monotonic clock, to the nanosecond */
function now() {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Takes the times of one exchange. */
class Stopwatch {
  /**
   * @param {Record<string, number|null>} times by stage, null where it is not reached
   * @param {number} start of the exchange, see now()
   */
  constructor(times, start) {
    this.times = times;
    this.start = start;
  }

  /** @param {string} stage that is reached now */
  mark(stage) {
    this.times[stage] = now() - this.start;
  }

  /** A message is about to end: its program has called end(). */
  ending() {}

  /** The last byte of an incoming message has come. */
  arrived() {}
}

/** `used`: whether anything in this process is timed, or was. Read on the way of every message. */
module.exports = { Stopwatch, kTimings, now, used: false };
