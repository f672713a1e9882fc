'use strict';
// Accepted connections whose net.Socket part is made when the program first looks at it.
//
// That part is a third of the cost of a connection with one request, and most of the memory of an idle one; a handler that reads
// its request and answers it never sees it. Until it is made, the socket is a small object with a handle, which the core reads and
// writes. The prototype has an accessor for each property that net.Socket would define: touching any of them runs the constructor
// of net.Socket on this same object. From then on it is a socket like any other.
//
// Owns which connections begin lazily. A server that sets options or limits, changed prototypes, and subscribers of net's
// diagnostics channel leave the connection to net.Server.

const {
  Map, ObjectCreate, ObjectDefineProperty, ObjectEntries, ObjectGetOwnPropertyDescriptor, ObjectGetOwnPropertyNames,
  ObjectGetPrototypeOf, ReflectGet,
  ReflectOwnKeys, Set, Symbol, process,
} = require('../globals/primordials');
const { inspect, net } = require('../globals/at-load');
const { initializedSocket, shutdownSample } = require('../compat/sample-socket');
const { leave, letGo } = require('./giving-back');
const { own } = require('./handles');
const { METHODS, defineAsInherited, defineMethods, descriptorOf, keepsMethods } = require('./methods');
const { REASONS, kAttached, kIndex } = require('./owner-state');
const { acceptsNatively, afterMaterializing } = require('./transport');
const { isWritable, kMaterialize, kCorks, kEnding, kLazyHandle, kSelf } = require('./lazy-state');
const { beginTick, schedule } = require('../util/ticks');

const plain = net.Socket.prototype;
// On a handle: its shutdown request, while that is under way.
const kShutdown = Symbol('lazySocketShutdown');
const CLOSED = null;
// How a socket that was never looked at ends: shut down by this side, destroyed, or shut down after the peer's end.
const OPEN = 0;
const SHUT_DOWN = 1;
const DESTROYED = 2;
const PEER_ENDED = 3;
// The error it was destroyed with.
const kFailure = Symbol('lazySocketFailure');
const ShutdownWrap = shutdownSample?.constructor;

/**
 * A server's socket that nothing has looked at yet. Its name is that of node's class: V8 tells it in errors of JSON.stringify() and in
 * heap snapshots.
 * @param {net.Server} server
 * @param {object} handle of the accepted connection
 */
const LazySocket = function Socket(server, handle) {
  this.server = server;
  this._server = server;
  this[kSelf] = this;
  this[kLazyHandle] = handle;
  this[kCorks] = 0;
  this[kIndex] = undefined;
  this[kAttached] = undefined;
  this[kEnding] = OPEN;
  this.parser = null;
  this._httpMessage = null;
  this._paused = false;
};
LazySocket.prototype = ObjectCreate(plain, {
  constructor: { configurable: true, writable: true, value: net.Socket },
});

// -------------------------------------------------------------------------------- what net.Socket's constructor defines

// Defined by the constructor of LazySocket itself.
/** @type {Set<string|symbol>} */
const OWN = new Set(['server', '_server']);
// Read for each response; without the net.Socket part the answers are known.
const KNOWN = new Map([['_hadError', () => false], ['connecting', () => false]]);

/** @param {any} name @param {boolean} enumerable whether `for in` shows it */
function trap(name, enumerable) {
  const known = KNOWN.get(name) ?? (name.description === 'async_id_symbol' ? asyncIdOf : undefined);
  ObjectDefineProperty(LazySocket.prototype, name, {
    configurable: true,
    enumerable,
    get() {
      const handle = this[kLazyHandle];
      // The constructor of net.Socket did not define it on the object: the value is on a prototype.
      if (handle === undefined) return ReflectGet(plain, name, this);
      if (known !== undefined) return known(handle);
      this[kMaterialize]();
      return this[name];
    },
    set(value) {
      this[kMaterialize]();
      ObjectDefineProperty(this, name, { configurable: true, enumerable: true, writable: true, value });
    },
  });
}

function asyncIdOf(handle) {
  return handle === CLOSED ? -1 : handle.getAsyncId();
}

// ---------------------------------------------------------------------------------------- what is known without that part

// A lazy socket has buffered nothing and has neither ended nor failed: it is open, or it is closed (null).
const STATES = {
  destroyed: (handle) => handle === CLOSED,
  readable: (handle) => handle !== CLOSED,
  readableFlowing: () => true,
  readableHighWaterMark: (handle, socket) => socket.server.highWaterMark,
  writable: (_handle, socket) => isWritable(socket),
  writableCorked: (handle, socket) => socket[kCorks],
  writableHighWaterMark: (handle, socket) => socket.server.highWaterMark,
  writableNeedDrain: () => false,
};

/**
 * Whether the constructor of net.Socket can run on an existing object. Found out, and the prototype filled, when the first connection
 * comes. @type {boolean|undefined}
 */
let isPossible;

function prepare() {
  let sample;
  try {
    sample = initializedSocket();
  } catch {
    return false;
  }
  defineMethods(LazySocket.prototype, {});
  for (const name of ReflectOwnKeys(sample)) {
    if (!OWN.has(name)) trap(name, ObjectGetOwnPropertyDescriptor(sample, name)?.enumerable === true);
  }
  // setTimeout() defines it on a socket.
  trap('timeout', false);
  for (const [name, known] of ObjectEntries(STATES)) replaceState(name, known);
  return sample._readableState !== undefined && sample.destroyed === false;
}

function replaceState(name, known) {
  const { get, set } = descriptorOf(plain, name) ?? {};
  defineAsInherited(LazySocket.prototype, name, {
    configurable: true,
    get() {
      const handle = this[kLazyHandle];
      return handle === undefined ? get.call(this) : known(handle, this);
    },
    set: set && function(value) {
      this[kMaterialize]();
      set.call(this, value);
    },
  });
}

/**
 * net.Socket's setEncoding(), or the one that a server put on the socket to take its text.
 * @param {string} encoding
 * @returns {net.Socket} this
 */
LazySocket.prototype.setEncoding = function setEncoding(encoding) {
  if (this[kLazyHandle] === undefined) return plain.setEncoding.call(this, encoding);
  this[kMaterialize]();
  return this.setEncoding(encoding);
};

/** Printing a socket looks at it. */
LazySocket.prototype[inspect.custom] = function() {
  this[kMaterialize]();
  return this;
};

// -------------------------------------------------------------------------------------------------------- building

/**
 * @param {object} handle
 * @param {net.Server} server
 * @returns {any} the options of the net.Socket that the server would have made. Reading is started by hand, since a read() that the
 *   program has replaced must not see that call
 */
function optionsOf(handle, { allowHalfOpen, highWaterMark }) {
  return {
    handle, allowHalfOpen, manualStart: true, readable: true, writable: true, readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark,
  };
}

/**
 * Makes the net.Socket part of the socket, or of the one that this object stands for. Does nothing if it exists.
 * @this {stream.Duplex}
 */
LazySocket.prototype[kMaterialize] = function() {
  const handle = this[kLazyHandle];
  if (handle === undefined) return;
  const socket = this[kSelf];
  socket[kLazyHandle] = socket[kSelf] = undefined;
  const { server } = socket;
  if (handle === CLOSED) {
    materializeClosed(socket, server);
    return;
  }
  const replaced = takeReplaced(socket);
  try {
    net.Socket.call(socket, optionsOf(handle, server));
    plain.read.call(socket, 0);
    socket.server = socket._server = server;
    if (server.noDelay) socket.setNoDelay(true);
    for (let n = socket[kCorks]; n > 0; n--) plain.cork.call(socket);
    afterMaterializing(socket);
  } finally {
    for (const [name, method] of replaced) socket[name] = method;
  }
  if (!socket[kEnding]) return;
  if (socket[kEnding] === PEER_ENDED) endReading(socket._readableState);
  if (handle[kShutdown] !== undefined) joinShutdown(handle);
  socket.destroySoon();
};

// Undoes what the program has replaced of a socket's methods, and returns it: on a socket that node made, the constructor and the server
// were done with the methods before the program had it.
function takeReplaced(socket) {
  const replaced = [];
  for (const name of ObjectGetOwnPropertyNames(socket)) {
    const { value, writable } = ObjectGetOwnPropertyDescriptor(socket, name);
    if (!writable || typeof value !== 'function' || typeof LazySocket.prototype[name] !== 'function') continue;
    replaced.push([name, value]);
    socket[name] = LazySocket.prototype[name];
  }
  return replaced;
}

/**
 * Makes a net.Socket for another protocol, in place of a lazy socket that the program has not seen yet: with node's own prototype,
 * properties and hidden class, what that protocol does per message is as fast as on a socket that node made. The lazy socket is
 * unusable afterwards.
 * @param {stream.Duplex} socket
 * @returns {net.Socket|null} null, with nothing done, if the socket already has its net.Socket part
 */
function replaceUnseen(socket) {
  const handle = socket[kLazyHandle];
  if (!handle || socket[kIndex] === undefined || socket[kCorks] > 0 || socket[kEnding] !== OPEN) return null;
  const { server } = socket;
  leave(socket, REASONS.UPGRADE);
  if (socket[kLazyHandle] !== handle) return null;
  countFrom(handle, socket[kAttached]);
  socket[kLazyHandle] = CLOSED;
  /** @type {any} */
  const plainSocket = new net.Socket(optionsOf(handle, server));
  plain.read.call(plainSocket, 0);
  if (server.noDelay) plainSocket.setNoDelay(true);
  plainSocket.server = plainSocket._server = server;
  return plainSocket;
}

// Adds the bytes that the core has moved to the counts of the handle.
function countFrom(handle, { received, sent }) {
  for (const [name, before] of ObjectEntries({ bytesRead: received, bytesWritten: sent })) {
    if (before === 0) continue;
    ObjectDefineProperty(handle, name, {
      configurable: true,
      get() {
        return before + ReflectGet(ObjectGetPrototypeOf(this), name, this);
      },
    });
  }
}

// 'close' was already emitted and must not be emitted again.
function materializeClosed(socket, server) {
  const { allowHalfOpen, highWaterMark } = server;
  const how = socket[kEnding];
  socket.emit = emitsNothing;
  net.Socket.call(socket, { allowHalfOpen, readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark });
  socket._readableState.flowing = true;
  socket.server = server;
  if (how === PEER_ENDED) endReading(socket._readableState);
  if (how !== DESTROYED) plain.end.call(socket);
  plain.destroy.call(socket, socket[kFailure]);
  socket._writableState.finished = how !== DESTROYED;
  const timeout = socket[kAttached]?.protocol.timeoutOf(socket);
  if (timeout !== undefined) socket.timeout = timeout;
  process.nextTick(process.nextTick, hearAgain, socket);
}

function endReading(state) {
  state.ended = state.endEmitted = true;
}

function emitsNothing() {
  return false;
}

function hearAgain(socket) {
  delete socket.emit;
}

// ---------------------------------------------------------------------------------------------------------- closing

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} whether the program has replaced none of the methods that node calls to close it
 */
function closesAsNode(socket) {
  return socket.destroySoon === plain.destroySoon && socket.destroy === plain.destroy && socket.end === METHODS.end && socket.emit === plain.emit &&
    socket._destroy === METHODS._destroy && socket._final === plain._final;
}

/**
 * Closes a socket that was never looked at, if everything is sent.
 * @param {stream.Duplex} socket
 * @param {number} how SHUT_DOWN or PEER_ENDED, which shut it down first, as `end()` does; or DESTROYED
 * @param {Function} closed called with the socket once it is closed
 * @param {Error} [error] why it is destroyed
 * @returns {boolean} false, with nothing done, for any other socket
 */
function dismiss(socket, how, closed, error) {
  const handle = socket[kLazyHandle];
  const orderly = how !== DESTROYED;
  if (!handle || (orderly && ShutdownWrap === undefined) || !closesAsNode(socket)) return false;
  // It is closing already; only destroying does not wait for that.
  if (orderly && socket[kEnding]) return true;
  if (!letGo(socket, orderly)) return false;
  socket[kEnding] = how;
  if (error !== undefined) socket[kFailure] = error;
  if (!orderly || shutDown(socket, handle, closed) !== 0) closeLazy(socket, handle, closed);
  return true;
}

function shutDown(socket, handle, closed) {
  const request = new ShutdownWrap();
  request.handle = handle;
  request.oncomplete = afterShutdown;
  request.socket = socket;
  request.closed = closed;
  handle[kShutdown] = request;
  return handle.shutdown(request);
}

// Waits for the ticks that are due: the stream would emit 'finish' after them, and be destroyed then.
function afterShutdown(status) {
  schedule(closeInTick, this, status);
}

function closeInTick(request, status) {
  beginTick();
  const { closed, handle, socket } = request;
  handle[kShutdown] = undefined;
  // The socket was built meanwhile and waits for the same shutdown.
  if (socket[kLazyHandle] === undefined) request.successor?.oncomplete(status);
  else closeLazy(socket, handle, closed);
}

function closeLazy(socket, handle, closed) {
  socket[kLazyHandle] = CLOSED;
  handle.close(() => {
    if (socket[kLazyHandle] === undefined) socket.emit('close', false);
    closed(socket);
  });
  const { server } = socket;
  socket._server = null;
  server._connections--;
  server._emitCloseIfDrained();
}

// A socket was built while its handle is being shut down. The shutdown that it asks for is already under way: completes both together.
function joinShutdown(handle) {
  const request = handle[kShutdown];
  handle.shutdown = (successor) => {
    delete handle.shutdown;
    request.successor = successor;
    return 0;
  };
}

// -------------------------------------------------------------------------------------------------------- accepting

// The socket of the 'connection' event that is being emitted.
let accepted = null;

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} whether 'connection' is being emitted with it: then node resumes it in a tick
 */
function isBeingAccepted(socket) {
  return accepted === socket;
}

/**
 * Makes a lazy socket for a connection that a server has accepted, and emits 'connection'.
 * @param {net.Server} server
 * @param {object} handle of the connection
 * @param {object} listening the handle of the server
 * @returns {boolean} false, with nothing done, if it cannot begin as a lazy socket
 */
function accept(server, handle, listening) {
  isPossible ??= prepare();
  if (!isPossible || !acceptsNatively(server, handle)) return false;
  const socket = new LazySocket(server, handle);
  own(handle, socket, listening);
  if (server.noDelay) handle.setNoDelay?.(true);
  server._connections++;
  const before = accepted;
  accepted = socket;
  try {
    server.emit('connection', socket);
    // The tick that resumes the stream calls methods that a listener has replaced.
    if (!keepsMethods(socket)) socket[kMaterialize]();
  } finally {
    accepted = before;
  }
  // No parser took it: it is read as any other socket.
  if (socket[kIndex] === undefined) socket[kMaterialize]();
  return true;
}

module.exports = { DESTROYED, PEER_ENDED, SHUT_DOWN, accept, closesAsNode, dismiss, isBeingAccepted, replaceUnseen };
