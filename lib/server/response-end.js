'use strict';
// The end of a response's turn: the next response gets the socket, and the exchange closes in node's ticks.

const { channel } = require('../globals/at-load');
const { plainEmit, setOwnFinish, wasSole } = require('../message/emitter');
const { codes } = require('../util/errors');
const { detachSignal } = require('../message/incoming');
const { detachesSignal } = require('../compat/node-features');
const { finished, isHeard } = require('../message/outgoing-end');
const { closeUnread, dumpUnread, forgetAtEnd } = require('../message/request-end');
const { assignInTurn } = require('./response');
const { notePrototype } = require('./steady');
const { kConnection } = require('./symbols');
const timings = require('../observe/timings');
const { beginTick, isAloneBehind, isQueueOurs, lastMark, schedule } = require('../util/ticks');
const { shutDown } = require('./closing');
const { enterIdle } = require('./timeouts');

const onResponseEnd = channel('http.server.response.finish');

/**
 * Ends the turn of a response that is on its way to the kernel. Listener of its 'finish'.
 * @this {http.ServerResponse}
 */
function resOnFinish() {
  let isOwn = wasSole();
  const { req } = this;
  const socket = this.socket || req.socket;
  const connection = socket[kConnection];
  if (connection === undefined) return;

  // Code that is called here may add listeners.
  if (timings.used) {
    isOwn = false;
    this[timings.kTimings]?.flushed();
  }
  if (onResponseEnd.hasSubscribers) {
    isOwn = false;
    onResponseEnd.publish({ request: req, response: this, socket, server: connection.server });
  }

  const { requests } = connection;
  if (requests.length > 0 && requests.first() !== req) throw new codes.ERR_INTERNAL_ASSERTION();
  requests.shift();
  // Another listener may schedule ticks after ours. -1 is before all ticks.
  isOwn ||= isOwnAffair(this);
  connection.finishMark = isOwn ? lastMark() : -1;
  if (detachesSignal) detachSignal(req);

  notePrototype(connection, req);
  const unread = dumpUnread(req, socket._httpMessage !== this);
  // Throws if the program has detached it.
  this.detachSocket(socket);
  if (!unread) forgetAtEnd(req);

  // If no code of the program can run before the tick that closes both messages, they are closed now.
  const closesNow = unread && isOwn && connection.waiting.length === 0 && isAloneBehind();
  if (this._last) {
    if (!closesNow) schedule(closeInTick, this, unread, connection);
    if (connection.draining === null || !connection.draining.lingers(this)) shutDown(socket);
  } else if (connection.waiting.length > 0) {
    const next = connection.waiting.shift();
    // Node takes two adjacent ticks here. One is enough if the first one's event has no listener.
    if (unread && (isOwn || !isHeard(this, 'close')) && assignInTurn(next, socket, finishedInTurn, this)) return;
    schedule(closeInTick, this, unread, connection);
    next.assignSocket(socket);
  } else {
    if (!closesNow) schedule(closeInTick, this, unread, connection);
    enterIdle(connection);
    if (connection.fixed !== null) connection.fixed.allow(connection);
  }
  if (closesNow) close(this, true, true);
}

// Whether a response has no listener but ours.
function isOwnAffair(res) {
  return res.emit === plainEmit && res._eventsCount === 1 && res._events.finish === resOnFinish;
}

// Called when a response was given to the kernel (null: not yet), and the exchange before it must be closed. A TLS socket may
// report the former first, and so hand the socket to the response after it before that exchange is closed.
function finishedInTurn(res, error, mark, previous) {
  try {
    if (previous !== undefined) closeExchange(previous, true, mark, previous.req.socket[kConnection]);
  } finally {
    if (res !== null) finished(res, error);
  }
}

// The tick after 'finish'. `unread`: the request ends in it as well.
function closeInTick(res, unread, connection) {
  closeExchange(res, unread, beginTick(), connection);
}

function closeExchange(res, unread, mark, connection) {
  close(res, unread, unread && connection !== undefined && isOwnAffair(res) && isQueueOurs(mark, connection.finishMark));
}

function close(res, unread, alone) {
  // As long as no code of the program has run, 'close' has no listener.
  let isSilent = false;
  try {
    isSilent = unread && closeUnread(res.req, alone);
  } finally {
    res.destroyed = true;
    if (!res._closed) {
      res._closed = true;
      if (!isSilent && isHeard(res, 'close')) res.emit('close');
    }
  }
}

setOwnFinish(resOnFinish);

module.exports = { resOnFinish };
