'use strict';
// The end of a response on its connection: its turn is over, the next one gets the socket, and the exchange closes in node's ticks.

const { channel } = require('node:diagnostics_channel');
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
 * A response is on its way to the kernel: its turn is over. Listener of its 'finish'.
 * @this {http.ServerResponse}
 */
function resOnFinish() {
  let isOwn = wasSole();
  const { req } = this;
  const socket = this.socket || req.socket;
  const connection = socket[kConnection];
  if (connection === undefined) return;

  // Who is told may listen to it now.
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
  // Another listener may schedule ticks behind ours; -1 is before all of them.
  isOwn ||= isOwnAffair(this);
  connection.finishMark = isOwn ? lastMark() : -1;
  if (detachesSignal) detachSignal(req);

  notePrototype(connection, req);
  const unread = dumpUnread(req, socket._httpMessage !== this);
  // Throws where the program has detached it.
  this.detachSocket(socket);
  if (!unread) forgetAtEnd(req);

  // Where no code of the program can run before the tick that closes both, that is done at once.
  const closesNow = unread && isOwn && connection.waiting.length === 0 && isAloneBehind();
  if (this._last) {
    if (!closesNow) schedule(closeInTick, this, unread, connection);
    if (connection.draining === null || !connection.draining.lingers(this)) shutDown(socket);
  } else if (connection.waiting.length > 0) {
    const next = connection.waiting.shift();
    // What would be two ticks, one right behind the other, is one where the first event has no listener.
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

// Whether the events of a response have no listener but ours.
function isOwnAffair(res) {
  return res.emit === plainEmit && res._eventsCount === 1 && res._events.finish === resOnFinish;
}

// A response was given to the kernel (null: it waits for that), and the exchange before it is over. A socket may say the former first (TLS), and so the
// one behind be given to it before that is over.
function finishedInTurn(res, error, mark, previous) {
  try {
    if (previous !== undefined) closeExchange(previous, true, mark, previous.req.socket[kConnection]);
  } finally {
    if (res !== null) finished(res, error);
  }
}

// The tick behind 'finish'. `unread` tells whether the request ends here as well.
function closeInTick(res, unread, connection) {
  closeExchange(res, unread, beginTick(), connection);
}

function closeExchange(res, unread, mark, connection) {
  close(res, unread, unread && connection !== undefined && isOwnAffair(res) && isQueueOurs(mark, connection.finishMark));
}

function close(res, unread, alone) {
  // Where no code of the program has run, it has no listener still.
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
