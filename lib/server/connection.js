'use strict';
// One connection of a server: its state, its parser, and the listeners on its socket. Reading, requests, the end of responses,
// timeouts and closing have files of their own.
//
// Every listener is a named function that finds its connection through the socket: no function is bound or created per request. The
// socket may be any Duplex; only net.Socket has timeouts and destroySoon().

const { debuglog, net } = require('../globals/at-load');
const { HTTPParser, parsers } = require('../message/parsers');
const { kOnFinish, plainEmit, takesListener } = require('../message/emitter');
const { codes } = require('../util/errors');
const { isBeingAccepted } = require('../transport/lazy-socket');
const { nameBound, nameLike } = require('../compat/mirror-shape');
const { sharesOnFinish } = require('../compat/node-features');
const { kDrainsTicks, kAutoContinue } = require('../parser/parser');
const { HTTPServerAsyncResource } = require('../parser/scope');
const { ServerResponse, onServerResponseClose } = require('./response');
const { prototypesOf } = require('./steady');
const { BUSY } = require('./connections');
const Queue = require('../util/queue');
const { answerFixed } = require('./fixed-answers');
const performance = require('../observe/server-entries');
const { readShared } = require('./reader');
const { admitsConnection, limitConnection } = require('./limits');
const { kConnection, kConnections, kServerResponse } = require('./symbols');
const stats = require('./stats');
const { parserFlags } = require('../parser/strict');
const { acceptedNow } = require('./timings');
const transport = require('../transport/transport');
const { isLazy } = require('../transport/lazy-state');
const { socketOnClose } = require('./closing');
const { refuseSlowBody, socketOnError } = require('./refusals');
const { NEVER_IDLE, NO_TIMER, isOwnTime, parserOnTimeout, socketOnTimeout, timeoutOf } = require('./timeouts');
const { socketOnDrain, updateOutgoingData } = require('./backpressure');
const { resOnFinish } = require('./response-end');
const { parserOnIncoming } = require('./requests');
const { onNativeData, onNativeEnd, onSocketPause, onSocketResume, socketOnData, socketOnEnd } = require('./reading');

const debug = debuglog('http');

const { kOnTimeout: onTimeout, REQUEST } = /** @type {any} */ (HTTPParser);
const kOnTimeout = onTimeout | 0;

/** The state of one of a server's sockets, at `socket[kConnection]`. */
class Connection {
  constructor(server, socket) {
    this.server = server;
    this.socket = socket;
    // Requests whose response is not finished, oldest first.
    this.requests = new Queue();
    // Responses that wait for the one that has the socket, in the order of their requests.
    this.waiting = new Queue();
    // Bytes that these hold back.
    this.bytesWaiting = 0;
    this.requestCount = 0;
    // All requests, including those that `maxRequestsPerSocket` does not count.
    this.requestsSeen = 0;
    // Whether the program has listened for incoming data: from then on node's parser no longer reads from the handle.
    this.isHeard = false;
    // Whether no code of the program had seen the socket when the first request came.
    this.isUnseen = false;
    // The tick of the last 'finish', see ticks.js.
    this.finishMark = 0;
    // Whether this connection is already in its server's sums.
    this.isCounted = false;
    // The socket's byte counts from an earlier connection, if it had one.
    this.bytesBefore = null;
    this.acceptedAt = acceptedNow();
    this.idleSince = BUSY;
    this.idleTicks = 0;
    // What times the idle connection, and for how many milliseconds.
    this.idleTimer = NO_TIMER;
    this.idleTimeout = NEVER_IDLE;
    // Whether another protocol has taken over the socket; earlier responses may still be outstanding.
    this.released = false;
    // The stream of that protocol, if it begins after a body that is still arriving.
    this.upgradeStream = null;
    this.prototypes = prototypesOf(server);
    // Its state in the drain of its server.
    this.draining = null;
    // Its state in the limits of its server.
    this.limited = null;
    // The fixed answers of its server, and whether the core may give them.
    this.fixed = null;
    this.isAnswering = false;
    this.responseOptions = {
      highWaterMark: socket.writableHighWaterMark,
      rejectNonStandardBodyWrites: server.rejectNonStandardBodyWrites,
    };
    // A program may add listeners while its own response class constructs the response: ours is added after them.
    this.givesListener = takesListener && server[kServerResponse] === ServerResponse;
    if (this.givesListener) this.responseOptions[kOnFinish] = resOnFinish;
    this.onPendingData = updateOutgoingData.bind(undefined, this);
  }

  /** Handles the end of the keep-alive timeout. */
  timeOut() {
    const { socket } = this;
    if (isLazy(socket) && socket.emit === plainEmit) socketOnTimeout.call(socket);
    else if (isLazy(socket) || isOwnTime(this)) socket.emit('timeout');
  }

  /**
   * Removes our listeners for the protocol that takes over. Our replacement of setEncoding() stays, as node's does.
   * @param {stream.Duplex} socket that the other protocol gets: another one if ours never was a net.Socket
   */
  releaseSocket(socket) {
    if (socket === this.socket) {
      for (const [event, listener] of LISTENERS) socket.removeListener(event, listener);
    } else {
      socket.parser = null;
      socket.setEncoding = socketSetEncoding;
      socket._paused = false;
      socket[kConnection] = this;
      this.socket = socket;
    }
    this.released = true;
  }
}

/** @typedef {Connection} OwnConnection see types/lib.d.ts */

/**
 * Serves a socket.
 * @param {http.Server} server an http or https server
 * @param {stream.Duplex} socket
 * @param {Function} listener of the server's 'connection', which calls this
 */
function serve(server, socket, listener) {
  debug('SERVER new http connection');
  if (!admitsConnection(server, socket)) return;
  socket.server = server;
  // The socket may have had a connection before: of another server, or of this one before a CONNECT.
  const connection = new Connection(server, socket);
  stats.connectionOpened(connection);
  socket[kConnection] = connection;
  connection.isUnseen = isBeingAccepted(socket) && server.emit === plainEmit && server._events.connection === listener;

  const parser = parsers.alloc();
  // maxHeaderPairs counts names and values.
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
  // The callbacks return READ_BODY for every message that is no upgrade.
  parser[kAutoContinue] = true;
  parser[kDrainsTicks] = true;
  parser.onIncoming = parserOnIncoming;
  parser[kOnTimeout] = parserOnTimeout;
  limitConnection(connection, parser, refuseSlowBody);

  socket._paused = false;
  performance.look();
  if (!isLazy(socket) || !transport.attach(socket, parser, PROTOCOL)) {
    for (const [event, listener] of LISTENERS) socket.on(event, listener);
    socket.setEncoding = socketSetEncoding;
    if (!transport.attach(socket, parser, PROTOCOL)) readShared(socket, socketOnData, onHeard);
  }
  if (server.timeout && typeof socket.setTimeout === 'function') socket.setTimeout(server.timeout);
  answerFixed(connection);
}

/** @type {Array<[string, Listener]>} */
const LISTENERS = [
  ['timeout', socketOnTimeout], ['error', socketOnError], ['close', socketOnClose], ['end', socketOnEnd],
  ['data', socketOnData], ['drain', socketOnDrain], ['resume', onSocketResume], ['pause', onSocketPause],
];

// What the transport calls for a connection.
const PROTOCOL = { isServer: true, read: onNativeData, heard: onHeard, materialized: onMaterialized, timeoutOf, ended: onNativeEnd };

// Once the program listens for incoming data, the stream alone decides when the handle is read.
function onHeard(socket) {
  if (!socket.parser) return;
  socket[kConnection].isHeard = true;
  socket.removeListener('pause', onSocketPause);
  socket.removeListener('resume', onSocketResume);
}

// Called when a lazy socket has become a net.Socket: adds the listeners that a stream needs.
function onMaterialized(socket) {
  const state = socket._readableState;
  // The core reads already, and the tick in which a first 'data' listener resumes the stream may be over.
  state.flowing = false;
  for (const [event, listener] of LISTENERS) net.Socket.prototype.on.call(socket, event, listener);
  if (isBeingAccepted(socket)) net.Socket.prototype.resume.call(socket);
  else state.flowing = true;
  if (socket._httpMessage) socket.on('close', onServerResponseClose);
  const timeout = timeoutOf(socket);
  if (timeout !== undefined) socket.timeout = timeout;
  socket.setEncoding = socketSetEncoding;
}

/** @returns {any} */
function socketSetEncoding() {
  throw new codes.ERR_HTTP_SOCKET_ENCODING();
}

nameBound(socketOnData, socketOnEnd, socketOnClose, socketOnDrain, resOnFinish);
if (sharesOnFinish) nameLike(resOnFinish, function onResponseFinish() {});

module.exports = { serve };
