'use strict';
// Accepted connections as sockets whose net.Socket part is made when the program looks at it.
//
// Making that part is a third of what a connection with one request costs, and most of what an idle one holds in memory; a
// handler that reads its request and answers it never sees it. Until then the socket is a small object with its handle, which the
// core reads and writes. Every property that net.Socket would have put on it is an accessor of the prototype: the first one that
// is touched, by whatever method, runs the constructor of net.Socket on this very object. From there on it is like any other.
//
// Owns which connections begin so. Whatever a server could say about it (options, limits, changed prototypes, subscribers of
// net's diagnostics channel) leaves the connection to net.Server.

const {
  Map, ObjectCreate, ObjectDefineProperties, ObjectDefineProperty, ObjectEntries, ObjectGetOwnPropertyDescriptor, ObjectGetPrototypeOf, ReflectGet,
  ReflectOwnKeys, Set, Symbol, process,
} = require('../globals/primordials');
const net = require('node:net');
const { channel } = require('node:diagnostics_channel');
const { inspect } = require('node:util');
const { initializedSocket } = require('../compat/sample-socket');
const { COUNTERS } = require('./counters');
const { leave, letGo } = require('./giving-back');
const { METHODS, keepsMethods } = require('./methods');
const { REASONS, kAttached, kIndex } = require('./owner-state');
const { acceptsNatively, afterBuild } = require('./transport');
const { isWritable, kBuild, kCorks, kEnding, kUnbuilt } = require('./lazy-state');
const { beginTick, schedule } = require('../util/ticks');

const plain = net.Socket.prototype;
const kServer = Symbol('lazySocketServer');
const kOnConnection = Symbol('lazySocketOnConnection');
// On a handle: its request of shutdown that is under way.
const kShutdown = Symbol('lazySocketShutdown');
const CLOSED = null;
// How a socket ends that is never looked at: shut down by this side, destroyed, or shut down behind the end of its peer.
const OPEN = 0;
const SHUT_DOWN = 1;
const DESTROYED = 2;
const PEER_ENDED = 3;
// What it was destroyed for.
const kFailure = Symbol('lazySocketFailure');
// A handle's word for a request that needs no callback.
const DONE = 1;
const onServerSocket = channel('net.server.socket');

// node's own class of shutdown requests: async hooks are to see that a connection is shut down before it is closed.
// The sample is made at load, which few hooks come before, and kept: async hooks would hear of its end otherwise, without having heard of its beginning.
/** @type {any} */
const shutdownSample = sampleShutdown();
const ShutdownWrap = shutdownSample?.constructor;

// A socket shows such a request to the handle that it shuts down.
function sampleShutdown() {
  let sample;
  const _handle = {
    shutdown(request) {
      sample = request;
      return DONE;
    },
  };
  try {
    plain._final.call({ connecting: false, _handle }, () => {});
  } catch {
    return undefined;
  }
  return sample;
}

/**
 * A socket of a server, before anybody has looked at it.
 * @param {net.Server} server
 * @param {object} handle of the accepted connection
 */
function LazySocket(server, handle) {
  this.server = server;
  this._server = server;
  this[kUnbuilt] = handle;
  this[kCorks] = 0;
  this[kIndex] = undefined;
  this[kAttached] = undefined;
  this[kEnding] = OPEN;
  this.parser = null;
  this._httpMessage = null;
  this._paused = false;
}
LazySocket.prototype = ObjectCreate(plain, {
  constructor: { configurable: true, writable: true, value: net.Socket },
});

// -------------------------------------------------------------------------------- what net.Socket's constructor defines

// These the constructor of LazySocket has defined.
/** @type {Set<string|symbol>} */
const OWN = new Set(['server', '_server']);
// Asked of a connection for each response; while there is no net.Socket part the answer is known.
const KNOWN = new Map([['_hadError', () => false], ['connecting', () => false]]);

/** @param {any} name a string or a symbol */
function trap(name) {
  const known = KNOWN.get(name) ?? (name.description === 'async_id_symbol' ? asyncIdOf : undefined);
  ObjectDefineProperty(LazySocket.prototype, name, {
    configurable: true,
    get() {
      const handle = this[kUnbuilt];
      // What the constructor has not defined has a value further up.
      if (handle === undefined) return ReflectGet(plain, name, this);
      if (known !== undefined) return known(handle);
      this[kBuild]();
      return this[name];
    },
    set(value) {
      this[kBuild]();
      ObjectDefineProperty(this, name, { configurable: true, enumerable: true, writable: true, value });
    },
  });
}

function asyncIdOf(handle) {
  return handle === CLOSED ? -1 : handle.getAsyncId();
}

// ---------------------------------------------------------------------------------------- what is known without that part

// While the socket is lazy, nothing is buffered, ended or failed: a connection is open, or it has been closed (null).
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

/** Whether the constructor of net.Socket can be run on an object that exists; asked, and the prototype filled, with the first server that listens. @type {boolean|undefined} */
let isPossible;

function prepare() {
  let sample;
  try {
    sample = initializedSocket();
  } catch {
    return false;
  }
  for (const [name, value] of ObjectEntries(METHODS)) ObjectDefineProperty(LazySocket.prototype, name, { configurable: true, writable: true, value });
  ObjectDefineProperties(LazySocket.prototype, COUNTERS);
  for (const name of ReflectOwnKeys(sample)) {
    if (!OWN.has(name)) trap(name);
  }
  // What setTimeout() leaves on a socket.
  trap('timeout');
  for (const [name, known] of ObjectEntries(STATES)) replaceState(name, known);
  return sample._readableState !== undefined && sample.destroyed === false;
}

function replaceState(name, known) {
  const { get, set } = accessorOf(plain, name);
  ObjectDefineProperty(LazySocket.prototype, name, {
    configurable: true,
    get() {
      const handle = this[kUnbuilt];
      return handle === undefined ? get.call(this) : known(handle, this);
    },
    set: set && function(value) {
      this[kBuild]();
      set.call(this, value);
    },
  });
}

function accessorOf(prototype, name) {
  for (let at = prototype; at !== null; at = ObjectGetPrototypeOf(at)) {
    const found = ObjectGetOwnPropertyDescriptor(at, name);
    if (found !== undefined) return found;
  }
  return {};
}

/**
 * As net.Socket has it, or as the server has it that took the socket's text for itself.
 * @param {string} encoding
 * @returns {net.Socket} this
 */
LazySocket.prototype.setEncoding = function setEncoding(encoding) {
  if (this[kUnbuilt] === undefined) return plain.setEncoding.call(this, encoding);
  this[kBuild]();
  return this.setEncoding(encoding);
};

/** Who prints a socket looks at it. */
LazySocket.prototype[inspect.custom] = function() {
  this[kBuild]();
  return this;
};

// -------------------------------------------------------------------------------------------------------- building

/**
 * @param {object} handle
 * @param {net.Server} server
 * @returns {any} the options of the net.Socket that the server would have made. It is started by hand: a read() that the program has put in its
 *   place is not to hear of that
 */
function optionsOf(handle, { allowHalfOpen, highWaterMark }) {
  return {
    handle, allowHalfOpen, manualStart: true, readable: true, writable: true, readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark,
  };
}

/**
 * Makes the net.Socket part. Nothing happens when it is there.
 * @this {stream.Duplex}
 */
LazySocket.prototype[kBuild] = function() {
  const handle = this[kUnbuilt];
  if (handle === undefined) return;
  this[kUnbuilt] = undefined;
  const { server } = this;
  if (handle === CLOSED) {
    buildClosed(this, server);
    return;
  }
  net.Socket.call(this, optionsOf(handle, server));
  plain.read.call(this, 0);
  this.server = this._server = server;
  if (server.noDelay) this.setNoDelay(true);
  for (let n = this[kCorks]; n > 0; n--) plain.cork.call(this);
  afterBuild(this);
  if (!this[kEnding]) return;
  if (this[kEnding] === PEER_ENDED) endReading(this._readableState);
  if (handle[kShutdown] !== undefined) joinShutdown(handle);
  this.destroySoon();
};

/**
 * Makes the net.Socket of a connection that the program has not seen yet, for another protocol: with node's own prototype, properties and hidden
 * class, by which what such a protocol does for each of its messages is as fast as on a socket that node has made. The lazy one is of no use
 * from here on.
 * @param {stream.Duplex} socket
 * @returns {net.Socket|null} null, and nothing was done, where it has that part already
 */
function replaceUnseen(socket) {
  const handle = socket[kUnbuilt];
  if (!handle || socket[kIndex] === undefined || socket[kCorks] > 0 || socket[kEnding] !== OPEN) return null;
  const { server } = socket;
  leave(socket, REASONS.UPGRADE);
  if (socket[kUnbuilt] !== handle) return null;
  countFrom(handle, socket[kAttached]);
  socket[kUnbuilt] = CLOSED;
  /** @type {any} */
  const plainSocket = new net.Socket(optionsOf(handle, server));
  plain.read.call(plainSocket, 0);
  if (server.noDelay) plainSocket.setNoDelay(true);
  plainSocket.server = plainSocket._server = server;
  return plainSocket;
}

// What the core has moved is part of what the socket tells of its bytes.
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

// Its 'close' is past, and must not be emitted again.
function buildClosed(socket, server) {
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
 * @returns {boolean} whether no method that node calls to close it was replaced
 */
function closesAsNode(socket) {
  return socket.destroySoon === plain.destroySoon && socket.destroy === plain.destroy && socket.end === METHODS.end && socket.emit === plain.emit &&
    socket._destroy === METHODS._destroy && socket._final === plain._final;
}

/**
 * Closes a socket that was never looked at, if everything is sent.
 * @param {stream.Duplex} socket
 * @param {number} how SHUT_DOWN or PEER_ENDED, which shut it down first, as by `end()`; or DESTROYED
 * @param {Function} closed called with the socket when it is closed
 * @param {Error} [error] why it is destroyed
 * @returns {boolean} false, and nothing was done, for any other socket
 */
function dismiss(socket, how, closed, error) {
  const handle = socket[kUnbuilt];
  const orderly = how !== DESTROYED;
  if (!handle || (orderly && ShutdownWrap === undefined) || !closesAsNode(socket)) return false;
  // It is on its way already; only a destroyed one does not wait.
  if (orderly && socket[kEnding]) return true;
  if (!letGo(socket)) return false;
  socket[kEnding] = how;
  if (error !== undefined) socket[kFailure] = error;
  if (!orderly || shutDown(socket, handle, closed) !== 0) closeUnbuilt(socket, handle, closed);
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

// Ticks that are due come first: the stream would say 'finish' behind them, and be destroyed then.
function afterShutdown(status) {
  schedule(closeInTick, this, status);
}

function closeInTick(request, status) {
  beginTick();
  const { closed, handle, socket } = request;
  handle[kShutdown] = undefined;
  // The socket was built meanwhile, and waits for the same.
  if (socket[kUnbuilt] === undefined) request.successor?.oncomplete(status);
  else closeUnbuilt(socket, handle, closed);
}

function closeUnbuilt(socket, handle, closed) {
  socket[kUnbuilt] = CLOSED;
  handle.close(() => {
    if (socket[kUnbuilt] === undefined) socket.emit('close', false);
    closed(socket);
  });
  const { server } = socket;
  socket._server = null;
  server._connections--;
  server._emitCloseIfDrained();
}

// A socket is built while its handle is being shut down: what the socket then asks of it is already under way.
function joinShutdown(handle) {
  const request = handle[kShutdown];
  handle.shutdown = (successor) => {
    delete handle.shutdown;
    request.successor = successor;
    return 0;
  };
}

// -------------------------------------------------------------------------------------------------------- accepting

/**
 * Lets the connections that a server accepts from here on begin as lazy sockets, where nothing speaks against it.
 * @param {net.Server} server that listens
 */
function acceptLazily(server) {
  const handle = server._handle;
  isPossible ??= prepare();
  if (!isPossible || !handle || typeof handle.onconnection !== 'function' || handle.onconnection === onConnection) return;
  if (typeof server._connections !== 'number' || typeof server._emitCloseIfDrained !== 'function') return;
  handle[kServer] = server;
  handle[kOnConnection] = handle.onconnection;
  handle.onconnection = onConnection;
}

// The socket that 'connection' is being emitted with.
let accepted = null;

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} whether 'connection' is being emitted with it: node resumes it in a tick then
 */
function isBeingAccepted(socket) {
  return accepted === socket;
}

function onConnection(status, handle) {
  const server = this[kServer];
  if (status || !handle || !isOrdinary(server) || !acceptsNatively(server, handle)) {
    this[kOnConnection](status, handle);
    return;
  }
  const socket = new LazySocket(server, handle);
  if (server.noDelay) handle.setNoDelay?.(true);
  server._connections++;
  const before = accepted;
  accepted = socket;
  try {
    server.emit('connection', socket);
    // Methods that a listener has replaced are called in the tick that resumes the stream.
    if (!keepsMethods(socket)) socket[kBuild]();
  } finally {
    accepted = before;
  }
  // No parser has it: then it is read as any other.
  if (socket[kIndex] === undefined) socket[kBuild]();
}

// A limit of 0 is one from Node 22 on.
function isOrdinary(server) {
  return (server.maxConnections === undefined || server.maxConnections === null) && !server.pauseOnConnect && !server.keepAlive && !onServerSocket.hasSubscribers &&
    typeof server.highWaterMark === 'number';
}

module.exports = { DESTROYED, PEER_ENDED, SHUT_DOWN, acceptLazily, closesAsNode, dismiss, isBeingAccepted, replaceUnseen };
