'use strict';
// A request head on a server's connection: from the parser to the 'request' event.

const { channel } = require('../globals/at-load');
const { acceptsUpgrade, admit, announcesNoBody, hasOwnBody, isReached } = require('./admission');
const { kOnFinish, listenToFinish } = require('../message/emitter');
const { kOptimizeEmpty } = require('../compat/node-features');
const { kMaker } = require('../parser/parser');
const { ServerResponse, assignUnseen } = require('./response');
const { SteadyRequest, SteadyResponse } = require('./steady');
const { kConnection, kServerResponse } = require('./symbols');
const { kUniqueHeaders } = require('../compat/symbols');
const { isLazy } = require('../transport/lazy-state');
const { leaveIdle } = require('./timeouts');
const { beginTiming, mayBeTimed } = require('./timings');
const { resOnFinish } = require('./response-end');
const { remember } = require('../util/ticks');

/** What the parser does after a request head: read the body, or stop for another protocol. */
const READ_BODY = 0;
const HAND_OVER = 2;

const onRequestStart = channel('http.server.request.start');

/**
 * Handles a complete request head. Callback of the parser.
 * @this {http.HTTPParser}
 * @param {http.IncomingMessage} req
 * @param {boolean} keepAlive whether the connection may serve another request
 * @returns {number} what the parser does next
 */
function parserOnIncoming(req, keepAlive) {
  const { socket } = this;
  const connection = socket[kConnection];
  const { fixed, server } = connection;
  if (fixed !== null) fixed.began(connection);
  leaveIdle(connection);
  // Accepting the connection took async ids since the last tick: note their number.
  if (connection.requestsSeen++ === 0) remember();
  const stopwatch = mayBeTimed() ? beginTiming(connection, this, req) : null;

  const asked = req.upgrade;
  if (asked) {
    req.upgrade = req.method === 'CONNECT' || acceptsUpgrade(server, req);
    if (req.upgrade) return hasOwnBody(req) ? READ_BODY : HAND_OVER;
  }

  const reached = isReached(server, asked);
  if (kOptimizeEmpty !== undefined && server[kOptimizeEmpty] && announcesNoBody(this, req, reached)) req._dumpAndCloseReadable();
  connection.requests.push(req);

  const { responseOptions } = connection;
  // A listener of 'connection' may have changed it.
  if (!isLazy(socket)) responseOptions.highWaterMark = socket.writableHighWaterMark;
  // Answers pile up that the peer does not read: reading stops until they are gone.
  if (!socket._paused && (needsDrain(socket) || connection.bytesWaiting >= responseOptions.highWaterMark)) {
    socket._paused = true;
    socket.pause();
  }

  responseOptions.rejectNonStandardBodyWrites = server.rejectNonStandardBodyWrites;
  // If the program sees the response first, our listener is added after those that it adds.
  if (connection.givesListener) responseOptions[kOnFinish] = reached ? undefined : resOnFinish;
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
  if (stopwatch !== null) stopwatch.answeredBy(res);

  if (onRequestStart.hasSubscribers) onRequestStart.publish({ request: req, response: res, socket, server });

  if (socket._httpMessage) connection.waiting.push(res);
  else if (reached) res.assignSocket(socket);
  else assignUnseen(res, socket);
  // After those that the program adds when the response gets its socket.
  if (reached || !connection.givesListener) listenToFinish(res, resOnFinish);

  if (admit(this, connection, req, res, reached) && (fixed === null || asked || !fixed.take(req, res))) server.emit('request', req, res);
  return READ_BODY;
}

function needsDrain(socket) {
  return !isLazy(socket) && socket._writableState.needDrain;
}

module.exports = { READ_BODY, parserOnIncoming };
