'use strict';

/**
 * OutgoingMessage: what ServerResponse and ClientRequest have in common.
 *
 * Its state is in the same own properties as that of node's class, with the same names and meanings: users and packages read them,
 * and objects get node's prototypes. They are always created in the same order, to keep one hidden class.
 */

const {
  ArrayIsArray, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectHasOwn, ObjectKeys, ObjectSetPrototypeOf, SymbolFor, process,
} = require('../globals/primordials');
const Stream = require('stream');
const { deprecate } = require('util');
const builtin = require('../compat/builtin');
const { end, flushHeaders, write } = require('./outgoing-body');
const { addTrailers, uncork } = require('./outgoing-chunks');
const { TRACKS_END, _finish } = require('./outgoing-end');
const { CORKS_CHUNKS, _flush, _flushOutput, _send, _writeRaw, getDefaultHighWaterMark, nop } = require('./outgoing-queue');
const { dropHeldChunks, heldLength } = require('./held-chunks');
const { initialize, kOnFinish } = require('./emitter');
const { codes } = require('../util/errors');
const { follow, nameLike } = require('../compat/mirror-shape');
const { choosesValidation, closesUnsent, corksEachTurn, isNode, refusesBodyWrites } = require('../compat/node-features');
const headers = require('./outgoing-headers');
const {
  kBytesWritten, kChunkedBuffer, kChunkedLength, kCorked, kEndCalled, kEndCallbacks, kErrored, kFlushError, kHighWaterMark, kNeedDrain, kOutHeaders,
  kRejectNonStandardBodyWrites, kSocket, kUniqueHeaders, kWritableFinished, keepsErrored, keepsMark, otherState,
} = require('../compat/symbols');
const { calculateLenientFlags } = require('../parser/strict');
const { validateHeaderName, validateHeaderValue } = require('../util/validators');

const DEPRECATED = typeof ObjectGetOwnPropertyDescriptor(builtin.OutgoingMessage.prototype, '_headers') === 'object';

/**
 * An outgoing HTTP message.
 * @this {http.OutgoingMessage}
 * @param {{highWaterMark?: number, rejectNonStandardBodyWrites?: boolean}} [options] bytes to buffer before write() returns false;
 *   whether writing a body that the message must not have is an error
 */
function OutgoingMessage(options) {
  initialize(this, options?.[kOnFinish]);

  this.outputData = [];
  this.outputSize = 0;
  this.writable = true;
  this.destroyed = false;
  this._last = false;
  this.chunkedEncoding = false;
  this.shouldKeepAlive = true;
  this.maxRequestsOnConnectionReached = false;
  this._defaultKeepAlive = true;
  this.useChunkedEncodingByDefault = true;
  this.sendDate = false;
  this._removedConnection = false;
  this._removedContLen = false;
  this._removedTE = false;
  this.strictContentLength = false;
  this[kBytesWritten] = 0;
  this._contentLength = null;
  this._hasBody = true;
  this._trailer = '';
  if (kEndCalled !== undefined) this[kEndCalled] = false;
  this[kNeedDrain] = false;
  this.finished = false;
  this._headerSent = false;
  this[kCorked] = 0;
  if (CORKS_CHUNKS) {
    this[kChunkedBuffer] = [];
    this[kChunkedLength] = 0;
  }
  this._closed = false;
  this[kSocket] = null;
  this._header = null;
  this[kOutHeaders] = null;
  this._keepAliveTimeout = 0;
  this._onPendingData = nop;
  if (keepsErrored) this[kErrored] = null;
  if (TRACKS_END) {
    this[kWritableFinished] = false;
    this[kEndCallbacks] = null;
    this[kFlushError] = null;
  }
  if (keepsMark) {
    const mark = options?.highWaterMark;
    this[kHighWaterMark] = mark === undefined || mark === null ? getDefaultHighWaterMark() : mark;
  }
  if (refusesBodyWrites) this[kRejectNonStandardBodyWrites] = options?.rejectNonStandardBodyWrites ?? false;
  if (otherState.length > 0) addOtherState(this);
}
/** @typedef {OutgoingMessage} OwnOutgoingMessage see types/lib.d.ts */
ObjectSetPrototypeOf(OutgoingMessage.prototype, Stream.prototype);
ObjectSetPrototypeOf(OutgoingMessage, Stream);

// Takes the corks of a message from its former socket to the new one.
function moveCorks(message, before, socket) {
  for (let n = 0; n < message[kCorked]; n++) {
    socket?.cork();
    before?.uncork();
  }
}

function addOtherState(message) {
  for (const [symbol, value] of otherState) message[symbol] = ArrayIsArray(value) ? [] : value;
}

function destroyLateSocket(socket) {
  socket.destroy(this[kErrored]);
}

// A message that had no socket when it was destroyed closes too, even if it gets one meanwhile.
function closeUnsent(message) {
  if (message._closed) return;
  message._closed = true;
  message.emit('close');
}

if (choosesValidation) {
  // Whether field values may hold control characters: an option of the server or the request. It has no name, like node's.
  OutgoingMessage.prototype._isLenientHeaderValidation = (() => function() {
    const { httpValidation, insecureHTTPParser } = this.req?.socket?.server ?? this;
    return calculateLenientFlags(httpValidation, insecureHTTPParser) !== 0;
  })();
}

/** Accessors, in the order in which reflection lists node's. Not enumerable. */
const ACCESSORS = {
  errored: { get() { return this[kErrored]; } },
  closed: { get() { return this._closed; } },
  writableFinished: {
    get: TRACKS_END ? function get() {
      return this[kWritableFinished];
    } : function get() {
      const socket = this[kSocket];
      return this.finished && this.outputSize === 0 && (!socket || socket.writableLength === 0);
    },
  },
  writableObjectMode: { get() { return false; } },
  writableLength: {
    /** @this {http.OutgoingMessage} */
    get() {
      const socket = this[kSocket];
      return this.outputSize + (CORKS_CHUNKS ? heldLength(this) : 0) + (socket ? socket.writableLength : 0);
    },
  },
  writableHighWaterMark: {
    get() {
      const socket = this[kSocket];
      return socket ? socket.writableHighWaterMark : this[kHighWaterMark] ?? getDefaultHighWaterMark();
    },
  },
  writableCorked: {
    get: CORKS_CHUNKS ? function get() {
      return this[kCorked];
    } : function get() {
      const socket = this[kSocket];
      return this[kCorked] + (socket ? socket.writableCorked : 0);
    },
  },
  _headers: DEPRECATED && {
    get: deprecate(function get() { return this.getHeaders(); }, 'OutgoingMessage.prototype._headers is deprecated', 'DEP0066'),
    set: deprecate(headers.setTable, 'OutgoingMessage.prototype._headers is deprecated', 'DEP0066'),
  },
  connection: {
    get() { return this[kSocket]; },
    set(socket) { this.socket = socket; },
  },
  socket: kSocket !== 'socket' && {
    get() { return this[kSocket]; },
    set(socket) {
      if (CORKS_CHUNKS && this[kCorked] > 0) moveCorks(this, this[kSocket], socket);
      this[kSocket] = socket;
    },
  },
  _headerNames: DEPRECATED && {
    get: deprecate(headers.getNameTable, 'OutgoingMessage.prototype._headerNames is deprecated', 'DEP0066'),
    set: deprecate(headers.setNameTable, 'OutgoingMessage.prototype._headerNames is deprecated', 'DEP0066'),
  },
};
for (const name of ObjectKeys(ACCESSORS)) {
  // An accessor that is not configurable could not be removed later: 18.12 has no `errored`.
  if (ACCESSORS[name] && (!isNode || ObjectHasOwn(builtin.OutgoingMessage.prototype, name))) ObjectDefineProperty(OutgoingMessage.prototype, name, ACCESSORS[name]);
}

OutgoingMessage.prototype._renderHeaders = headers._renderHeaders;

/** Holds back what is written until uncork() or end(). */
OutgoingMessage.prototype.cork = function() {
  const socket = this[kSocket];
  if (CORKS_CHUNKS || !socket) this[kCorked]++;
  if (socket) socket.cork();
};

OutgoingMessage.prototype.uncork = uncork;

/**
 * Sets the idle timeout of the socket, now or when there is one.
 * @this {http.OutgoingMessage}
 * @param {number} msecs milliseconds
 * @param {Listener} [callback] listener of 'timeout'
 * @returns {http.OutgoingMessage} this
 */
OutgoingMessage.prototype.setTimeout = function setTimeout(msecs, callback) {
  if (callback) this.on('timeout', callback);
  const socket = this[kSocket];
  if (socket) socket.setTimeout(msecs);
  else this.once('socket', (late) => late.setTimeout(msecs));
  return this;
};

/**
 * Destroys the message and its socket, now or when there is one.
 * @this {http.OutgoingMessage}
 * @param {Error} [error]
 * @returns {http.OutgoingMessage} this
 */
OutgoingMessage.prototype.destroy = function destroy(error) {
  if (this.destroyed) return this;
  this.destroyed = true;
  this[kErrored] = error;
  if (corksEachTurn() && this[kChunkedBuffer].length > 0) {
    dropHeldChunks(this, error);
    this[kCorked] = 1;
    this.uncork();
  }
  const socket = this[kSocket];
  if (socket) socket.destroy(error);
  else if (closesUnsent()) process.nextTick(closeUnsent, this);
  else this.once('socket', destroyLateSocket);
  return this;
};

OutgoingMessage.prototype._send = _send;
OutgoingMessage.prototype._writeRaw = _writeRaw;
OutgoingMessage.prototype._storeHeader = headers._storeHeader;
OutgoingMessage.prototype.setHeader = headers.setHeader;
OutgoingMessage.prototype.setHeaders = headers.setHeaders;
OutgoingMessage.prototype.appendHeader = headers.appendHeader;
OutgoingMessage.prototype.getHeader = headers.getHeader;
OutgoingMessage.prototype.getHeaderNames = headers.getHeaderNames;
OutgoingMessage.prototype.getRawHeaderNames = headers.getRawHeaderNames;
OutgoingMessage.prototype.getHeaders = headers.getHeaders;
OutgoingMessage.prototype.hasHeader = headers.hasHeader;
OutgoingMessage.prototype.removeHeader = headers.removeHeader;

/** Makes the head if a body is written before writeHead(). Subclasses override it. */
OutgoingMessage.prototype._implicitHeader = function _implicitHeader() {
  throw new codes.ERR_METHOD_NOT_IMPLEMENTED('_implicitHeader()');
};

ObjectDefineProperty(OutgoingMessage.prototype, 'headersSent', {
  configurable: true,
  enumerable: true,
  get() { return !!this._header; },
});
ObjectDefineProperty(OutgoingMessage.prototype, 'writableEnded', { get() { return this.finished; } });
ObjectDefineProperty(OutgoingMessage.prototype, 'writableNeedDrain', {
  get() { return !this.destroyed && !this.finished && this[kNeedDrain]; },
});

OutgoingMessage.prototype.write = write;
OutgoingMessage.prototype.addTrailers = addTrailers;
OutgoingMessage.prototype.end = end;
OutgoingMessage.prototype._finish = _finish;
OutgoingMessage.prototype._flush = _flush;
OutgoingMessage.prototype._flushOutput = _flushOutput;
OutgoingMessage.prototype.flushHeaders = flushHeaders;

/**
 * Emits ERR_STREAM_CANNOT_PIPE: a message can only be written.
 * @this {http.OutgoingMessage}
 */
OutgoingMessage.prototype.pipe = function pipe() {
  this.emit('error', new codes.ERR_STREAM_CANNOT_PIPE());
};

/**
 * Destroys the message when a listener rejects.
 * @this {http.OutgoingMessage}
 */
OutgoingMessage.prototype[SymbolFor('nodejs.rejection')] = function(error, event) { // eslint-disable-line no-unused-vars
  this.destroy(error);
};

follow(OutgoingMessage.prototype, builtin.OutgoingMessage.prototype);
nameLike(OutgoingMessage, builtin.OutgoingMessage);

module.exports = {
  __proto__: null,
  kHighWaterMark,
  kUniqueHeaders,
  parseUniqueHeadersOption: headers.parseUniqueHeadersOption,
  validateHeaderName,
  validateHeaderValue,
  OutgoingMessage,
};
