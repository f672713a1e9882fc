'use strict';
// How a request ends whose program has not touched it: no listener, nothing read.
//
// node has the stream read it to its end, which takes four ticks and emits five events without a listener. Here the ticks are the same, in
// the same places of the queue, and each looks at the request anew: where the program has touched it meanwhile, the stream does the
// rest. Where no code of the program can run before the last of them (see ticks.js), they are one.

const { hearsOnlyFinish, listenToEnd } = require('./emitter');
const { closeAtRest, dumpUntouched, isAtRest, isUntouched } = require('./incoming');
const { closesAtOnce, endsUnread } = require('../compat/node-features');
const { beginTick, isQueueOurs, lastMark, pendingEnd, runBehind, schedule } = require('../util/ticks');

/**
 * The last byte of a message has arrived.
 * @param {IncomingMessage} message
 */
function endBody(message) {
  // Up to Node 24 the stream says in a tick that there is something to read, be it only the end; later it waits for a listener.
  if (endsUnread || !isUntouched(message)) {
    message.push(null);
    return;
  }
  const state = message._readableState;
  state.ended = true;
  state.emittedReadable = true;
  // The answer is given already, and calls no listener of the program: where no other tick is between, its tick does this, too.
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
    // The answer was finished meanwhile. Where no code of the program can run before, the tick that closes the answer ends the request.
    // (What ran before 'finish' may have scheduled more than one can see here.)
    if (mark === 0 || !isQueueOurs(mark, lastMark() - 1)) schedule(endInTick, message);
  } else if (!isUntouched(message) && !state.destroyed && !state.endEmitted && !state.errored) {
    message.emit('readable');
    if (state.flowing) message.read();
  }
}

/**
 * The answer to a request is finished: what is left of the request stands between us and the next one.
 * @param {IncomingMessage} message
 * @param {boolean} [byStream] whether its stream is to do it, whatever was touched
 * @returns {boolean} whether the rest is done by `closeUnread()`
 */
function dumpUnread(message, byStream = false) {
  // It is being read, or will be in a tick that is under way.
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
 * The tick behind `dumpUnread()`: the stream is resumed; from Node 26 on, which does not resume it, it ends.
 * @param {IncomingMessage} message for which that has answered true
 * @param {boolean} alone whether no code of the program can run before the queue of ticks is empty
 * @returns {boolean} whether none has run: it has ended
 */
function closeUnread(message, alone) {
  const state = message._readableState;
  const atRest = isAtRest(message, clearIncoming);
  if (atRest && alone) {
    closeAtRest(message);
    forgetIncoming(message);
    return true;
  }
  if (endsUnread) {
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
  if (closesAtOnce) settleDestroy(message);
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
 * Has the parser forget a request when it has ended. It is the last to hold one that is done with.
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
