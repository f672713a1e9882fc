'use strict';
// What a server's connection receives: bytes (from the socket's stream or the core), its end, and pauses.

const { Boolean, Error } = require('../globals/primordials');
const { debuglog, executionAsyncId } = require('../globals/at-load');
const { kAsyncId } = require('../compat/async-symbols');
const { bytesEndIdle } = require('../compat/node-features');
const { prepareError } = require('../message/parsers');
const { PEER_ENDED, dismiss } = require('../transport/lazy-socket');
const { IN_READ, kDrainsTicks, postpone, takePostponed, runInParserScope } = require('../parser/parser');
const { ownCopy } = require('../parser/deliveries');
const { forgetFailure, reportBehindRead } = require('../parser/failures');
const { BUSY } = require('./connections');
const { kConnection, kConnections } = require('./symbols');
const transport = require('../transport/transport');
const { received } = require('../transport/drivers');
const { isHandedOver } = require('../transport/unread');
const { isSettled, onDismissed } = require('./closing');
const { refuseLongBody, socketOnError } = require('./refusals');
const { leaveIdle } = require('./timeouts');
const { upgrade } = require('./upgrade');

const debug = debuglog('http');

/**
 * Listener of the socket's 'data'.
 * @this {stream.Duplex}
 * @param {Buffer} chunk
 */
function socketOnData(chunk) {
  const { parser } = this;
  if (!parser || isHandedOver(this) || postpone(parser, chunk)) return;
  const isRead = isReadFromHandle(this);
  parser[kDrainsTicks] = isRead ? IN_READ : false;
  if (isRead) executeInRead(this, parser, chunk);
  else execute(this, parser, chunk);
  pauseParser(this);
  const later = takePostponed(parser);
  if (later === undefined) return;
  if (this.parser === parser) socketOnData.call(this, later);
  else this.unshift(later);
}

function execute(socket, parser, chunk) {
  noteBytes(socket[kConnection]);
  conclude(socket, parser, parser.execute(chunk), chunk, chunk.length);
}

// Something has come on a connection.
function noteBytes(connection) {
  if (connection.idleSince !== BUSY) connection.idleSince = connection.server[kConnections].tick;
}

// Bytes were parsed: refuses what is wrong with them, or hands them over where another protocol begins. Without `chunk` the core has them.
function conclude(socket, parser, result, chunk, length) {
  if (bytesEndIdle) leaveIdle(socket[kConnection]);
  if (typeof result !== 'number') {
    runInParserScope(parser, refuse, undefined, socket, parser, result, partOf(chunk, 0, length));
  } else if (parser.incoming !== null && parser.incoming.upgrade) {
    upgrade(socket, socket[kConnection], parser, partOf(chunk, result, length));
  }
}

function partOf(chunk, start, length) {
  return chunk === null ? received(start, length) : ownCopy(chunk, start);
}

function executeInRead(socket, parser, chunk) {
  forgetFailure();
  let hasThrown = true;
  try {
    execute(socket, parser, chunk);
    hasThrown = false;
  } finally {
    if (hasThrown) reportBehindRead();
  }
}

// Whether the chunk comes within a read of the handle, and to us alone. Node's parser reads such a socket from below until the
// program listens for its data; removing all listeners does not change that.
function isReadFromHandle(socket) {
  const { _events: { data, readable } } = socket;
  return (data === socketOnData || data === undefined) && readable === undefined && socket._handle && executionAsyncId() === socket[kAsyncId] &&
    !socket[kConnection].isHeard;
}

/**
 * Called when the core has read and parsed bytes.
 * @param {stream.Duplex} socket
 * @param {number|Error} result how many bytes were parsed, or the parse error
 * @param {number} length of the bytes read
 */
function onNativeData(socket, result, length) {
  const { parser } = socket;
  if (!parser) return;
  noteBytes(socket[kConnection]);
  conclude(socket, parser, result, null, length);
  pauseParser(socket);
}

/**
 * Called when the peer of a lazy socket has ended its side. Closes the socket if no answer is outstanding.
 * @param {stream.Duplex} socket
 * @returns {boolean} whether the socket was closed
 */
function onNativeEnd(socket) {
  const { parser } = socket;
  return Boolean(parser) && isSettled(socket) && parser.finish() === undefined && dismiss(socket, PEER_ENDED, onDismissed);
}

function refuse(socket, parser, error, chunk) {
  prepareError(error, parser, chunk);
  debug('parse error', error);
  if (!refuseLongBody(socket, parser, error)) socketOnError.call(socket, error);
}

function pauseParser(socket) {
  if (socket._paused && socket.parser) {
    debug('pause parser');
    socket.parser.pause();
  }
}

/**
 * Listener of the socket's 'end'.
 * @this {stream.Duplex}
 */
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
    // Outstanding requests are aborted when the socket has closed.
    this.end();
  } else if (connection.waiting.length > 0) {
    connection.waiting.last()._last = true;
  } else if (this._httpMessage) {
    this._httpMessage._last = true;
  } else {
    this.end();
  }
}

/**
 * Listener of the socket's 'resume'.
 * @this {stream.Duplex}
 */
function onSocketResume() {
  // The server has paused the socket, and will resume it: see resumeReading().
  if (this._paused) {
    this.pause();
    return;
  }
  if (transport.resume(this)) return;
  const handle = this._handle;
  // Other runtimes have handles that stop and start with their streams.
  if (handle && !handle.reading && handle.readStart) {
    handle.reading = true;
    handle.readStart();
  }
}

/**
 * Listener of the socket's 'pause'.
 * @this {stream.Duplex}
 */
function onSocketPause() {
  if (transport.pause(this)) return;
  const handle = this._handle;
  if (handle && handle.reading && handle.readStop) {
    handle.reading = false;
    handle.readStop();
  }
}

module.exports = { onNativeData, onNativeEnd, onSocketPause, onSocketResume, socketOnData, socketOnEnd };
