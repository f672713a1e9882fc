'use strict';
// The times of exchanges: `req.timings`, for programs that set the option `timing` or subscribe to one of our channels.
//
// For other programs nothing is kept: each place that would take a time checks `used` first. A message that is timed carries its
// Stopwatch under a symbol.

const { Symbol, hrtime } = require('../globals/primordials');

/** On a message that is timed: its Stopwatch. */
const kTimings = Symbol('timings');

/** @returns {number} milliseconds of the monotonic clock, exact to the nanosecond */
function now() {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Takes the times of one exchange. */
class Stopwatch {
  /**
   * @param {Record<string, number|null>} times by stage, null for a stage that is not reached
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

  /** The program has called end() of a message. */
  ending() {}

  /** The last byte of an incoming message has come. */
  arrived() {}
}

/** `used`: whether anything in this process is timed, or was. Checked for every message. */
module.exports = { Stopwatch, kTimings, now, used: false };
