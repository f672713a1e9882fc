'use strict';
// Hands the socket of a server's connection over to another protocol: for a CONNECT, or an upgrade with a listener.

const { Buffer } = require('../globals/primordials');
const { debuglog } = require('../globals/at-load');
const { freeParser } = require('../message/parsers');
const { upgradesInContext } = require('../compat/node-features');
const { runInParserScope } = require('../parser/parser');
const stats = require('./stats');
const { UpgradeStream } = require('./upgrade-stream');
const timings = require('../observe/timings');
const { giveBack } = require('../transport/giving-back');
const { isShown } = require('./admission');
const { inRootContext } = require('../util/root-context');
const { replaceUnseen } = require('../transport/lazy-socket');
const { leaveIdle } = require('./timeouts');

const debug = debuglog('http');

/**
 * @param {stream.Duplex} socket
 * @param {Connection} connection
 * @param {HTTPParser} parser that has stopped after the head
 * @param {Buffer} head what came after the request's head
 */
function upgrade(socket, connection, parser, head) {
  if (upgradesInContext) runInParserScope(parser, handOver, undefined, socket, connection, parser, head);
  else inRootContext(handOver, undefined, socket, connection, parser, head);
}

// Ends our part in the socket.
function handOver(given, connection, parser, head) {
  const { server } = connection;
  const request = parser.incoming;
  const socket = replaced(given, connection, request) ?? given;
  giveBack(socket);
  if (!request.complete) {
    handOverBehind(socket, connection, request);
    return;
  }
  const event = request.method === 'CONNECT' ? 'connect' : 'upgrade';
  leaveIdle(connection);
  connection.releaseSocket(socket);
  freeParser(parser, request, socket);
  if (timings.used) request[timings.kTimings]?.over();
  if (connection.upgradeStream !== null) {
    stats.connectionEnded(connection, true);
    connection.upgradeStream.requestBodyCompleted(head);
    return;
  }
  const isTaken = server.listenerCount(event) > 0;
  stats.connectionEnded(connection, isTaken);
  if (!isTaken) {
    // RFC 9110 section 9.3.6: a server that does not tunnel has nothing more to say on this connection.
    socket.destroy();
    return;
  }
  debug('SERVER have listener for %s', event);
  // Lets the first 'data' listener start the flow, as on a fresh socket.
  if (socket._readableState) socket._readableState.flowing = null;
  server.emit(event, request, socket, head);
}

// Replaces a lazy socket that the program has not seen by the net.Socket that node would have made, which is faster (by a tenth per
// WebSocket message).
function replaced(socket, { isUnseen, requestsSeen, server }, request) {
  if (!isUnseen || requestsSeen > 1 || !request.complete || isShown(server, request)) return null;
  const made = replaceUnseen(socket);
  if (made !== null) request.socket = request.client = made;
  return made;
}

// The body is still arriving: it is read on, and its errors are not reported.
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

module.exports = { upgrade };
