'use strict';
// `req.timings` of a request: when it got a connection, when that was established, and when request and response had passed.

const { channel } = require('node:diagnostics_channel');
const { Symbol } = require('../globals/primordials');
const timings = require('../observe/timings');
const { validateBoolean } = require('../util/validators');

const { Stopwatch, kTimings, now } = timings;

const onTimings = channel('rust-http.client.timings');

/** On an agent whose requests are timed. */
const kTiming = Symbol('timing');

class ClientStopwatch extends Stopwatch {
  constructor(req) {
    super({ queue: null, lookup: null, connect: null, secure: null, sent: null, firstByte: null, done: null }, now());
    this.req = req;
    this.isOver = false;
  }

  /** The agent begins to open a connection for the request. */
  opening() {
    this.mark('queue');
  }

  /**
   * The request has a connection; if it was sent again, a new one.
   * @param {stream.Duplex} socket
   * @param {boolean} isFirst whether no request was on it before
   */
  given(socket, isFirst) {
    const { times } = this;
    times.lookup = times.connect = times.secure = times.sent = times.firstByte = null;
    if (!isFirst || times.queue === null) this.mark('queue');
    const { connecting, encrypted, secureConnecting } = /** @type {any} */ (socket);
    if (connecting) {
      socket.once('lookup', (error) => {
        if (!error) this.mark('lookup');
      });
      socket.once('connect', () => this.mark('connect'));
    } else if (isFirst) {
      // It was opened by other means, and was established when it came.
      this.mark('connect');
    }
    if (!encrypted) return;
    if (secureConnecting) socket.once('secureConnect', () => this.mark('secure'));
    else if (isFirst) this.mark('secure');
  }

  /** The system has all of the request. */
  sent() {
    this.mark('sent');
  }

  /** Bytes of the response have come. */
  received() {
    if (this.times.firstByte === null) this.mark('firstByte');
  }

  arrived() {
    this.mark('done');
  }

  /** The request is over. */
  over() {
    if (this.isOver) return;
    this.isOver = true;
    const { req, times } = this;
    if (onTimings.hasSubscribers) onTimings.publish({ request: req, response: req.res, timings: times });
  }
}

/** @this {http.ClientRequest} */
function onSent() {
  this[kTimings].sent();
}

/**
 * Reads the option.
 * @param {Agent} agent
 * @param {{timing?: boolean}} options
 * @throws ERR_INVALID_ARG_TYPE
 */
function chooseTiming(agent, { timing }) {
  if (timing === undefined) return;
  validateBoolean(timing, 'options.timing');
  if (!timing) return;
  agent[kTiming] = true;
  timings.used = true;
}

/**
 * @param {{timing?: boolean}} options of a request
 * @returns {boolean} whether it may have to be timed
 */
function mayBeTimed(options) {
  return timings.used || options.timing !== undefined || onTimings.hasSubscribers;
}

/**
 * Begins to time a request, if it is to be timed.
 * @param {http.ClientRequest} req under construction, with its agent
 * @param {{timing?: boolean}} options of the request
 * @throws ERR_INVALID_ARG_TYPE
 */
function beginTiming(req, { timing }) {
  if (timing !== undefined) validateBoolean(timing, 'options.timing');
  const isAsked = timing ?? req.agent?.[kTiming] === true;
  if (!isAsked && !onTimings.hasSubscribers) return;
  timings.used = true;
  const stopwatch = new ClientStopwatch(req);
  req[kTimings] = stopwatch;
  if (isAsked) /** @type {any} */ (req).timings = stopwatch.times;
  req.on('finish', onSent);
}

module.exports = { beginTiming, chooseTiming, mayBeTimed };
