'use strict';
// The end of a request that the program has not touched: no listener, nothing read.
//
// node has the stream read it to its end, which takes four ticks and emits five events that have no listener. Here the ticks are
// the same, at the same places in the queue, and each checks the request again: once the program has touched it, the stream does
// the rest. If no code of the program can run before the last tick (see ticks.js), they become one.

const { hearsOnlyFinish, listenToEnd } = require('./emitter');
const { closeAtRest, dumpUntouched, isAtRest, isUntouched } = require('./incoming');
const { closesAtOnce, endsUnread } = require('../compat/node-features');
const { beginTick, isQueueOurs, lastMark, pendingEnd, runBehind, schedule } = require('../util/ticks');

/**
 * Called when the last byte of a message has arrived.
 * @param {IncomingMessage} message
 */
function endBody(message) {
  // Up to Node 24 the stream emits 'readable' in a tick, even for the end alone; later releases wait for a listener.
  if (endsUnread() || !isUntouched(message)) {
    message.push(null);
    return;
  }
  const state = message._readableState;
  state.ended = true;
  state.emittedReadable = true;
  // The answer is already given and calls no listener of the program: if no other tick comes in between, its tick does this too.
  const response = pendingEnd();
  if (response !== null && response.req === message && hearsOnlyFinish(response) && runBehind(announceBehind, message)) return;
  schedule(announceEnd, message);
}

function announceEnd(message) {
  announce(message, beginTick());
}

function announceBehind(message) {
  announce(message, 0);
}

// `mark` is that of its own tick, or 0.
function announce(message, mark) {
  const state = message._readableState;
  state.emittedReadable = false;
  if (isAtRest(message, clearIncoming)) {
    // The answer was finished meanwhile. If no code of the program can run before, the tick that closes the answer also ends the
    // request. (Ticks from before 'finish' may have scheduled others that cannot be seen here.)
    if (mark === 0 || !isQueueOurs(mark, lastMark() - 1)) schedule(endInTick, message);
  } else if (!isUntouched(message) && !state.destroyed && !state.endEmitted && !state.errored) {
    message.emit('readable');
    if (state.flowing) message.read();
  }
}

/**
 * Discards the unread rest of a request whose answer is finished, so that the next request can follow.
 * @param {IncomingMessage} message
 * @param {boolean} [byStream] whether its stream must do it, even if nothing was touched
 * @returns {boolean} whether `closeUnread()` must do the rest
 */
function dumpUnread(message, byStream = false) {
  // It is being read, or a tick that is due will read it.
  if (message._consuming || message._readableState.resumeScheduled) return false;
  if (!byStream && message.complete && isUntouched(message)) {
    dumpUntouched(message);
    forgetAtEnd(message);
    return true;
  }
  message._dump();
  return false;
}

/**
 * The tick after `dumpUnread()`: resumes the stream. From Node 26 on, where nothing resumes it, ends it.
 * @param {IncomingMessage} message for which dumpUnread() returned true
 * @param {boolean} alone whether no code of the program can run before the queue of ticks is empty
 * @returns {boolean} whether none has run, and the message has ended
 */
function closeUnread(message, alone) {
  const state = message._readableState;
  const atRest = isAtRest(message, clearIncoming);
  if (atRest && alone) {
    closeAtRest(message);
    forgetIncoming(message);
    return true;
  }
  if (endsUnread()) {
    emitEnd(message);
  } else if (!state.endEmitted) {
    state.resumeScheduled = false;
    if (atRest) {
      schedule(endInTick, message);
    } else {
      message.read(0);
      message.emit('resume');
      if (state.flowing) {
        message.read();
        if (!state.reading) message.read(0);
      }
    }
  }
  return false;
}

function endInTick(message) {
  beginTick();
  emitEnd(message);
}

function emitEnd(message) {
  const state = message._readableState;
  if (state.endEmitted || state.closeEmitted || state.errored || state.length > 0) return;
  const atRest = isAtRest(message, clearIncoming);
  state.endEmitted = true;
  if (!atRest) {
    message.emit('end');
    message.destroy();
    return;
  }
  forgetIncoming(message);
  state.destroyed = true;
  if (closesAtOnce()) settleDestroy(message);
  else schedule(settleInTick, message);
}

function settleInTick(message) {
  beginTick();
  settleDestroy(message);
}

function settleDestroy(message) {
  message._readableState.closed = true;
  schedule(closeInTick, message);
}

function closeInTick(message) {
  beginTick();
  message._readableState.closeEmitted = true;
  message.emit('close');
}

/**
 * Makes the parser forget a request when it has ended: the parser holds the last reference to it.
 * @param {IncomingMessage} message
 */
function forgetAtEnd(message) {
  if (message.readableEnded) forgetIncoming(message);
  else if (message.socket?.parser?.incoming === message) listenToEnd(message, clearIncoming);
}

function clearIncoming() {
  forgetIncoming(this);
}

function forgetIncoming(message) {
  const parser = message.socket ? message.socket.parser : undefined;
  if (parser && parser.incoming === message) parser.incoming = null;
}

module.exports = { closeUnread, dumpUnread, endBody, forgetAtEnd };
