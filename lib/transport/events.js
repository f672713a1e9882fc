'use strict';
// Handles what a driver reports about the connections that the core reads: parsed bytes, the end, an error, unsent writes.

const { socketMethods } = require('../globals/at-load');
const { transport: { HANDLED, ENDED, ENOTSOCK, FINISHED, DETACHED, PARSED, READABLE, UNPARSED, UNSENT } = {} } = require('../native/layout');
const { systemError } = require('../util/errors');
const { offer } = require('../parser/deliveries');
const { deliverParsed, holdsSeveral, runInScope, resourceOf } = require('../parser/parser');
const { FIRST_RECORD, RECORD_WORDS, hold, received, shown } = require('./drivers');
const { REASONS, kAttached } = require('./owner-state');
const { endUnread } = require('./unread');
const { kMaterialize, kLazyHandle } = require('./lazy-state');
const { sendDue, settle } = require('./sending');
const { detach, giveBack, leave } = require('./giving-back');

const { _read: plainRead, write: plainWrite } = socketMethods;

/**
 * Handles an event of a connection. The driver calls it once per turn for each connection.
 * @param {object} driver
 * @param {number} index of the connection, or DETACHED
 * @param {number} kind of the event
 * @param {number} value how many bytes were read, or an error number
 * @param {string|Buffer} text of the heads; a Buffer if all that was read is content
 */
function onEvent(driver, index, kind, value, text) {
  if (index === DETACHED) return endUnread(driver.ending);
  const it = driver.attached[index];
  const { socket, protocol } = it;
  if (kind === PARSED) {
    const { frame } = shown;
    if (protocol.isServer && holdsSeveral(frame.events)) hold(index, socket[kAttached].corkedLength > 0);
    const isEntered = it.scope !== null && it.scope === resourceOf(socket.parser);
    if (typeof text === 'string') parsed(socket, protocol, frame.input, 0, value, text, frame.events, isEntered);
    else parsedPiece(socket, protocol, text, value, frame.events, isEntered);
    frame.turn[FIRST_RECORD] = FINISHED;
  } else if (protocol.isServer) {
    onOtherEvent(socket, protocol, kind, value);
  } else {
    // The end of a client's connection belongs to the request on it, or to the last one it had.
    runInScope(resourceOf(socket.parser) ?? socket[kAttached].resource, onOtherEvent, undefined, socket, protocol, kind, value);
  }
}

/**
 * Delivers what was read from several connections. A handler may pause, destroy or read a connection that comes later in the batch:
 * that one is skipped here, and the core puts its bytes back.
 * @param {object} driver
 * @param {number} count of connections
 * @param {string[]} texts of their heads
 */
function onBatch(driver, count, texts) {
  const { attached } = driver;
  const { frame } = shown;
  const { turn } = frame;
  const members = texts.map((_, n) => attached[turn[FIRST_RECORD + n * RECORD_WORDS]]);
  for (let n = 0; n < count; n++) {
    const record = FIRST_RECORD + n * RECORD_WORDS;
    const it = members[n];
    if (turn[record] < 0 || attached[turn[record]] !== it || it.paused) continue;
    turn[record] = HANDLED;
    parsed(it.socket, it.protocol, frame.input, turn[record + 1], turn[record + 2], texts[n], frame.eventsOf(n, count), false);
    turn[record] = FINISHED;
  }
}

// From here on the program owns the memory of the piece.
function parsedPiece(socket, protocol, piece, length, events, isEntered) {
  offer(piece);
  parsed(socket, protocol, piece, 0, length, '', events, isEntered);
  shown.input = undefined;
}

// If `isEntered`, the core has entered the async scope that the parser had when the connection got it.
function parsed(socket, protocol, input, start, length, text, events, isEntered) {
  const { parser } = socket;
  if (socket[kLazyHandle] === undefined) socket._unrefTimer();
  if (!parser) return;
  const result = deliverParsed(parser, input, start, length, text, events, isEntered);
  shown.start = start;
  shown.input = input;
  protocol.read(socket, result, length);
}

function onOtherEvent(socket, protocol, kind, value) {
  if (kind === UNSENT) {
    if (value === 0) sendDue(socket);
    else settle(socket, value);
  } else if (kind === READABLE) {
    protocol.readable();
  } else if (kind !== UNPARSED && !protocol.isServer && protocol.endsSilently(socket)) {
    socket.destroy();
  } else if (kind === ENDED) {
    if (socket[kLazyHandle] === undefined || !protocol.ended(socket)) ended(socket);
  } else if (kind === UNPARSED) {
    shown.start = 0;
    shown.input = shown.frame.input;
    unparsed(socket, received(0, value));
  } else if (value === ENOTSOCK) {
    giveBack(socket, REASONS.OTHER);
  } else {
    socket.destroy(systemError('read', value));
  }
}

function ended(socket) {
  if (socket[kLazyHandle] !== undefined) socket[kMaterialize]();
  const unsent = detach(socket);
  socket[kAttached].corkedLength = 0;
  if (unsent !== undefined) plainWrite.call(socket, unsent);
  socket.push(null);
  socket.read(0);
}

// Bytes that came while there was no parser.
function unparsed(socket, chunk) {
  leave(socket, REASONS.UNASKED);
  socket._unrefTimer();
  if (socket.push(chunk) && !socket.destroyed) plainRead.call(socket, 0);
}

module.exports = { onBatch, onEvent };
