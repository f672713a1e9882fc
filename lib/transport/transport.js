'use strict';
// Native transport and offload: plain sockets whose bytes the core reads and writes itself, on the event loop of this thread or in
// threads of its own (see drivers.js for what differs).
//
// Owns which sockets those are. A socket has methods that go to the core first and to net.Socket's otherwise: on its prototype
// if it was accepted here (see lazy-socket.js), else given to it one by one (changing the prototype of an object instead costs
// 45 us). A program that reads the socket gets it back (`giveBack`) with every byte in order. What the kernel does not take at once goes through net.Socket:
// waiting, 'drain' and the errors of a full or broken connection are the stream's business here as everywhere.

const {
  MathMax, ObjectAssign, ObjectCreate, ObjectDefineProperties, ObjectGetPrototypeOf, process,
} = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const net = require('node:net');
const { types: { isUint8Array } } = require('node:util');
const native = require('../native/addon');
const { transport: { HANDLED, ENDED, FINISHED, DETACHED, HOLD, PARSED, UNPARSED, UNSENT } = {} } = require('../native/layout');
const { constants: { errno: { ENOTSOCK } } } = require('node:os');
const { systemError } = require('../util/errors');
const { adopt, handleOf, holdsSeveral, inScope, resourceOf, runsOn } = require('../parser/parser');
const { FIRST_RECORD, RECORD_WORDS, attachedCount, driverOf, endHold, hold, isHeld, isLibuv, received, shown } = require('./drivers');
const { COUNTERS, QUEUED, bytesOf, uncorkedOf } = require('./counters');
const { COPIED_BYTES_MAX, asWritten, flagOf } = require('./encoding');
const { stopReading, watch } = require('./handles');
const { Attached, REASONS, STREAM, WATCHED, kAttached, kIndex, recordOf } = require('./owner-state');
const { endUnread, giveInBuffer, giveSoon } = require('./unread');
const { beginTick, schedule } = require('../util/ticks');
const { isCorked, kBuild, kCorks, kUnbuilt, takesMore, uncorkAll } = require('./lazy-state');

/** In place of the number of a parser. */
const NO_PARSER = -1;

const plain = net.Socket.prototype;
const plainWrite = plain.write;
// An instance with net.Socket's methods: V8 inlines reads through it, while those of a prototype are look-ups in its table.
const anyone = ObjectCreate(plain);
const plainRead = plain._read;
const originals = isLibuv ? WATCHED.map((name) => plain[name]) : [];

/**
 * @param {net.Server|Agent} owner
 * @returns {'native'|'offload'|'stream'} 'native' or 'offload' where the core reads its plain connections, 'stream' where it cannot or should not
 */
function transportOf(owner) {
  const { name } = recordOf(owner);
  return name === STREAM || driverOf(name, onEvent, onBatch) === null ? STREAM : name;
}

/**
 * @param {net.Server} server
 * @param {object} handle of a connection that it has accepted
 * @returns {boolean} whether the core could read it, so that its net.Socket part need not be there
 */
function acceptsNatively(server, handle) {
  return transportOf(server) !== STREAM && handle.fd >= 0 && !isChanged(plain);
}

/**
 * Lets the core read a socket into its parser, if it can: a plain TCP or pipe socket that is not read or changed by the program.
 * @param {stream.Duplex} socket
 * @param {HTTPParser} parser
 * @param {Protocol} protocol
 * @param {net.Server|Agent} [owner] whose socket it is
 * @param {Set<Function>} [accepted] methods that it may have instead of net.Socket's
 * @returns {boolean} whether the core reads it now
 */
function attach(socket, parser, protocol, owner = socket.server, accepted = undefined) {
  const record = recordOf(owner);
  if (record.name === STREAM) return false;
  if (socket[kUnbuilt] && socket[kIndex] === undefined && keepsMethods(socket)) {
    return takeUp(socket, socket[kUnbuilt], parser, protocol, record);
  }
  const handle = socket._handle;
  if (ObjectGetPrototypeOf(socket) !== plain || !handle || !(handle.fd >= 0)) {
    record.count(REASONS.OTHER);
    return false;
  }
  if (isChanged(socket, accepted) || !socket.readable || socket.readableLength > 0 || socket.writableLength > 0) {
    record.count(REASONS.CHANGED);
    return false;
  }
  const former = socket[kAttached];
  if (!takeUp(socket, handle, parser, protocol, record)) return false;
  if (handle.reading) {
    handle.reading = false;
    stopReading(handle);
  }
  if (former === undefined) {
    ObjectAssign(socket, METHODS);
    ObjectDefineProperties(socket, COUNTERS);
    watch(handle, socket, leaveForHandle, leaveForSession);
  } else {
    const { received, returns, sent } = former;
    ObjectAssign(socket[kAttached], { received, returns, sent });
  }
  return true;
}

function takeUp(socket, handle, parser, protocol, record) {
  const driver = driverOf(record.name, onEvent, onBatch);
  if (driver === null) return false;
  const index = native.transportAttach(driver.handle, handle.fd, handleOf(parser), runsOn(parser), record.threads);
  if (index < 0) {
    record.count(REASONS.OTHER);
    return false;
  }
  record.attached++;
  record.open++;
  const it = new Attached(socket, handle, driver, protocol, record);
  socket[kIndex] = index;
  socket[kAttached] = driver.attached[index] = it;
  countAlive(it);
  return true;
}

// Whether the program has changed the socket, or all sockets, so that it may see what is read and written.
function isChanged(socket, accepted) {
  for (let n = 0; n < WATCHED.length; n++) {
    const method = socket[WATCHED[n]];
    if (method !== originals[n] && !accepted?.has(method)) return true;
  }
  return false;
}

// The same of a socket that has METHODS from its prototype; spelled out, since it is asked for each connection.
function keepsMethods(socket) {
  return socket.write === write && socket.end === end && socket.cork === cork && socket.uncork === uncork &&
    socket.read === read && socket.on === on && socket.addListener === on && socket.prependListener === prependListener &&
    socket.pipe === pipe && socket.ref === ref && socket.unref === unref && socket._read === _read && socket._write === _write &&
    socket._writev === _writev && socket._destroy === _destroy && socket.push === plain.push &&
    socket.unshift === plain.unshift && socket.emit === plain.emit && socket._final === plain._final;
}

/**
 * Has another parser take what comes from a socket that the core reads, or none: then bytes give the socket back, and are the
 * first that its stream reads.
 * @param {stream.Duplex} socket
 * @param {HTTPParser|null} parser
 */
function changeParser(socket, parser) {
  const attached = socket[kAttached];
  const { driver } = attached;
  attached.resource = resourceOf(parser ?? socket.parser);
  if (parser === null) native.transportParser(driver.handle, socket[kIndex], NO_PARSER, 0);
  else native.transportParser(driver.handle, socket[kIndex], handleOf(parser), runsOn(parser));
}

/**
 * To be called when a socket has become a net.Socket.
 * @param {stream.Duplex} socket
 */
function afterBuild(socket) {
  if (socket[kIndex] !== undefined) watch(socket._handle, socket, leaveForHandle, leaveForSession);
  socket[kAttached]?.protocol.built(socket);
}

/**
 * Ends the core's part in a socket that will be closed next, if nothing waits to be sent.
 * @param {stream.Duplex} socket
 * @returns {boolean} false, and nothing was done, when something waits, or the core does not read the socket
 */
function letGo(socket) {
  if (socket[kIndex] === undefined) return false;
  sendHeld(socket);
  // A write may have failed.
  if (socket[kIndex] === undefined || bytesOf(socket, QUEUED) > 0) return false;
  detach(socket, true);
  return true;
}

// A socket keeps the event loop alive while it is referenced and read.
function countAlive(it) {
  const alive = it.referenced && !it.paused && it.socket[kIndex] !== undefined;
  if (it.counted === alive) return;
  it.counted = alive;
  native.transportKeepAlive(it.driver.handle, alive ? 1 : -1);
}

/** What is left when the core's part in a connection ends: see transportDetach. @type {any[]} */
const rest = [undefined, 0, 0];
const UNREAD = 0;
const RECEIVED_IN_ALL = 1;
const SENT_IN_ALL = 2;

// Ends the core's part in a socket. Answers the bytes that were queued and could not be sent. Who closes the descriptor next
// (`closing`) need not have it taken out of the set.
function detach(socket, closing) {
  sendHeld(socket);
  const index = socket[kIndex];
  // A write has failed, and has ended it.
  if (index === undefined) return undefined;
  const it = socket[kAttached];
  const { driver } = it;
  rest[UNREAD] = undefined;
  const unsent = native.transportDetach(driver.handle, index, closing ? 1 : 0, rest);
  it.received += rest[RECEIVED_IN_ALL];
  it.sent += rest[SENT_IN_ALL];
  socket[kIndex] = undefined;
  driver.attached[index] = undefined;
  countAlive(it);
  it.record.open--;
  return unsent;
}

// Ends the core's part in a socket that goes on without it.
function leave(socket, reason, give = giveSoon) {
  const it = socket[kAttached];
  it.record.count(reason);
  it.returns++;
  const unsent = detach(socket);
  if (socket.destroyed) return;
  const unread = rest[UNREAD];
  rest[UNREAD] = undefined;
  it.corkedLength = 0;
  if (unsent !== undefined) plainWrite.call(socket, unsent);
  if (unread === true) it.driver.ending.push(it.handle);
  else if (unread !== undefined) give(it, unread);
}

function leaveForHandle(socket) {
  if (socket[kIndex] !== undefined) leave(socket, REASONS.HANDLE);
}

// A session goes on with a handle that reads, or does not, as its socket would have it.
function leaveForSession(socket) {
  if (socket[kIndex] === undefined) return;
  const reads = !socket.isPaused();
  leave(socket, REASONS.HANDLE, giveInBuffer);
  if (reads && !socket.destroyed) plainRead.call(socket, 0);
}

/**
 * Gives a socket back to its stream: from here on bytes come as 'data'. Nothing happens to a socket that the core does not
 * read.
 * @param {stream.Duplex} socket
 * @param {string} [reason] one of REASONS
 */
function giveBack(socket, reason = REASONS.UPGRADE) {
  if (socket[kIndex] === undefined) return;
  if (socket[kUnbuilt] !== undefined) socket[kBuild]();
  leave(socket, reason);
  if (!socket.destroyed && !socket.isPaused()) plainRead.call(socket, 0);
}

function giveBackFor(socket, event) {
  if (event === 'data') giveBack(socket, REASONS.DATA);
  else if (event === 'readable') giveBack(socket, REASONS.READABLE);
}

/**
 * Stops reading a socket that the core reads.
 * @param {stream.Duplex} socket
 * @returns {boolean} false when its stream reads it
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
 * Reads again after `pause()`.
 * @param {stream.Duplex} socket
 * @returns {boolean} false when its stream reads it
 */
function resume(socket) {
  if (socket[kIndex] === undefined) return false;
  const it = socket[kAttached];
  native.transportResume(it.driver.handle, socket[kIndex]);
  it.paused = false;
  countAlive(it);
  return true;
}

// A connection has an event. Called by its driver, once per turn for each connection.
function onEvent(driver, index, kind, value, text) {
  if (index === DETACHED) return endUnread(driver.ending);
  const { socket, protocol } = driver.attached[index];
  if (kind === PARSED) {
    const { frame } = shown;
    if (protocol.serves && holdsSeveral(frame.events)) hold(index, socket[kAttached].corkedLength > 0);
    parsed(socket, protocol, frame, 0, value, text, frame.events);
    frame.turn[FIRST_RECORD] = FINISHED;
  } else if (protocol.serves) {
    onOtherNews(socket, protocol, kind, value);
  } else {
    // What ends a connection is the business of the request on it, or of the last one.
    inScope(resourceOf(socket.parser) ?? socket[kAttached].resource, onOtherNews, undefined, socket, protocol, kind, value);
  }
}

// Several connections were read. What has become of one since, by a handler of another, becomes of it before its bytes are looked
// at: those that are left out here are put back.
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
    parsed(it.socket, it.protocol, frame, turn[record + 1], turn[record + 2], texts[n], frame.eventsOf(n, count));
    turn[record] = FINISHED;
  }
}

function parsed(socket, protocol, frame, start, length, text, events) {
  const { parser } = socket;
  if (socket[kUnbuilt] === undefined) socket._unrefTimer();
  if (!parser) return;
  const result = adopt(parser, frame.input, start, length, text, events);
  shown.start = start;
  protocol.read(socket, result, length);
}

function onOtherNews(socket, protocol, kind, value) {
  if (kind === UNSENT) {
    if (value === 0) sendDue(socket);
    else settle(socket, value);
  } else if (kind !== UNPARSED && !protocol.serves && protocol.endsSilently(socket)) {
    socket.destroy();
  } else if (kind === ENDED) {
    if (socket[kUnbuilt] === undefined || !protocol.ended(socket)) ended(socket);
  } else if (kind === UNPARSED) {
    shown.start = 0;
    unparsed(socket, received(0, value));
  } else if (value === ENOTSOCK) {
    giveBack(socket, REASONS.OTHER);
  } else {
    socket.destroy(systemError('read', value));
  }
}

function ended(socket) {
  if (socket[kUnbuilt] !== undefined) socket[kBuild]();
  const unsent = detach(socket);
  socket[kAttached].corkedLength = 0;
  if (unsent !== undefined) plainWrite.call(socket, unsent);
  socket.push(null);
  plain.read.call(socket, 0);
}

// Bytes that no parser was there for.
function unparsed(socket, chunk) {
  leave(socket, REASONS.UNASKED);
  socket._unrefTimer();
  if (socket.push(chunk) && !socket.destroyed) plainRead.call(socket, 0);
}

// Sends what pipelined answers have put in the queue, or what waits for the I/O threads.
function sendHeld(socket) {
  const { driver } = socket[kAttached];
  if (!driver.lags) {
    if (!isHeld(socket[kIndex])) return;
    endHold();
  } else if (bytesOf(socket, QUEUED) === 0) {
    return;
  }
  sendDue(socket);
}

// Sends what is not corked.
function sendDue(socket) {
  if (!isCorked(socket) || socket[kAttached].corkedLength === 0) flush(socket);
  else sendUncorked(socket);
}

// What was written before cork(). The rest stays corked.
function sendUncorked(socket) {
  const uncorkedBytes = uncorkedOf(socket);
  if (uncorkedBytes === 0) return;
  const attached = socket[kAttached];
  const { corkedLength, driver: { handle } } = attached;
  const queue = takeQueue(socket);
  native.transportWriteBytes(handle, socket[kIndex], queue.subarray(0, uncorkedBytes), 1);
  flush(socket);
  if (socket[kIndex] === undefined) return;
  native.transportWriteBytes(handle, socket[kIndex], queue.subarray(uncorkedBytes), 1);
  attached.corkedLength = corkedLength;
  attached.uncorkedBytes = 0;
}

// The same before the end, which ends all corking.
function sendLast(socket) {
  if (socket[kAttached].driver.lags && isCorked(socket)) uncorkAll(socket);
  if (socket[kIndex] !== undefined) sendHeld(socket);
}

function flush(socket) {
  const left = sendQueue(socket);
  if (left !== 0) settle(socket, left);
}

function sendQueue(socket) {
  socket[kAttached].corkedLength = 0;
  return native.transportFlush(socket[kAttached].driver.handle, socket[kIndex]);
}

// The bytes that are queued: the caller's to send from here on.
function takeQueue(socket) {
  socket[kAttached].corkedLength = 0;
  return native.transportTake(socket[kAttached].driver.handle, socket[kIndex]);
}

// The kernel did not take everything: the rest is the stream's. So is the error of a write: it writes the same, and its handle fails.
function settle(socket, left, callback, data = takeQueue(socket), encoding = undefined) {
  if (left > 0) return plainWrite.call(socket, data, callback);
  socket[kAttached].failed = -left;
  return plainWrite.call(socket, data, encoding, callback);
}

// Writes through the stream, what is queued first.
function writePlain(socket, data, encoding, callback) {
  if (bytesOf(socket, QUEUED) > 0) {
    const { corkedLength } = socket[kAttached];
    // What was written before cork() does not wait for uncork().
    if (corkedLength === 0) flush(socket);
    else sendUncorked(socket);
    if (corkedLength > 0 && socket[kIndex] !== undefined) plainWrite.call(socket, asWritten(takeQueue(socket), corkedLength));
  }
  return plainWrite.call(socket, data, encoding, callback);
}

function written(callback) {
  callback(null);
}

// ------------------------------------------------------------------------------- the methods of an attached socket

function write(data, encoding, callback) {
  if (this[kIndex] === undefined || anyone.write !== plainWrite) {
    giveBack(this, REASONS.REPLACED);
    return plain.write.call(this, data, encoding, callback);
  }
  if (typeof encoding === 'function') {
    callback = encoding;
    encoding = undefined;
  }
  // What the stream keeps goes first: then the core has nothing that is not corked.
  if (this[kUnbuilt] === undefined && this._writableState.length > 0 && this[kAttached].corkedLength === 0) return plainWrite.call(this, data, encoding, callback);
  const called = typeof callback === 'function';
  // The callback of a corked write is called when it was sent, or failed: the stream knows when.
  if (called && isCorked(this)) return writePlain(this, data, encoding, callback);
  const left = this._write === _write && this._writev === _writev ? send(this, data, encoding) : undefined;
  if (left === 0) {
    if (called) process.nextTick(written, callback);
    return true;
  }
  return left === undefined ? writePlain(this, data, encoding, callback) : settle(this, left, callback, left < 0 ? data : undefined, encoding);
}

/**
 * Writes the last of a message and ends all corking: `socket.write(text, encoding, (error) => done(message, error))`, without a function for
 * each message.
 * @param {stream.Writable} socket
 * @param {string} text
 * @param {any} encoding 'latin1' or 'utf8'
 * @param {Function} done called when the text was given to the kernel
 * @param {OutgoingMessage} message
 * @param {*} [previous] what `done` gets in the next tick, as its fourth argument behind the mark of that tick (see ticks.js): with null in place
 *   of the message where that must wait
 * @returns {boolean} false when the caller should wait for 'drain'
 */
function writeLast(socket, text, encoding, done, message, previous) {
  const isOurs = socket.write === write && socket[kIndex] !== undefined && anyone.write === plainWrite && socket._write === _write &&
    socket._writev === _writev;
  let left = isOurs ? send(socket, text, encoding) : undefined;
  if (left === 0 && isCorked(socket)) left = releaseAll(socket);
  if (left === 0) {
    schedule(doneInTick, done, message, previous);
    return true;
  }
  if (previous !== undefined) schedule(doneInTick, done, null, previous);
  const callback = (error) => done(message, error);
  if (left !== undefined) return settle(socket, left, callback, left < 0 ? text : undefined, encoding);
  // node corks the socket for the end of a message: up to Node 20 'drain' follows then when it is as long as the high-water mark.
  const corks = text.length >= socket.writableHighWaterMark;
  if (corks) socket.cork();
  const accepted = socket.write(text, encoding, callback);
  if (corks) uncorkAll(socket);
  return accepted;
}

function doneInTick(done, message, previous) {
  done(message, undefined, beginTick(), previous);
}

// Has the core write, or queue what is held back. Answers as the core does, see transportWrite; undefined when it is the stream's to
// do: what fills its buffer, and what it must wait with or refuse.
function send(socket, data, encoding) {
  const index = socket[kIndex];
  const built = socket[kUnbuilt] === undefined;
  const attached = socket[kAttached];
  const { driver } = attached;
  const limit = built ? socket._writableState.highWaterMark : attached.limit;
  const held = !driver.lags && isHeld(index);
  const corked = isCorked(socket);
  // As the stream counts: characters of a text, bytes of the rest.
  const length = corked ? attached.corkedLength + data?.length : data?.length;
  if (length >= limit || (built && !takesMore(socket._writableState, encoding))) return undefined;
  if (corked && length > COPIED_BYTES_MAX && typeof data !== 'string') return undefined;
  const waits = held || corked;
  if (corked && attached.corkedLength === 0 && !driver.lags) {
    attached.uncorkedBytes = held ? bytesOf(socket, QUEUED) : 0;
    if (held) hold(index, true);
  }
  let left;
  if (typeof data === 'string') {
    const flag = flagOf(encoding);
    if (flag < 0) return corked ? undefined : send(socket, Buffer.from(data, encoding), undefined);
    left = native.transportWrite(driver.handle, index, data, waits ? flag | HOLD : flag);
  } else if (isUint8Array(data)) {
    left = native.transportWriteBytes(driver.handle, index, data, waits ? 1 : 0);
  } else {
    return undefined;
  }
  if (built && !held) socket._unrefTimer();
  if (corked) attached.corkedLength = length;
  if (corked || left <= 0) return corked ? 0 : left;
  if (held || driver.lags) return left < limit ? 0 : sendQueue(socket);
  return left;
}

// Ends all corking. Answers as the core does, see transportWrite.
function releaseAll(socket) {
  if (socket[kUnbuilt] === undefined) {
    socket._writableState.corked = 1;
    plain.uncork.call(socket);
  } else {
    socket[kCorks] = 0;
  }
  return release(socket, socket[kIndex]);
}

// What was corked leaves, or waits for the rest of the turn.
function release(socket, index) {
  const attached = socket[kAttached];
  attached.corkedLength = 0;
  if (attached.driver.lags || !isHeld(index)) return native.transportRelease(attached.driver.handle, index);
  hold(index, false);
  return 0;
}

function cork() {
  if (this[kUnbuilt] === undefined) plain.cork.call(this);
  else this[kCorks]++;
}

/** @this {stream.Duplex} */
function uncork() {
  let corks;
  if (this[kUnbuilt] === undefined) {
    plain.uncork.call(this);
    corks = this._writableState.corked;
  } else {
    corks = this[kCorks] = MathMax(0, this[kCorks] - 1);
  }
  const index = this[kIndex];
  if (index === undefined || corks > 0) return;
  const left = release(this, index);
  if (left !== 0) settle(this, left);
}

function end(data, encoding, callback) {
  if (typeof data === 'function') {
    callback = data;
    data = encoding = undefined;
  } else if (typeof encoding === 'function') {
    callback = encoding;
    encoding = undefined;
  }
  const index = this[kIndex];
  if (index !== undefined) {
    if (typeof data === 'string' || isUint8Array(data)) {
      this.write(data, encoding);
      data = undefined;
    }
    if (this[kIndex] !== undefined) sendLast(this);
  }
  return plain.end.call(this, data, encoding, callback);
}

function read(size) {
  // A flowing stream reads itself whenever it is resumed: that takes no bytes away.
  if (size !== 0 && this._readableState.flowing !== true) giveBack(this, REASONS.READ);
  return plain.read.call(this, size);
}

function on(event, listener) {
  giveBackFor(this, event);
  return plain.on.call(this, event, listener);
}

function prependListener(event, listener) {
  giveBackFor(this, event);
  return plain.prependListener.call(this, event, listener);
}

function ref() {
  const it = this[kAttached];
  it.referenced = true;
  countAlive(it);
  return plain.ref.call(this);
}

function unref() {
  const it = this[kAttached];
  it.referenced = false;
  countAlive(it);
  return plain.unref.call(this);
}

function pipe(destination, options) {
  giveBack(this, REASONS.READ);
  return plain.pipe.call(this, destination, options);
}

// The program has called net.Socket's own write(): what is queued goes first.
function _write(data, encoding, callback) {
  const failed = this[kAttached]?.failed;
  if (failed) return callback(systemError('write', failed));
  const rest = flushFirst(this);
  if (rest === undefined) plain._write.call(this, data, encoding, callback);
  else plain._writev.call(this, [rest, { chunk: data, encoding }], callback);
  leaveIfFull(this);
}

function _writev(chunks, callback) {
  const failed = this[kAttached]?.failed;
  if (failed) return callback(systemError('write', failed));
  const rest = flushFirst(this);
  if (rest !== undefined) {
    chunks.unshift(rest);
    chunks.allBuffers = false;
  }
  plain._writev.call(this, chunks, callback);
  leaveIfFull(this);
}

// What the kernel does not take at once waits in libuv. If the connection breaks meanwhile, a client hears of it when it reads or
// writes first; one poll must do both, for a reset to be an error of reading as it is elsewhere.
function leaveIfFull(socket) {
  if (socket[kIndex] === undefined || socket[kAttached].protocol.serves) return;
  if (socket._handle?.writeQueueSize > 0) giveBack(socket, REASONS.FULL);
}

// Sends what is queued. Answers what the kernel did not take, as the stream has it. An error comes again with the write that
// follows.
function flushFirst(socket) {
  if (socket[kIndex] === undefined || bytesOf(socket, QUEUED) === 0) return undefined;
  if (sendQueue(socket) === 0) return undefined;
  return { chunk: takeQueue(socket), encoding: 'buffer' };
}

function _read(size) {
  if (this[kIndex] === undefined) plainRead.call(this, size);
}

function _destroy(error, callback) {
  const attached = this[kAttached];
  if (this[kIndex] !== undefined) {
    // What is corked is lost, and counted until the tick in which the stream tells so.
    if (attached.corkedLength > 0) {
      attached.lostBytes = bytesOf(this, QUEUED);
      process.nextTick(forgetCorked, attached);
    }
    // The reactor cannot know whether there is another copy of the descriptor.
    detach(this, attached.driver.lags);
  }
  plain._destroy.call(this, error, callback);
}

function forgetCorked(attached) {
  attached.corkedLength = attached.lostBytes = 0;
}

const METHODS = {
  write, cork, uncork, end, read, on, addListener: on, prependListener, ref, unref, pipe, _read, _write, _writev, _destroy,
};

module.exports = {
  COUNTERS, METHODS, acceptsNatively, afterBuild, attach, attachedCount, changeParser, giveBack, kAttached, keepsMethods, kIndex, letGo, pause,
  received, resume, transportOf, write, writeLast,
};
