'use strict';
// Native transport and offload: plain sockets whose bytes the core reads and writes itself, on this thread's event loop or in its
// I/O threads (drivers.js has the differences).
//
// Owns which sockets those are. Their methods try the core first (methods.js). These are on the socket's prototype, so that a program
// that lists or prints a socket sees what node has: a server's and an agent's own sockets are made with that prototype
// (lazy-socket.js, client/attachment.js), any other gets it when it is attached. A program that reads the socket gets it back with every
// byte in order (giving-back.js).

const { ObjectAssign, ObjectCreate, ObjectGetPrototypeOf, ObjectSetPrototypeOf } = require('../globals/primordials');
const { net } = require('../globals/at-load');
const native = require('../native/addon');
const { handleOf, resourceOf, autoContinues, scopeOf } = require('../parser/parser');
const { driverNamed, transportOf } = require('./choice');
const { isLibuv } = require('./drivers');
const { stopReading, watch } = require('./handles');
const { Attached, REASONS, STREAM, WATCHED, kAttached, kIndex, recordOf, watchedMethods } = require('./owner-state');
const { kLazyHandle, kSelf } = require('./lazy-state');
const { countAlive, leaveForHandle, leaveForSession } = require('./giving-back');
const { defineMethods, keepsMethods } = require('./methods');

/** Instead of the number of a parser. */
const NO_PARSER = -1;

const plain = net.Socket.prototype;
/** The prototype of sockets that a server has got from elsewhere. */
const PROTOTYPE = ObjectCreate(plain);
defineMethods(PROTOTYPE, {});

/**
 * @param {net.Server} server
 * @param {object} handle of a connection that the server has accepted
 * @returns {boolean} whether the core could read it, so that it can do without its net.Socket part
 */
function acceptsNatively(server, handle) {
  return transportOf(server) !== STREAM && handle.fd >= 0 && !isChanged(plain);
}

/**
 * @param {Agent} agent
 * @returns {boolean} whether the core could read the sockets that it opens
 */
function mayAttach(agent) {
  return isLibuv && recordOf(agent).name !== STREAM && !isChanged(plain);
}

/**
 * Lets the core read a socket into its parser, if it is a plain TCP or pipe socket that the program neither reads nor has changed.
 * @param {stream.Duplex} socket
 * @param {HTTPParser} parser
 * @param {Protocol} protocol
 * @param {net.Server|Agent} [owner] of the socket
 * @param {object} [prototype] with METHODS, which the socket gets
 * @param {Set<Function>} [accepted] methods that the socket may have instead of net.Socket's
 * @returns {boolean} whether the core reads it now
 */
function attach(socket, parser, protocol, owner = socket.server, prototype = PROTOTYPE, accepted = undefined) {
  const record = recordOf(owner);
  // Without a driver, as on Windows, the socket is not the reason: nothing is counted.
  if (record.name === STREAM || driverNamed(record.name) === null) return false;
  if (socket[kLazyHandle] && socket[kIndex] === undefined && socket[kSelf] === socket && keepsMethods(socket)) {
    return beginAttachment(socket, socket[kLazyHandle], parser, protocol, record);
  }
  const handle = socket._handle;
  const isPlain = ObjectGetPrototypeOf(socket) === plain;
  if (!(isPlain || ObjectGetPrototypeOf(socket) === prototype) || !handle || !(handle.fd >= 0)) {
    record.count(REASONS.OTHER);
    return false;
  }
  if (isChanged(socket, accepted) || isChanged(plain) || !socket.readable || socket.readableLength > 0 || socket.writableLength > 0) {
    record.count(REASONS.CHANGED);
    return false;
  }
  const former = socket[kAttached];
  if (!beginAttachment(socket, handle, parser, protocol, record)) return false;
  if (handle.reading) {
    handle.reading = false;
    stopReading(handle);
  }
  if (isPlain) ObjectSetPrototypeOf(socket, prototype);
  if (former === undefined) {
    watch(handle, socket, leaveForHandle, leaveForSession);
  } else {
    const { received, returns, sent } = former;
    ObjectAssign(socket[kAttached], { received, returns, sent });
  }
  return true;
}

function beginAttachment(socket, handle, parser, protocol, record) {
  const driver = driverNamed(record.name);
  const index = native.transportAttach(driver.handle, handle.fd, handleOf(parser), autoContinues(parser), record.threads);
  if (index < 0) {
    record.count(REASONS.OTHER);
    return false;
  }
  record.attached++;
  record.open++;
  const it = new Attached(socket, handle, driver, protocol, record);
  it.scope = scopeOf(parser);
  socket[kIndex] = index;
  socket[kAttached] = driver.attached[index] = it;
  countAlive(it);
  return true;
}

// Whether the program has changed this socket, or all sockets, so that it may see what is read and written.
function isChanged(socket, accepted) {
  for (let n = 0; n < WATCHED.length; n++) {
    const method = socket[WATCHED[n]];
    if (method !== watchedMethods[n] && !accepted?.has(method)) return true;
  }
  return false;
}

/**
 * Changes the parser of a socket that the core reads. With none, the next bytes give the socket back, and its stream reads them first.
 * @param {stream.Duplex} socket
 * @param {HTTPParser|null} parser
 */
function changeParser(socket, parser) {
  const attached = socket[kAttached];
  const { driver } = attached;
  attached.resource = resourceOf(parser ?? socket.parser);
  attached.scope = scopeOf(parser);
  if (parser === null) native.transportParser(driver.handle, socket[kIndex], NO_PARSER, 0);
  else native.transportParser(driver.handle, socket[kIndex], handleOf(parser), autoContinues(parser));
}

/**
 * Called when a lazy socket has become a net.Socket.
 * @param {stream.Duplex} socket
 */
function afterMaterializing(socket) {
  if (socket[kIndex] !== undefined) watch(socket._handle, socket, leaveForHandle, leaveForSession);
  socket[kAttached]?.protocol.materialized(socket);
}

/**
 * Stops the core's reading of a socket.
 * @param {stream.Duplex} socket
 * @returns {boolean} false if its stream reads it
 */
function pause(socket) {
  if (socket[kIndex] === undefined) return false;
  const it = socket[kAttached];
  native.transportPause(it.driver.handle, socket[kIndex]);
  it.paused = true;
  countAlive(it);
  return true;
}

/**
 * Undoes `pause()`.
 * @param {stream.Duplex} socket
 * @returns {boolean} false if its stream reads it
 */
function resume(socket) {
  if (socket[kIndex] === undefined) return false;
  const it = socket[kAttached];
  native.transportResume(it.driver.handle, socket[kIndex]);
  it.paused = false;
  countAlive(it);
  return true;
}

module.exports = { acceptsNatively, afterMaterializing, attach, changeParser, mayAttach, pause, resume };
