'use strict';

/**
 * The life of a request on its socket: from the moment it gets one until the socket is given back or ends. All listeners
 * are functions shared by every request, with the names that node shows for them; they find theirs as `socket._httpMessage`.
 */

const { ObjectDefineProperty, Symbol, process } = require('../globals/primordials');
const { finished } = require('stream');
const { debuglog } = require('util');
const { HTTPParser, freeParser, parsers, prepareError } = require('../message/parsers');
const { connResetException } = require('../util/errors');
const { detachSignal } = require('../message/incoming');
const {
  detachesSignal, hearsAtOnce, joinsDuplicates, tellsCause, tellsTunnelOnce, unhearsGivenUp,
} = require('../compat/node-features');
const { kRunOn, postpone, takePostponed, within } = require('../parser/parser');
const { requestFailed } = require('./stats');
const { parserFlags } = require('../parser/strict');
const { kNeedDrain } = require('../compat/symbols');
const { tellDrain } = require('../message/outgoing-queue');
const { replace, requeue } = require('./agent');
const { isTunnelError } = require('./agent-proxy');
const { ANSWERED, endsSilently, isFit, kPlaced, kPlacer, setPhase } = require('./agent-sockets');
const { keep, kQueued, kRetries, kRetry, retake, send } = require('./retries');
const transport = require('./attachment');
const { received } = require('../transport/drivers');
const { isHandedOver } = require('../transport/unread');
const observe = require('../observe/client-channels');
const timings = require('../observe/timings');

const { kTimings } = timings;
const debug = debuglog('http');

/** The error that ends the request: what destroy() was given, or else the first of its socket. */
const kReason = Symbol('kError');

const { RESPONSE } = /** @type {any} */ (HTTPParser);

/** What onIncoming answers: a body follows; none does; none does and the connection changes its protocol. */
const BODY = 0;
const NO_BODY = 1;
const OTHER_PROTOCOL = 2;

/** Under which async hooks see the parsing of a response. */
class HTTPClientAsyncResource {
  constructor(type, req) {
    this.type = type;
    this.req = req;
  }
}

/**
 * A request is given its socket, or the reason why there is none.
 * @param {http.ClientRequest} req
 * @param {stream.Duplex|undefined} socket
 * @param {Error|undefined} err
 */
function give(req, socket, err) {
  const isFirst = socket?._httpMessage === undefined;
  if (timings.used && socket && !err) req[kTimings]?.given(socket, isFirst);
  if (socket && !err && hearsAtOnce()) {
    socket._httpMessage = req;
    socket.on('error', socketErrorListener);
  }
  process.nextTick(attach, req, socket, err, isFirst);
}

// A socket that a request was given is not its own after all.
function unhear(socket) {
  if (unhearsGivenUp && hearsAtOnce()) socket.removeListener('error', socketErrorListener);
}

/**
 * The end of onSocket(), in a tick of its own so that the user can add listeners first.
 * @param {http.ClientRequest} req
 * @param {stream.Duplex|undefined} socket
 * @param {Error|undefined} err why there is no socket
 * @param {boolean} isFirst whether no request was on this socket before
 */
function attach(req, socket, err, isFirst) {
  if (req.destroyed || err) {
    giveUp(req, socket, err);
    return;
  }
  const options = req[kPlaced];
  if (options) {
    const agent = req[kPlacer];
    req[kPlaced] = req[kPlacer] = null;
    // As late as can be: a request that is sent on a closed connection is lost. Nothing was read since the socket was chosen: one that is
    // destroyed was so by the program, which means the request too.
    if (!socket.destroyed && !isFit(socket)) {
      unhear(socket);
      replace(agent, req, socket, options);
      return;
    }
  }
  // Taking a socket up comes after the request, which is lost if the server closes the connection meanwhile.
  begin(req, socket, isFirst);
  if (req.agent?.[kRetries] === undefined) {
    req._flush();
  } else {
    if (!isFirst) keep(req, options ?? req[kQueued]);
    send(req, isFirst);
  }
  if (!isFirst && req.parser && socket.parser === req.parser) transport.take(socket, socket.parser, PROTOCOL);
}

/** The request ended before it could use a socket; a good socket goes back to the agent. */
function giveUp(req, socket, err) {
  const reason = err || req[kReason];
  req.destroyed = true;
  // The agent has told the request already.
  if (err && isTunnelError(err) && tellsTunnelOnce()) {
    close(req);
    return;
  }
  if (!socket) {
    conclude(req, reason);
  } else if (!err && req.agent && !socket.destroyed) {
    socket.emit('free');
    unhear(socket);
    conclude(req, reason);
  } else {
    finished(socket.destroy(reason), (error) => {
      // Where the request hears its socket from the start, it has been told.
      if (socket._hadError) close(req);
      // That nothing was written or read is what was asked for.
      else conclude(req, !error || error.code === 'ERR_STREAM_PREMATURE_CLOSE' ? err : error);
    });
  }
}

function conclude(req, error) {
  if (!error && !req.aborted) error = connResetException('socket hang up');
  if (error) fail(req, error);
  close(req);
}

function fail(req, error) {
  requestFailed(req.agent, error);
  observe.failed(req, error);
  req.emit('error', error);
}

function close(req) {
  if (timings.used) req[kTimings]?.over();
  req._closed = true;
  req.emit('close');
}

function begin(req, socket, isFirst) {
  if (isFirst) observe.connected();
  const parser = parsers.alloc();
  req.socket = socket;
  // It counts names and values.
  if (typeof req.maxHeadersCount === 'number') parser.maxHeaderPairs = req.maxHeadersCount << 1;
  parser.initialize(RESPONSE, new HTTPClientAsyncResource('HTTPINCOMINGMESSAGE', req),
                    req.maxHeaderSize || 0, parserFlags(req));
  parser.socket = socket;
  parser.outgoing = req;
  req.parser = parser;
  socket.parser = parser;
  socket._httpMessage = req;
  if (joinsDuplicates) parser.joinDuplicateHeaders = req.joinDuplicateHeaders;
  parser.onIncoming = onIncoming;
  // Every other answer of onIncoming is to a status at which the core stops.
  parser[kRunOn] = req.method !== 'HEAD' && req.method !== 'CONNECT';
  transport.use(socket, parser);

  if (!hearsAtOnce()) socket.on('error', socketErrorListener);
  transport.listen(socket, socketOnData);
  socket.on('end', socketOnEnd);
  socket.on('close', socketCloseListener);
  socket.on('drain', ondrain);

  if (req.timeout !== undefined || (req.agent && req.agent.options && req.agent.options.timeout)) watchTimeout(req);
  req.emit('socket', socket);
}

/**
 * Makes 'timeout' of the socket a 'timeout' of the request, once.
 * @param {http.ClientRequest} req
 */
function watchTimeout(req) {
  if (req.timeoutCb !== null) return;
  req.timeoutCb = emitRequestTimeout;
  if (req.socket) req.socket.once('timeout', emitRequestTimeout);
  else req.on('socket', onceTimeoutOf);
}

// It has no name in node.
const onceTimeoutOf = (() => (socket) => {
  socket.once('timeout', emitRequestTimeout);
})();

function emitRequestTimeout() {
  const req = this._httpMessage;
  if (req) req.emit('timeout');
}

function responseOnTimeout() {
  const req = this._httpMessage;
  if (req && req.res) req.res.emit('timeout');
}

/** The buffer of the connection is empty: the request may write on. */
function ondrain() {
  const req = this._httpMessage;
  if (req && !req.finished && req[kNeedDrain]) tellDrain(req);
}

// Leaves a socket that died, if the request may be sent again: it gets the one that takes its place.
function sendAgain(req, socket, error) {
  if (!retake(req, socket, error)) return false;
  stopReading(socket);
  socket.removeListener('error', socketErrorListener);
  socket.removeListener('close', socketCloseListener);
  socket.removeListener('drain', ondrain);
  if (req.timeoutCb !== null) {
    const { timeout } = socket;
    socket.removeListener('timeout', emitRequestTimeout);
    req.timeoutCb = null;
    req.once('socket', (next) => {
      watchTimeout(req);
      if (timeout) next.setTimeout(timeout);
    });
  }
  // Before the agent hears of it, and opens another one for the first request that waits.
  socket.prependOnceListener('close', () => {
    if (req.destroyed) giveUp(req, undefined, undefined);
    else requeue(req.agent, req, req[kRetry].options);
  });
  socket.destroy();
  return true;
}

/** @this {stream.Duplex} */
function socketErrorListener(error) {
  const req = this._httpMessage;
  if (req?.[kRetry] !== undefined && sendAgain(req, this, error)) return;
  if (req) {
    // 'close' shall not report a second error.
    this._hadError = true;
    fail(req, error);
    // Without a listener, the exception leaves the answer without a cause.
    if (tellsCause()) req[kReason] ??= error;
  }
  const parser = this.parser;
  if (parser) {
    parser.finish();
    freeParser(parser, req, this);
  }
  stopReading(this);
  this.destroy();
}

function socketOnEnd() {
  const req = this._httpMessage;
  if (req[kRetry] !== undefined && sendAgain(req, this)) return;
  const parser = this.parser;
  if (!req.res && !req.socket._hadError) {
    req.socket._hadError = true;
    fail(req, connResetException('socket hang up'));
  }
  if (parser) {
    // RFC 9112, section 6.3: a response without a length ends with the connection.
    parser.finish();
    freeParser(parser, req, this);
  }
  // Nothing that is still to be written would reach anybody who answers.
  this.destroy();
}

function socketCloseListener() {
  const req = this._httpMessage;
  const parser = this.parser;
  const res = req.res;
  if (debug.enabled) debug('client: socket of %s %s is closed', req.method, req.path);
  req.destroyed = true;
  if (res) {
    if (!res.complete) res.destroy(aborted(req));
    close(req);
    if (!res.aborted && res.readable) res.push(null);
  } else {
    if (!req.socket._hadError) {
      req.socket._hadError = true;
      fail(req, connResetException('socket hang up'));
    }
    close(req);
  }
  if (req.outputData) req.outputData.length = 0;
  if (parser) {
    parser.finish();
    freeParser(parser, req, this);
  }
}

function aborted(req) {
  const error = connResetException('aborted');
  const cause = tellsCause() && req[kReason];
  if (cause) ObjectDefineProperty(error, 'cause', { __proto__: null, configurable: true, writable: true, value: cause });
  return error;
}

function stopReading(socket) {
  socket.removeListener('data', socketOnData);
  socket.removeListener('end', socketOnEnd);
}

function socketOnData(chunk) {
  const { parser } = this;
  if (isHandedOver(this) || postpone(parser, chunk)) return;
  if (timings.used) this._httpMessage?.[kTimings]?.received();
  const result = parser.execute(chunk);
  if (typeof result !== 'number') refuse(this, parser, result, chunk);
  else advance(this, parser, result, chunk, chunk.length);
  const later = takePostponed(parser);
  if (later === undefined) return;
  if (this.parser === parser) socketOnData.call(this, later);
  else this.unshift(later);
}

/** What the native transport asks of a connection; what a client's is not asked is left out. @type {Protocol} */
const PROTOCOL = { serves: false, read: onNativeData, endsSilently };

function onNativeData(socket, result, length) {
  const { parser } = socket;
  if (!parser) return;
  // Where the head was complete with it, that was noted before it was delivered.
  if (timings.used) socket._httpMessage?.[kTimings]?.received();
  if (typeof result !== 'number') within(parser, refuse, undefined, socket, parser, result, received(0, length));
  else advance(socket, parser, result, null, length);
}

function refuse(socket, parser, error, chunk) {
  const req = socket._httpMessage;
  prepareError(error, parser, chunk);
  transport.letGo(parser, req, socket);
  stopReading(socket);
  socket.destroy();
  req.socket._hadError = true;
  fail(req, error);
}

/** What follows from the bytes parsed: `count` of `length` in `chunk`, or in the core's memory. */
function advance(socket, parser, count, chunk, length) {
  const res = parser.incoming;
  if (!res) return;
  const req = socket._httpMessage;
  if (res.upgrade) {
    const head = chunk === null ? received(count, length) : chunk.subarray(count);
    if (chunk === null) within(parser, switchProtocol, undefined, req, socket, parser, res, head);
    else switchProtocol(req, socket, parser, res, head);
  } else if (res.complete && !isInterim(res.statusCode)) {
    // Everything after the response is unsolicited until there is another request.
    setPhase(socket, ANSWERED);
    stopReading(socket);
    socket.removeListener('drain', ondrain);
    transport.letGo(parser, req, socket);
  }
}

/** The connection leaves HTTP: the parser and our listeners go before the user gets it. */
function switchProtocol(req, socket, parser, res, head) {
  req.res = res;
  stopReading(socket);
  socket.removeListener('drain', ondrain);
  if (req.timeoutCb) socket.removeListener('timeout', req.timeoutCb);
  socket.removeListener('timeout', responseOnTimeout);
  parser.finish();
  freeParser(parser, req, socket);

  const eventName = req.method === 'CONNECT' ? 'connect' : 'upgrade';
  if (req.listenerCount(eventName) === 0) {
    // RFC 9110, section 7.8: without a listener there is no one to speak the other protocol.
    socket.destroy();
    return;
  }
  req.upgradeOrConnect = true;
  socket.emit('agentRemove');
  socket.removeListener('close', socketCloseListener);
  socket.removeListener('error', socketErrorListener);
  socket._httpMessage = null;
  // As if it had never been read: the new owner decides how.
  socket.readableFlowing = null;
  req.emit(eventName, res, socket, head);
  req.destroyed = true;
  close(req);
}

/**
 * Called by the parser for each response head.
 * @param {http.IncomingMessage} res
 * @param {boolean} shouldKeepAlive whether the peer keeps the connection
 * @returns {number} BODY, NO_BODY or OTHER_PROTOCOL
 */
function onIncoming(res, shouldKeepAlive) {
  const socket = this.socket;
  const req = socket._httpMessage;
  if (timings.used) timeResponse(req[kTimings], res);

  if (req.res) {
    // A second final response to one request: the connection is out of step.
    socket.destroy();
    return BODY;
  }
  req.res = res;

  // RFC 9110, section 9.3.6: a CONNECT response with any status has no body here, the bytes are the tunnel's.
  if (req.method === 'CONNECT') {
    res.upgrade = true;
    return OTHER_PROTOCOL;
  }
  if (res.upgrade) return OTHER_PROTOCOL;

  const status = res.statusCode;
  if (debug.enabled) debug('client: %d for %s %s', status, req.method, req.path);
  if (isInterim(status)) {
    req.res = null;
    if (status === 100) req.emit('continue');
    emitInformation(req, res);
    return NO_BODY;
  }

  if (req.shouldKeepAlive && !shouldKeepAlive && !req.upgradeOrConnect) req.shouldKeepAlive = false;

  res.req = req;
  observe.answered(req, res);
  res.on('end', responseOnEnd);
  req.on('finish', requestOnFinish);
  socket.on('timeout', responseOnTimeout);

  // It has no listener: its body is read away, so that the connection can serve further requests.
  if (req.aborted || !req.emit('response', res)) res._dump();

  if (req.method === 'HEAD') return NO_BODY;
  if (status === 304) {
    res.complete = true;
    return NO_BODY;
  }
  return BODY;
}

function timeResponse(stopwatch, res) {
  if (stopwatch === undefined) return;
  stopwatch.received();
  if (!isInterim(res.statusCode)) res[kTimings] = stopwatch;
}

/** RFC 9110, section 15.2: any number of these come before the final response; after 101 nothing of HTTP comes. */
function isInterim(status) {
  return status < 200 && status >= 100 && status !== 101;
}

function emitInformation(req, res) {
  req.emit('information', {
    statusCode: res.statusCode,
    statusMessage: res.statusMessage,
    httpVersion: res.httpVersion,
    httpVersionMajor: res.httpVersionMajor,
    httpVersionMinor: res.httpVersionMinor,
    headers: res.headers,
    rawHeaders: res.rawHeaders,
  });
}

/** Listener of 'end' on the response: the first of them, before the user's. */
function responseOnEnd() {
  const req = this.req;
  const socket = req.socket;
  if (socket) {
    if (req.timeoutCb) socket.removeListener('timeout', emitRequestTimeout);
    socket.removeListener('timeout', responseOnTimeout);
  }
  req._ended = true;
  if (detachesSignal) detachSignal(this);
  if (!req.shouldKeepAlive) {
    if (socket && socket.writable) {
      if (typeof socket.destroySoon === 'function') socket.destroySoon();
      else socket.end();
    }
  } else if (req.writableFinished && !this.aborted) {
    release(req);
  }
}

/** Listener of 'finish' on the request, which may come after the end of the response. */
function requestOnFinish() {
  // The end of the response has released it where the bytes had gone out, and this event was still to come.
  if (this.shouldKeepAlive && this._ended && !this.destroyed) release(this);
}

/** Request and response are both complete: the socket is free once the user's 'end' listeners have run. */
function release(req) {
  const socket = req.socket;
  if (req.timeoutCb) {
    socket.setTimeout(0, req.timeoutCb);
    req.timeoutCb = null;
  }
  socket.removeListener('close', socketCloseListener);
  socket.removeListener('error', socketErrorListener);
  socket.removeListener('drain', ondrain);
  stopReading(socket);
  req.destroyed = true;
  // The socket may serve another request by the time at which the response is looked at.
  req.res.socket = null;
  process.nextTick(announceFree, req);
}

function announceFree(req) {
  close(req);
  if (req.socket) req.socket.emit('free');
}

module.exports = { give, kReason, watchTimeout };
