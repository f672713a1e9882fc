'use strict';
// One connection of a server: from the socket to requests, and from their responses to the order of answers on the wire.
//
// Every listener is a named function that finds its connection through the socket: nothing is bound or closed over per
// request. The socket may be any Duplex; only net.Socket has timeouts and destroySoon().

const { Boolean, Error, process } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const net = require('node:net');
const { executionAsyncId } = require('node:async_hooks');
const { debuglog } = require('node:util');
const { channel } = require('node:diagnostics_channel');
const { acceptsUpgrade, admit, announcesNoBody, hasOwnBody, isReached } = require('./admission');
const { HTTPParser, freeParser, parsers, prepareError } = require('../message/parsers');
const { kOnFinish, listen, plainEmit } = require('../message/emitter');
const { codes, connResetException } = require('../util/errors');
const { detachSignal } = require('../message/incoming');
const { DESTROYED, PEER_ENDED, SHUT_DOWN, closesAsNode, dismiss, isBeingAccepted } = require('../transport/lazy-socket');
const { corksEachTurn, destroysQueued, detachesSignal, drainsWithQueue, kOptimizeEmpty, publishesCreation, upgradesInContext, warnsUnclosed } = require('../compat/node-features');
const { kAsyncId, kDrainsTicks, kMaker, kRunOn, postpone, takePostponed, within } = require('../parser/parser');
const { ownCopy } = require('../parser/deliveries');
const { finished, isHeard, tellDrain } = require('../message/outgoing-body');
const { closeUnread, dumpUnread, forgetAtEnd } = require('../message/request-end');
const { ServerResponse, assignInTurn, onServerResponseClose } = require('./response');
const { SteadyRequest, SteadyResponse, notePrototype, prototypesOf } = require('./steady');
const { BUSY, idleTime, isTicked } = require('./connections');
const Queue = require('../util/queue');
const performance = require('../observe/server-entries');
const { handOver: leaveShared, readShared } = require('./reader');
const { admitsConnection, limitConnection } = require('./limits');
const { isUnheard, refusalOf, refuseBody } = require('./refusals');
const { kConnection, kConnections, kServerResponse } = require('./symbols');
const stats = require('./stats');
const { UpgradeStream } = require('./upgrade-stream');
const { parserFlags } = require('../parser/strict');
const { kChunkedLength, kNeedDrain, kUniqueHeaders } = require('../compat/symbols');
const { beginTick, isQueueOurs, lastMark, schedule } = require('../util/ticks');
const transport = require('../transport/transport');
const { isHandedOver } = require('../transport/unread');
const { isUnbuilt } = require('../transport/lazy-state');

const debug = debuglog('http');
const onRequestStart = channel('http.server.request.start');
const onResponseEnd = channel('http.server.response.finish');

const { kOnTimeout: onTimeout, REQUEST } = /** @type {any} */ (HTTPParser);
const kOnTimeout = onTimeout | 0;

// Answers to a request head.
const READ_BODY = 0;
const HAND_OVER = 2;

// What times an idle connection: nothing, the socket's own timer, or the ticker of its server.
const NO_TIMER = 0;
const SOCKET = 1;
const TICKER = 2;
/** In place of the milliseconds that an idle connection has. */
const NEVER_IDLE = -1;

const { setTimeout: plainSetTimeout } = net.Socket.prototype;

/** What a server knows about one of its sockets; found under `socket[kConnection]`. */
class Connection {
  constructor(server, socket) {
    this.server = server;
    this.socket = socket;
    // Requests whose response is not finished, oldest first.
    this.requests = new Queue();
    // Responses behind the one that owns the socket, in the order of their requests.
    this.waiting = new Queue();
    // Bytes that those hold back.
    this.bytesWaiting = 0;
    this.requestCount = 0;
    // All of them, whether `maxRequestsPerSocket` counts them or not.
    this.requestsSeen = 0;
    // The tick of the last 'finish', see ticks.js.
    this.finishMark = 0;
    // The response that closes in the tick in which the next one finishes.
    this.closing = null;
    // Whether what it did is in the sums of its server.
    this.isCounted = false;
    // What the socket had read and written in an earlier connection, if there was one.
    this.bytesBefore = null;
    this.idleSince = BUSY;
    this.idleTicks = 0;
    // What times the idle connection, and the milliseconds that it has.
    this.idleTimer = NO_TIMER;
    this.idleTimeout = NEVER_IDLE;
    // Whether another protocol has the socket now; responses of before may still be owed.
    this.released = false;
    // That protocol, where it begins behind a body that is still on its way.
    this.upgradeStream = null;
    this.prototypes = prototypesOf(server);
    // Its part in the drain of its server.
    this.draining = null;
    // Its part in the limits of its server.
    this.limited = null;
    this.responseOptions = {
      highWaterMark: socket.writableHighWaterMark,
      rejectNonStandardBodyWrites: server.rejectNonStandardBodyWrites,
    };
    // Others may add listeners while their response is made: ours is behind theirs.
    if (!publishesCreation && server[kServerResponse] === ServerResponse) this.responseOptions[kOnFinish] = resOnFinish;
    this.onPendingData = updateOutgoingData.bind(undefined, this);
  }

  /** The keep-alive timeout is over. */
  timeOut() {
    const { socket } = this;
    if (isUnbuilt(socket) && socket.emit === plainEmit) socketOnTimeout.call(socket);
    else if (isUnbuilt(socket) || isOwnTime(this)) socket.emit('timeout');
  }
}

/** @typedef {Connection} OwnConnection see types/lib.d.ts */

// What async hooks know the parser of a connection by.
class HTTPServerAsyncResource {
  constructor(type, socket) {
    this.type = type;
    this.socket = socket;
  }
}

/**
 * Serves a socket. Listener of the server's 'connection'.
 * @this {http.Server} an http or https server
 * @param {stream.Duplex} socket
 */
function connectionListener(socket) {
  debug('SERVER new http connection');
  const server = this;
  if (!admitsConnection(server, socket)) return;
  socket.server = server;
  // The socket may have belonged to another server, or to this one before a CONNECT.
  const connection = new Connection(server, socket);
  stats.connectionOpened(connection);
  socket[kConnection] = connection;

  const parser = parsers.alloc();
  // It counts names and values.
  if (typeof server.maxHeadersCount === 'number') parser.maxHeaderPairs = server.maxHeadersCount << 1;
  parser.initialize(
    REQUEST,
    new HTTPServerAsyncResource('HTTPINCOMINGMESSAGE', socket),
    server.maxHeaderSize || 0,
    parserFlags(server),
    server[kConnections],
  );
  parser.socket = socket;
  socket.parser = parser;
  // The callbacks answer READ_BODY for all that is no upgrade.
  parser[kRunOn] = true;
  parser[kDrainsTicks] = true;
  parser.onIncoming = parserOnIncoming;
  parser[kOnTimeout] = parserOnTimeout;
  limitConnection(connection, parser, socketOnError);

  socket._paused = false;
  performance.look();
  if (!isUnbuilt(socket) || !transport.attach(socket, parser, PROTOCOL)) {
    for (const [event, listener] of LISTENERS) socket.on(event, listener);
    socket.setEncoding = socketSetEncoding;
    if (!transport.attach(socket, parser, PROTOCOL)) readShared(socket, socketOnData);
  }
  if (server.timeout && typeof socket.setTimeout === 'function') socket.setTimeout(server.timeout);
}

/** @type {Array<[string, Listener]>} */
const LISTENERS = [
  ['timeout', socketOnTimeout], ['error', socketOnError], ['close', socketOnClose], ['end', socketOnEnd],
  ['data', socketOnData], ['drain', socketOnDrain], ['resume', onSocketResume], ['pause', onSocketPause],
];

// What the native transport asks of a connection.
const PROTOCOL = { serves: true, read: onNativeData, built: onBuilt, timeoutOf, ended: onNativeEnd };

// A socket has become a stream: what the listeners of a stream do is theirs from here on.
function onBuilt(socket) {
  const state = socket._readableState;
  // The core reads already, and the tick in which the first listener of 'data' resumes the stream may be over.
  state.flowing = false;
  for (const [event, listener] of LISTENERS) net.Socket.prototype.on.call(socket, event, listener);
  if (isBeingAccepted(socket)) net.Socket.prototype.resume.call(socket);
  else state.flowing = true;
  if (socket._httpMessage) socket.on('close', onServerResponseClose);
  const timeout = timeoutOf(socket);
  if (timeout !== undefined) socket.timeout = timeout;
  socket.setEncoding = socketSetEncoding;
}

// What node's setTimeout() has left on a lazy socket.
function timeoutOf(socket) {
  const { idleTimeout, idleTimer } = socket[kConnection];
  return idleTimeout === NEVER_IDLE ? undefined : idleTimer === TICKER ? idleTimeout : 0;
}

// Leaves a socket as it was before it was served, for the protocol that takes over.
function release(connection) {
  const { socket } = connection;
  for (const [event, listener] of LISTENERS) socket.removeListener(event, listener);
  delete socket.setEncoding;
  connection.released = true;
}

/** @returns {any} */
function socketSetEncoding() {
  throw new codes.ERR_HTTP_SOCKET_ENCODING();
}

// ---------------------------------------------------------------------------------------------------------- reading

function socketOnData(chunk) {
  const { parser } = this;
  if (!parser || isHandedOver(this) || postpone(parser, chunk)) return;
  const connection = this[kConnection];
  if (connection.idleSince !== BUSY) connection.idleSince = connection.server[kConnections].tick;
  parser[kDrainsTicks] = isReadFromHandle(this);
  const result = parser.execute(chunk);
  if (typeof result !== 'number') {
    within(parser, refuse, undefined, this, parser, result, ownCopy(chunk));
  } else if (parser.incoming !== null && parser.incoming.upgrade) {
    upgrade(this, connection, parser, ownCopy(chunk, result));
  }
  pauseParser(this);
  const later = takePostponed(parser);
  if (later === undefined) return;
  if (this.parser === parser) socketOnData.call(this, later);
  else this.unshift(later);
}

// Whether what comes as 'data' is handed over in the very read of the handle, and to us alone. Node's parser reads such a socket from below.
function isReadFromHandle(socket) {
  const { _events: { data, readable } } = socket;
  return data === socketOnData && readable === undefined && socket._handle && executionAsyncId() === socket[kAsyncId];
}

// The native transport has read and parsed.
function onNativeData(socket, result, length) {
  const { parser } = socket;
  if (!parser) return;
  const connection = socket[kConnection];
  if (connection.idleSince !== BUSY) connection.idleSince = connection.server[kConnections].tick;
  if (typeof result !== 'number') {
    within(parser, refuse, undefined, socket, parser, result, transport.received(0, length));
  } else if (parser.incoming !== null && parser.incoming.upgrade) {
    upgrade(socket, connection, parser, transport.received(result, length));
  }
  pauseParser(socket);
}

// The peer of a lazy socket has sent its last byte. Where nothing is owed to it, that is the end.
function onNativeEnd(socket) {
  const { parser } = socket;
  return Boolean(parser) && isSettled(socket) && parser.finish() === undefined && dismiss(socket, PEER_ENDED, onDismissed);
}

function isSettled(socket) {
  return socket[kConnection].requests.length === 0 && !socket._httpMessage;
}

/**
 * Closes the socket of a connection, whatever is still to be sent or answered.
 * @param {stream.Duplex} socket
 * @param {Error} [error] why
 */
function closeNow(socket, error) {
  if (isSettled(socket) && dismiss(socket, DESTROYED, onDismissed, error)) return;
  if (error === undefined) socket.destroy();
  else socket.destroy(error);
}

function refuse(socket, parser, error, chunk) {
  prepareError(error, parser, chunk);
  debug('parse error', error);
  if (refuseBody(socket, parser, error)) abortRequests(socket[kConnection]);
  else socketOnError.call(socket, error);
}

function pauseParser(socket) {
  if (socket._paused && socket.parser) {
    debug('pause parser');
    socket.parser.pause();
  }
}

function upgrade(socket, connection, parser, head) {
  if (upgradesInContext) within(parser, handOver, undefined, socket, connection, parser, head);
  else handOver(socket, connection, parser, head);
}

// A CONNECT, or an upgrade with a listener: the socket is no longer ours.
function handOver(socket, connection, parser, head) {
  const { server } = connection;
  const request = parser.incoming;
  transport.giveBack(socket);
  if (!request.complete) {
    handOverBehind(socket, connection, request);
    return;
  }
  leaveShared(socket);
  const event = request.method === 'CONNECT' ? 'connect' : 'upgrade';
  leaveIdle(connection);
  release(connection);
  freeParser(parser, request, socket);
  if (connection.upgradeStream !== null) {
    stats.connectionEnded(connection, true);
    connection.upgradeStream.requestBodyCompleted(head);
    return;
  }
  const isTaken = server.listenerCount(event) > 0;
  stats.connectionEnded(connection, isTaken);
  if (!isTaken) {
    // RFC 9110 section 9.3.6: a server that does not tunnel has nothing to say on this connection any more.
    socket.destroy();
    return;
  }
  debug('SERVER have listener for %s', event);
  // Lets the first 'data' listener start the flow, as on a fresh socket.
  if (socket._readableState) socket._readableState.flowing = null;
  server.emit(event, request, socket, head);
}

// The body is still on its way: it goes on being read, and its errors are not reported.
function handOverBehind(socket, connection, request) {
  if (connection.upgradeStream !== null) return;
  const { server } = connection;
  leaveIdle(connection);
  if (server.listenerCount('upgrade') === 0) {
    socket.destroy();
    return;
  }
  connection.upgradeStream = new UpgradeStream(socket, request);
  server.emit('upgrade', request, connection.upgradeStream, Buffer.alloc(0));
}

function socketOnEnd() {
  const connection = this[kConnection];
  const { parser } = this;
  if (!parser) {
    this.end();
    return;
  }
  const error = parser.finish();
  if (error instanceof Error) {
    debug('parse error');
    socketOnError.call(this, error);
    return;
  }
  if (!connection.server.httpAllowHalfOpen) {
    // What is still to be answered is aborted when the socket has closed.
    if (this.writable) this.end();
  } else if (connection.waiting.length > 0) {
    connection.waiting.last()._last = true;
  } else if (this._httpMessage) {
    this._httpMessage._last = true;
  } else {
    this.end();
  }
}

function socketOnClose() {
  debug('server socket close');
  const connection = this[kConnection];
  // A program may call what it finds among the listeners.
  if (connection === undefined) return;
  stats.connectionEnded(connection, false);
  freeParser(this.parser, null, this);
  abortRequests(connection);
}

function abortRequests({ requests, waiting }) {
  while (requests.length > 0) requests.shift().destroy(connResetException('aborted'));
  while (waiting.length > 0 && destroysQueued()) waiting.shift().destroy(connResetException('aborted'));
}

function noop() {}

let warned = false;
function warnUnclosed() {
  if (warned) return;
  warned = true;
  process.emitWarning('An error event has already been emitted on the socket. Please use the destroy method on the socket ' +
    "while handling a 'clientError' event.");
}

/**
 * What goes wrong on a connection, in its bytes or in its socket: the user's 'clientError', or node's answer.
 * Listener of the socket's 'error'.
 * @param {Failure} error
 */
function socketOnError(error) {
  stats.connectionFailed(this.server, error);
  if (refuseUnseen(this, error)) return;
  // Destroying the socket with the error emits it again, for other listeners: it is not to be answered twice.
  this.removeListener('error', socketOnError);
  if (this.listenerCount('error', noop) === 0) this.on('error', noop);
  else if (warnsUnclosed) warnUnclosed();

  if (this.server.emit('clientError', error, this)) return;
  // An answer would garble what a response has already begun to say.
  if (this.writable && (!this._httpMessage || !this._httpMessage._headerSent)) {
    this.write(refusalOf(error));
  }
  this.destroy(error);
}

// Where the socket is lazy and its errors have no listener, an answer and its end are all there is to it: no net.Socket
// is made for that.
function refuseUnseen(socket, error) {
  const { server } = socket;
  if (!isUnbuilt(socket) || !isSettled(socket) || !isUnheard(server) || !closesAsNode(socket)) return false;
  if (socket.writable) socket.write(refusalOf(error));
  closeNow(socket, error);
  return true;
}

function onSocketResume() {
  // It is the server that has paused, and that will resume: see resumeReading().
  if (this._paused) {
    this.pause();
    return;
  }
  if (transport.resume(this)) return;
  const handle = this._handle;
  // The handles of other runtimes stop and start with their streams.
  if (handle && !handle.reading && handle.readStart) {
    handle.reading = true;
    handle.readStart();
  }
}

function onSocketPause() {
  if (transport.pause(this)) return;
  const handle = this._handle;
  if (handle && handle.reading && handle.readStop) {
    handle.reading = false;
    handle.readStop();
  }
}

// --------------------------------------------------------------------------------------------------------- requests

/**
 * A request head is complete. Callback of the parser.
 * @this {http.HTTPParser}
 * @param {http.IncomingMessage} req
 * @param {boolean} keepAlive whether the connection may serve another request
 * @returns {number} what the parser does next
 */
function parserOnIncoming(req, keepAlive) {
  const { socket } = this;
  const connection = socket[kConnection];
  const { server } = connection;
  leaveIdle(connection);
  connection.requestsSeen++;

  const asked = req.upgrade;
  if (asked) {
    req.upgrade = req.method === 'CONNECT' || acceptsUpgrade(server, req);
    if (req.upgrade) return hasOwnBody(req) ? READ_BODY : HAND_OVER;
  }

  const reached = isReached(server, asked);
  if (kOptimizeEmpty !== undefined && server[kOptimizeEmpty] && announcesNoBody(this, req, reached)) req._dumpAndCloseReadable();
  connection.requests.push(req);

  const { responseOptions } = connection;
  // A listener of 'connection' may have given it another.
  if (!isUnbuilt(socket)) responseOptions.highWaterMark = socket.writableHighWaterMark;
  // Answers that the peer does not read pile up: nothing more is read until they are gone.
  if (!socket._paused && (needsDrain(socket) || connection.bytesWaiting >= responseOptions.highWaterMark)) {
    socket._paused = true;
    socket.pause();
  }

  responseOptions.rejectNonStandardBodyWrites = server.rejectNonStandardBodyWrites;
  const { [kServerResponse]: Response } = server;
  const isSteady = connection.prototypes?.isChanged;
  // From the next request on.
  if (isSteady) this[kMaker] = SteadyRequest;
  const res = isSteady && Response === ServerResponse ? new SteadyResponse(req, responseOptions) : new Response(req, responseOptions);
  res._keepAliveTimeout = server.keepAliveTimeout;
  res._maxRequestsPerSocket = server.maxRequestsPerSocket;
  res._onPendingData = connection.onPendingData;
  res.shouldKeepAlive = keepAlive;
  res[kUniqueHeaders] = server[kUniqueHeaders];

  if (onRequestStart.hasSubscribers) onRequestStart.publish({ request: req, response: res, socket, server });

  if (responseOptions[kOnFinish] === undefined) listen(res, 'finish', resOnFinish);
  if (socket._httpMessage) connection.waiting.push(res);
  else res.assignSocket(socket);

  if (admit(this, connection, req, res, reached)) server.emit('request', req, res);
  return READ_BODY;
}

function needsDrain(socket) {
  return !isUnbuilt(socket) && socket._writableState.needDrain;
}

// -------------------------------------------------------------------------------------------------------- responses

// A response is on its way to the kernel: its turn is over. Listener of its 'finish'.
function resOnFinish() {
  const { req } = this;
  const socket = this.socket || req.socket;
  const connection = socket[kConnection];
  if (connection === undefined) return;

  if (onResponseEnd.hasSubscribers) {
    onResponseEnd.publish({ request: req, response: this, socket, server: connection.server });
  }

  const { requests } = connection;
  if (requests.length > 0 && requests.first() !== req) throw new codes.ERR_INTERNAL_ASSERTION();
  requests.shift();
  connection.finishMark = lastMark();
  if (detachesSignal) detachSignal(req);

  notePrototype(connection, req);
  const unread = dumpUnread(req, socket._httpMessage !== this);
  // Throws where the program has detached it.
  this.detachSocket(socket);
  if (!unread) forgetAtEnd(req);

  if (this._last) {
    schedule(closeInTick, this, unread, connection);
    if (connection.draining === null || !connection.draining.lingers(this)) shutDown(socket);
  } else if (connection.waiting.length > 0) {
    const next = connection.waiting.shift();
    // What would be two ticks, one right behind the other, is one where the first event has no listener.
    if (unread && !isHeard(this, 'close') && assignInTurn(next, socket, finishedInTurn, connection)) {
      connection.closing = this;
      return;
    }
    schedule(closeInTick, this, unread, connection);
    next.assignSocket(socket);
  } else {
    schedule(closeInTick, this, unread, connection);
    enterIdle(connection);
  }
}

/**
 * Closes the socket of a connection as soon as everything is sent.
 * @param {stream.Duplex} socket
 */
function shutDown(socket) {
  if (isSettled(socket) && dismiss(socket, SHUT_DOWN, onDismissed)) return;
  if (typeof socket.destroySoon === 'function') socket.destroySoon();
  else socket.end();
}

// Whether the events of a response have no listener but ours.
function isOwnAffair(res) {
  return res.emit === plainEmit && res._eventsCount === 1 && res._events.finish === resOnFinish;
}

// A response was given to the kernel (null: it waits for that), and the exchange before it is over.
function finishedInTurn(res, error, mark, connection) {
  try {
    if (connection !== undefined) {
      const { closing } = connection;
      connection.closing = null;
      closeExchange(closing, true, mark, connection);
    }
  } finally {
    if (res !== null) finished(res, error);
  }
}

// The tick behind 'finish'. `unread` tells whether the request ends here as well.
function closeInTick(res, unread, connection) {
  closeExchange(res, unread, beginTick(), connection);
}

function closeExchange(res, unread, mark, connection) {
  try {
    if (unread) closeUnread(res.req, isOwnAffair(res) && isQueueOurs(mark, connection.finishMark));
  } finally {
    res.destroyed = true;
    if (!res._closed) {
      res._closed = true;
      if (isHeard(res, 'close')) res.emit('close');
    }
  }
}

// A socket that was never looked at is closed.
function onDismissed(socket) {
  socketOnClose.call(socket);
  onServerResponseClose.call(socket);
}

function updateOutgoingData(connection, delta) {
  connection.bytesWaiting += delta;
  const { socket } = connection;
  if (socket._paused) resumeReading(connection);
  if (drainsWithQueue) tellDrained(socket._httpMessage);
}

function resumeReading(connection) {
  const { socket } = connection;
  if (!socket._paused || connection.bytesWaiting > connection.responseOptions.highWaterMark) return;
  socket._paused = false;
  if (socket.parser) socket.parser.resume();
  socket.resume();
}

function socketOnDrain() {
  const connection = this[kConnection];
  resumeReading(connection);
  tellDrained(this._httpMessage);
}

function tellDrained(message) {
  if (!message || message.finished || !message[kNeedDrain] || (corksEachTurn && message[kChunkedLength] > 0)) return;
  tellDrain(message);
}

// --------------------------------------------------------------------------------------------------------- timeouts

// Nothing was sent or received for the time of `server.timeout` or `keepAliveTimeout`.
function socketOnTimeout() {
  const req = this.parser ? this.parser.incoming : null;
  const heardByRequest = req && !req.complete && req.emit('timeout', this);
  const res = this._httpMessage;
  const heardByResponse = res && res.emit('timeout', this);
  const heardByServer = this.server.emit('timeout', this);
  if (!heardByRequest && !heardByResponse && !heardByServer) closeNow(this);
}

function parserOnTimeout() {
  const { socket } = this;
  if (socket && !socket.server.emit('timeout', socket)) socket.destroy();
}

// All answers are given: the connection is kept for another request, for a while.
function enterIdle(connection) {
  const { server, socket } = connection;
  const { keepAliveTimeout } = server;
  if (!keepAliveTimeout || typeof socket.setTimeout !== 'function' || connection.released) return;
  const time = idleTime(server);
  if (time === undefined) return;
  const connections = server[kConnections];
  const unbuilt = isUnbuilt(socket);
  // A timer that is armed already (by server.timeout or by the program) is replaced, as the documents say.
  if (connections === undefined || !isTicked(time) || socket.setTimeout !== plainSetTimeout || (!unbuilt && socket.timeout)) {
    socket.setTimeout(time);
    connection.idleTimer = SOCKET;
    return;
  }
  // One that is closed takes no time.
  if (socket.destroyed) return;
  connection.idleTimer = TICKER;
  connection.idleTimeout = time;
  if (!unbuilt) socket.timeout = time;
  connections.watchIdle(connection, time);
}

// A request begins.
function leaveIdle(connection) {
  const { idleTimer, server, socket } = connection;
  if (idleTimer === NO_TIMER) return;
  connection.idleSince = BUSY;
  connection.idleTimer = NO_TIMER;
  if (idleTimer === TICKER && isUnbuilt(socket)) return;
  // Nothing else is armed: the timer was the ticker's, and the program has set no other.
  if (idleTimer === TICKER && isOwnTime(connection) && !server.timeout && socket.setTimeout === plainSetTimeout) socket.timeout = 0;
  else socket.setTimeout(server.timeout || 0);
}

// Whether the program has set no time of its own since the connection became idle.
function isOwnTime({ idleTimeout, socket }) {
  return socket.timeout === idleTimeout;
}

/**
 * Looks for requests that do not arrive in time; each is answered with 408.
 * @param {http.Server} server
 */
function checkConnections(server) {
  const { headersTimeout, requestTimeout } = server;
  if (headersTimeout === 0 && requestTimeout === 0) return;
  for (const { socket } of server[kConnections].expired(headersTimeout, requestTimeout)) {
    if (socket) socketOnError.call(socket, new codes.ERR_HTTP_REQUEST_TIMEOUT());
  }
}

module.exports = { READ_BODY, checkConnections, closeNow, connectionListener, shutDown };
