'use strict';
// `req.timings` of a server's request: when its head and its body had arrived, when it was answered, and when the answer was sent.

const { channel } = require('../globals/at-load');
const { WeakSet } = require('../globals/primordials');
const timings = require('../observe/timings');
const { durationOf } = require('../parser/parser');
const { validateBoolean } = require('../util/validators');

const { Stopwatch, kTimings, now } = timings;

const onTimings = channel('rust-http.server.timings');

/** For a connection whose requests are not timed, or were not when it was accepted. */
const UNKNOWN = -1;

// Not properties of the servers: these have exactly node's.
const servers = new WeakSet();

class ServerStopwatch extends Stopwatch {
  constructor(req, start, accepted) {
    super({ accepted, head: null, body: null, answered: null, flushed: null }, start);
    this.req = req;
    this.res = null;
    this.isOver = false;
    this.mark('head');
  }

  /** @param {http.ServerResponse} res to this request */
  answeredBy(res) {
    this.res = res;
    res[kTimings] = this;
  }

  arrived() {
    this.mark('body');
  }

  ending() {
    this.mark('answered');
  }

  /** The system has all of the answer. */
  flushed() {
    this.mark('flushed');
    this.over();
  }

  /** The exchange is over, or was cut. */
  over() {
    if (this.isOver) return;
    this.isOver = true;
    if (onTimings.hasSubscribers) onTimings.publish({ request: this.req, response: this.res, timings: this.times });
  }
}

/**
 * Reads the option.
 * @param {http.Server} server
 * @param {{timing?: boolean}} options
 * @throws ERR_INVALID_ARG_TYPE
 */
function chooseTiming(server, { timing }) {
  validateBoolean(timing, 'options.timing');
  if (!timing) return;
  servers.add(server);
  timings.used = true;
}

/** @returns {boolean} whether any server's requests may have to be timed */
function mayBeTimed() {
  return timings.used || onTimings.hasSubscribers;
}

/** @returns {number} the accept time for a connection that begins now, or UNKNOWN */
function acceptedNow() {
  return mayBeTimed() ? now() : UNKNOWN;
}

/**
 * Begins to time a request whose head is complete, if it is to be timed.
 * @param {Connection} connection
 * @param {http.HTTPParser} parser
 * @param {http.IncomingMessage} req
 * @returns {ServerStopwatch|null}
 */
function beginTiming({ acceptedAt, requestsSeen, server }, parser, req) {
  const isAsked = servers.has(server);
  if (!isAsked && !onTimings.hasSubscribers) return null;
  timings.used = true;
  const isFirst = requestsSeen === 1 && acceptedAt !== UNKNOWN;
  const stopwatch = new ServerStopwatch(req, isFirst ? acceptedAt : now() - durationOf(parser), isFirst ? 0 : null);
  req[kTimings] = stopwatch;
  if (isAsked) /** @type {any} */ (req).timings = stopwatch.times;
  return stopwatch;
}

module.exports = { acceptedNow, beginTiming, chooseTiming, mayBeTimed };
