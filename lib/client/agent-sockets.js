'use strict';

/**
 * The sockets that an agent holds: the listeners that notice their end, the new async identity between two requests, and the checks
 * that keep a stale or poisoned connection from another request.
 */

const { ObjectDefineProperty, ObjectKeys, Symbol } = require('../globals/primordials');
const net = require('net');
const native = require('../native/addon');
const { peek: { IDLE: PEEK_IDLE, CLOSED: PEEK_CLOSED } } = require('../native/layout');
const { agentCounters } = require('./stats');
const { kIndex } = require('../transport/owner-state');
const { lazy } = require('../compat/lazy');
const { guardsIdle } = require('../compat/node-features');
const { kAsyncId } = require('../compat/async-symbols');
const givingBack = lazy(() => require('../transport/giving-back'));
const handles = lazy(() => require('../transport/handles'));

/** The phase of a pooled socket; one of the values below. */
const kPhase = Symbol('phase');
/** A request uses it: bytes belong to its response. */
const IN_USE = 0;
/** The response is complete, the exchange is not: bytes are unsolicited, and make the socket unfit for another request. */
const ANSWERED = 1;
/** In the free list: bytes are unsolicited and end the socket at once. */
const IDLE = 2;
/** Unsolicited bytes were seen. */
const POISONED = 3;

/**
 * On one of our requests that waits for the tick in which it begins on a kept socket: the options with which it can be placed again,
 * and the agent to do it. Null otherwise.
 */
const kPlaced = Symbol('placed');
const kPlacer = Symbol('placer');

/** The agent that opened the socket itself, while the socket is one of its own; else undefined. */
const kOpener = Symbol('opener');

/** On a socket in the free list: its handle's original callback for reads. */
const kOnRead = Symbol('onread');

const readablePush = net.Socket.prototype.push;

/** The resource by which async hooks know a socket that serves a further request. */
class ReusedHandle {
  constructor(type, handle) {
    this.type = type;
    this.handle = handle;
  }
}

/**
 * Gives a socket that serves a further request a new async identity: hooks and stores then see that request.
 * @param {stream.Duplex} socket
 */
function renewAsyncIdentity(socket) {
  const handle = socket._handle;
  // A socket that a program put into the pool may have no handle, or a handle without this method.
  if (handle && typeof handle.asyncReset === 'function') {
    handle.asyncReset(new ReusedHandle(handle.getProviderType(), handle));
    socket[kAsyncId] = handle.getAsyncId();
  }
}

/**
 * Receives every chunk that a pooled socket reads, instead of the stream's own `push`. Otherwise a response that came on an idle
 * connection would be taken for the answer to the next request (response injection). A listener would do as well, but would be
 * visible.
 * @this {stream.Duplex}
 */
function guardedPush(chunk, encoding) {
  const phase = this[kPhase];
  if (phase !== IN_USE && (chunk !== null || (phase === IDLE && guardsIdle()))) {
    if (phase === IDLE) {
      if (chunk !== null) this[kPhase] = POISONED;
      this.destroy();
      return false;
    }
    if (phase === ANSWERED) this[kPhase] = POISONED;
  }
  return readablePush.call(this, chunk, encoding);
}

/**
 * Begins to watch what a new socket of the pool reads. A stream with its own `push` is left as it is; the checks of its read buffer
 * and descriptor before each reuse still work.
 * @param {stream.Duplex} socket
 */
function guard(socket) {
  socket[kPhase] = IN_USE;
  if (socket.push === readablePush) {
    ObjectDefineProperty(socket, 'push', { value: guardedPush, writable: true, enumerable: false, configurable: true });
  }
}

/**
 * Tells the guard what the socket is doing now.
 * @param {stream.Duplex} socket
 * @param {number} phase IN_USE, ANSWERED or IDLE
 */
function setPhase(socket, phase) {
  if (socket[kPhase] !== undefined && socket[kPhase] !== POISONED) socket[kPhase] = phase;
}

/**
 * Called when a socket goes to the free list.
 * @param {stream.Duplex} socket
 */
function beginIdle(socket) {
  setPhase(socket, IDLE);
  // If the core watches the socket, it calls endsSilently() instead.
  const handle = socket._handle;
  if (!handle || socket[kIndex] !== undefined || !guardsIdle()) return;
  socket[kOnRead] = handle.onread;
  handle.onread = freeSocketOnReadGuard;
}

/**
 * Called when a socket leaves the free list for a request.
 * @param {stream.Duplex} socket
 */
function endIdle(socket) {
  if (socket[kOnRead] === undefined) return;
  const handle = socket._handle;
  if (handle && handle.onread === freeSocketOnReadGuard) handle.onread = socket[kOnRead];
  socket[kOnRead] = undefined;
}

/**
 * Whether a socket is in the free list and ends without an event of its stream, as all do in releases with `guardsIdle`.
 * @param {stream.Duplex} socket
 * @returns {boolean}
 */
function endsSilently(socket) {
  return socket[kPhase] === IDLE && guardsIdle();
}

/** The handle of an idle socket calls it with what it has read: bytes, an end or an error, none of which any request expects. */
function freeSocketOnReadGuard(bytes) {
  const socket = handles().ownerOf(this);
  if (!socket) return;
  if (bytes !== undefined) socket[kPhase] = POISONED;
  socket.destroy();
}

/**
 * Whether a socket can serve no further request because something arrived that no request asked for.
 * @param {stream.Duplex} socket
 * @returns {boolean}
 */
function isPoisoned(socket) {
  return socket[kPhase] === POISONED;
}

/**
 * The part of isFit() without a system call: for a socket that is checked again before it is written to.
 * @param {stream.Duplex} socket
 * @returns {boolean}
 */
function isUsable(socket) {
  return !socket.destroyed && socket.writable !== false && socket[kPhase] !== POISONED && socket.readableLength === 0;
}

/**
 * Whether a socket from the free list is fit for a request: open, with nothing unread in its stream, and no end, reset or bytes
 * waiting in the kernel (RFC 9112, section 9.5: a connection may be closed at any time; a request sent on a closed one is lost).
 * One non-blocking system call, about 0.4 microseconds.
 * @param {stream.Duplex} socket
 * @returns {boolean}
 */
function isFit(socket) {
  if (!isUsable(socket)) return false;
  const handle = socket._handle;
  if (handle) {
    const fd = handle.fd;
    if (typeof fd === 'number') return fd < 0 || native.peekSocket(fd) === PEEK_IDLE;
    // Below TLS, waiting bytes may be a session ticket; only an end tells something.
    const carrier = handle._parent;
    if (carrier && carrier.fd >= 0) return native.peekSocket(carrier.fd) !== PEEK_CLOSED;
  }
  return true;
}

/** Shared by all sockets: an error on an idle socket ends it and is not reported. */
function freeSocketErrorListener(_error) {
  this.destroy();
  this.emit('agentRemove');
}

/**
 * @param {Agent} agent
 * @param {stream.Duplex} socket
 * @returns {boolean} whether it is in the free list
 */
function isFree({ freeSockets }, socket) {
  return ObjectKeys(freeSockets).some((name) => freeSockets[name].includes(socket));
}

function countEnd(agent, socket) {
  const counters = agentCounters(agent);
  counters.addBytes(socket);
  // Bytes came without a request.
  if (isPoisoned(socket)) counters.stale++;
}

/**
 * Adds the agent's four listeners to a socket that it opened.
 * @param {Agent} agent
 * @param {stream.Duplex} socket
 * @param {object} options with which the socket was opened
 * @param {boolean} alone whether the agent opened it without a createConnection() of the program
 */
function installListeners(agent, socket, options, alone) {
  guard(socket);
  socket[kOpener] = alone ? agent : undefined;

  function onFree() {
    agent.emit('free', socket, options);
  }
  function onClose(_hadError) {
    agent.totalSocketCount--;
    countEnd(agent, socket);
    agent.removeSocket(socket, options);
  }
  function onTimeout() {
    // The agent may only end idle sockets; a request in progress has its own listener.
    if (isFree(agent, socket)) socket.destroy();
  }
  function onRemove() {
    agent.totalSocketCount--;
    countEnd(agent, socket);
    agent.removeSocket(socket, options);
    socket.removeListener('close', onClose);
    socket.removeListener('free', onFree);
    socket.removeListener('timeout', onTimeout);
    socket.removeListener('agentRemove', onRemove);
    // From now on its bytes belong to its new owner. The guard itself stays: deleting it would slow the object down.
    socket[kPhase] = IN_USE;
    socket[kOpener] = undefined;
    endIdle(socket);
    if (socket[kIndex] !== undefined) givingBack().giveBack(socket);
  }

  socket.on('free', onFree);
  socket.on('close', onClose);
  socket.on('timeout', onTimeout);
  socket.on('agentRemove', onRemove);
}

module.exports = {
  ANSWERED,
  IDLE,
  IN_USE,
  beginIdle,
  endIdle,
  endsSilently,
  freeSocketErrorListener,
  guardedPush,
  installListeners,
  isFit,
  isFree,
  isUsable,
  isPoisoned,
  kOpener,
  kPlaced,
  kPlacer,
  renewAsyncIdentity,
  setPhase,
};
