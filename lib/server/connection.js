'use strict';
// One connection of a server: what it keeps, its listeners on the socket, its parser. Reading, requests, the end of responses, timeouts and
// closing are files beside this one.
//
// Every listener is a named function that finds its connection through the socket: nothing is bound or closed over per
// request. The socket may be any Duplex; only net.Socket has timeouts and destroySoon().

const net = require('node:net');
const { debuglog } = require('node:util');
const { HTTPParser, parsers } = require('../message/parsers');
const { kOnFinish, plainEmit, takesListener } = require('../message/emitter');
const { codes } = require('../util/errors');
const { isBeingAccepted } = require('../transport/lazy-socket');
const { nameBound, nameLike } = require('../compat/mirror-shape');
const { sharesOnFinish } = require('../compat/node-features');
const { kDrainsTicks, kRunOn } = require('../parser/parser');
const { HTTPServerAsyncResource } = require('../parser/scope');
const { ServerResponse, onServerResponseClose } = require('./response');
const { prototypesOf } = require('./steady');
const { BUSY } = require('./connections');
const Queue = require('../util/queue');
const { answerFixed } = require('./fixed-answers');
const performance = require('../observe/server-entries');
const { handOver, readShared } = require('./reader');
const { admitsConnection, limitConnection } = require('./limits');
const { kConnection, kConnections, kServerResponse } = require('./symbols');
const stats = require('./stats');
const { parserFlags } = require('../parser/strict');
const { acceptedNow } = require('./timings');
const transport = require('../transport/transport');
const { isUnbuilt } = require('../transport/lazy-state');
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
    // Whether the program has listened to what comes: from then on node's parser reads from the handle no more.
    this.isHeard = false;
    // Whether no code of the program has had the socket when the first request came.
    this.isUnseen = false;
    // The tick of the last 'finish', see ticks.js.
    this.finishMark = 0;
    // Whether what it did is in the sums of its server.
    this.isCounted = false;
    // What the socket had read and written in an earlier connection, if there was one.
    this.bytesBefore = null;
    this.acceptedAt = acceptedNow();
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
    // The fixed answers of its server, and whether the core gives them.
    this.fixed = null;
    this.isAnswering = false;
    this.responseOptions = {
      highWaterMark: socket.writableHighWaterMark,
      rejectNonStandardBodyWrites: server.rejectNonStandardBodyWrites,
    };
    // Others may add listeners while their response is made: ours is behind theirs.
    this.givesListener = takesListener && server[kServerResponse] === ServerResponse;
    if (this.givesListener) this.responseOptions[kOnFinish] = resOnFinish;
    this.onPendingData = updateOutgoingData.bind(undefined, this);
  }

  /** The keep-alive timeout is over. */
  timeOut() {
    const { socket } = this;
    if (isUnbuilt(socket) && socket.emit === plainEmit) socketOnTimeout.call(socket);
    else if (isUnbuilt(socket) || isOwnTime(this)) socket.emit('timeout');
  }

  /**
   * Leaves the socket for the protocol that takes over: without our listeners. What stands in the place of its setEncoding() stays, as node's does.
   * @param {stream.Duplex} socket whose it is by now, if it never was a net.Socket
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
  connection.isUnseen = isBeingAccepted(socket) && server.emit === plainEmit && server._events.connection === connectionListener;

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
  limitConnection(connection, parser, refuseSlowBody);

  socket._paused = false;
  performance.look();
  if (!isUnbuilt(socket) || !transport.attach(socket, parser, PROTOCOL)) {
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

// What the native transport asks of a connection.
const PROTOCOL = { serves: true, read: onNativeData, heard: onHeard, built: onBuilt, timeoutOf, ended: onNativeEnd };

// The program listens to what comes: from here on the stream alone says when the handle is read.
function onHeard(socket) {
  if (!socket.parser) return;
  socket[kConnection].isHeard = true;
  socket.removeListener('pause', onSocketPause);
  socket.removeListener('resume', onSocketResume);
  handOver(socket);
}

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

/** @returns {any} */
function socketSetEncoding() {
  throw new codes.ERR_HTTP_SOCKET_ENCODING();
}

nameBound(socketOnData, socketOnEnd, socketOnClose, socketOnDrain, resOnFinish);
if (sharesOnFinish) nameLike(resOnFinish, function onResponseFinish() {});

module.exports = { connectionListener };
