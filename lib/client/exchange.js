'use strict';

/**
 * The life of a request on its socket: from getting the socket until it is released or ends. All listeners are functions shared by
 * every request, with the names that node's have; they find their request as `socket._httpMessage`.
 */

const { ObjectDefineProperty, process } = require('../globals/primordials');
const { debuglog, finished } = require('../globals/at-load');
const { HTTPParser, freeParser, parsers, prepareError } = require('../message/parsers');
const { connResetException } = require('../util/errors');
const { detachSignal } = require('../message/incoming');
const {
  detachesSignal, hearsAtOnce, joinsDuplicates, tellsCause, tellsTunnelOnce, unhearsGivenUp,
} = require('../compat/node-features');
const { kAutoContinue, postpone, takePostponed, runInParserScope } = require('../parser/parser');
const { requestFailed } = require('./stats');
const { parserFlags } = require('../parser/strict');
const { kNeedDrain } = require('../compat/symbols');
const { tellDrain } = require('../message/outgoing-queue');
const { replace, requeue } = require('./agent');
const { isTunnelError } = require('./agent-proxy');
const { ANSWERED, endsSilently, isFit, kPlaced, kPlacer, setPhase } = require('./agent-sockets');
const { keep, retake, send } = require('./retries');
const { kQueued, kReason, kRetries, kRetry } = require('./symbols');
const transport = require('./attachment');
const { received } = require('../transport/drivers');
const { isHandedOver } = require('../transport/unread');
const observe = require('../observe/client-channels');
const timings = require('../observe/timings');

const { kTimings } = timings;
const debug = debuglog('http');

const { RESPONSE } = /** @type {any} */ (HTTPParser);

/** Results of onIncoming: a body follows; no body; no body, and the connection changes its protocol. */
const BODY = 0;
const NO_BODY = 1;
const OTHER_PROTOCOL = 2;

/** The resource by which async hooks know the parsing of a response. */
class HTTPClientAsyncResource {
  constructor(type, req) {
    this.type = type;
    this.req = req;
  }
}

/**
 * Gives a request its socket, or the error for lack of one.
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

// Undoes the listening to errors on a socket that the request does not use after all.
function unhear(socket) {
  if (unhearsGivenUp && hearsAtOnce()) socket.removeListener('error', socketErrorListener);
}

/**
 * The rest of onSocket(), in a tick of its own so that the program can add listeners first.
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
    // This check comes as late as possible: a request sent on a closed connection is lost. Nothing was read since the socket was
    // chosen, so a destroyed socket was destroyed by the program, which means to end the request too.
    if (!socket.destroyed && !isFit(socket)) {
      unhear(socket);
      replace(agent, req, socket, options);
      return;
    }
  }
  // The socket is attached to the core after the request is sent: attaching takes time, in which the server might close the connection.
  begin(req, socket, isFirst);
  if (req.agent?.[kRetries] === undefined) {
    req._flush();
  } else {
    if (!isFirst) keep(req, options ?? req[kQueued]);
    send(req, isFirst);
  }
  if (!isFirst && req.parser && socket.parser === req.parser) transport.take(socket, socket.parser, PROTOCOL);
}

/** Ends a request that cannot use its socket; a good socket goes back to the agent. */
function giveUp(req, socket, err) {
  const reason = err || req[kReason];
  req.destroyed = true;
  // The agent has already emitted the error.
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
      // A request that listens to its socket from the start has got the error already.
      if (socket._hadError) close(req);
      // Closing early is what was asked for: it is no error.
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
  observe.starting(isFirst);
  const parser = parsers.alloc();
  req.socket = socket;
  // maxHeaderPairs counts names and values.
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
  // Any other result of onIncoming is for a status at which the core stops anyway.
  parser[kAutoContinue] = req.method !== 'HEAD' && req.method !== 'CONNECT';
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
 * Makes the socket's 'timeout' the request's, once.
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

// Leaves a socket that died, if the request may be sent again: the request gets the socket that replaces it.
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
  // Runs before the agent's listener, which opens another socket for the first waiting request.
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
    // 'close' must not report a second error.
    this._hadError = true;
    fail(req, error);
    // If 'error' has no listener, emit() throws, and the answer's error gets no cause.
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
  // Whatever is still to be written, the peer would not answer it.
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

/** What the transport calls for a connection; the callbacks that a client does not need are left out. @type {Protocol} */
const PROTOCOL = { isServer: false, read: onNativeData, endsSilently };

function onNativeData(socket, result, length) {
  const { parser } = socket;
  if (!parser) return;
  // If these bytes complete a head, timeResponse() has noted them before it was delivered.
  if (timings.used) socket._httpMessage?.[kTimings]?.received();
  if (typeof result !== 'number') runInParserScope(parser, refuse, undefined, socket, parser, result, received(0, length));
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

/** Handles the effect of parsing `count` of `length` bytes, in `chunk` or in the core's memory. */
function advance(socket, parser, count, chunk, length) {
  const res = parser.incoming;
  if (!res) return;
  const req = socket._httpMessage;
  if (res.upgrade) {
    const head = chunk === null ? received(count, length) : chunk.subarray(count);
    if (chunk === null) runInParserScope(parser, switchProtocol, undefined, req, socket, parser, res, head);
    else switchProtocol(req, socket, parser, res, head);
  } else if (res.complete && !isInterim(res.statusCode)) {
    // After the response, bytes are unsolicited until the next request.
    setPhase(socket, ANSWERED);
    stopReading(socket);
    socket.removeListener('drain', ondrain);
    transport.letGo(parser, req, socket);
  }
}

/** Hands the connection to another protocol: the parser and our listeners are removed before the program gets it. */
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
    // RFC 9110, section 7.8: without a listener there is nobody to speak the other protocol.
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
 * The parser calls it for each response head.
 * @param {http.IncomingMessage} res
 * @param {boolean} shouldKeepAlive whether the peer keeps the connection open
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

  // RFC 9110, section 9.3.6: a response to CONNECT has no body here, whatever its status: the bytes are the tunnel's.
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

  // Without a listener the body is discarded, so that the connection can serve further requests.
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

/** RFC 9110, section 15.2: any number of these precede the final response; after 101 the connection is no longer HTTP. */
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

/** The response's first listener of 'end', before the program's. */
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

/** The request's listener of 'finish', which may come after the end of the response. */
function requestOnFinish() {
  // The end of the response releases the socket first if the bytes were out by then, before this event.
  if (this.shouldKeepAlive && this._ended && !this.destroyed) release(this);
}

/** Releases the socket: request and response are complete. It is free once the program's 'end' listeners have run. */
function release(req) {
  const socket = req.socket;
  if (req.timeoutCb) {
    socket.setTimeout(0, req.timeoutCb);
    req.timeoutCb = null;
  }
  socket.removeListener('close', socketCloseListener);
  socket.removeListener('error', socketErrorListener);
  stopReading(socket);
  req.destroyed = true;
  // The socket may serve another request by the time the program reads the response's properties.
  req.res.socket = null;
  process.nextTick(announceFree, req);
}

function announceFree(req) {
  close(req);
  if (req.socket) req.socket.emit('free');
}

module.exports = { give, watchTimeout };
