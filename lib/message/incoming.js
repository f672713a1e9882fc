'use strict';
// IncomingMessage: a request as the server sees it, a response as the client sees it.
//
// Owns the header objects, which are built on first use, and the end of a body that is not read. State is kept under node's own
// property names and symbols, so a message keeps working if its prototype is replaced by one that ends in the built-in class.

const {
  AbortController, ObjectAssign, ObjectCreate, ObjectDefineProperty, ObjectGetPrototypeOf, ObjectHasOwn, ObjectSetPrototypeOf, Symbol, process,
} = require('../globals/primordials');
const net = require('node:net');
const { finished, Readable } = require('node:stream');
const { IncomingMessage: Builtin } = require('../compat/builtin');
const { initializeReadable, silence } = require('./emitter');
const { addDistinctField, addField, headersOf } = require('../parser/header-fields');
const { lazy } = require('../compat/lazy');
const { follow } = require('../compat/mirror-shape');
const { closesAtOnce, detachesSignal, dumpsAndCloses, endsUnread, hasSignal, joinsDuplicates } = require('../compat/node-features');
const { ownSymbols } = require('../compat/own-symbol');
const { isLazy } = require('../transport/lazy-state');

const { emit, push, read } = Readable.prototype;
const { resume: plainResume } = net.Socket.prototype;
const sample = new Builtin(undefined);
// Reading them makes the symbols of the distinct headers appear.
const distinctPrototype = ObjectGetPrototypeOf(sample.headersDistinct);
void sample.trailersDistinct;
const ofMessages = ownSymbols(sample);
const ofPrototype = ownSymbols(Builtin.prototype);

/** The headers object, or null until it is first read. */
const kHeaders = ofMessages('kHeaders') || Symbol('kHeaders');
/** How many entries of `rawHeaders` the headers object is built from. */
const kHeadersCount = ofMessages('kHeadersCount') || Symbol('kHeadersCount');
const kHeadersDistinct = ofMessages('kHeadersDistinct') || Symbol('kHeadersDistinct');
const kTrailers = ofMessages('kTrailers') || Symbol('kTrailers');
const kTrailersCount = ofMessages('kTrailersCount') || Symbol('kTrailersCount');
const kTrailersDistinct = ofMessages('kTrailersDistinct') || Symbol('kTrailersDistinct');

/** The state of `message.signal` (Node 24): its controller or null, and the socket and listener that report the end of the connection. */
const kAbortController = ofMessages('kAbortController') || Symbol('kAbortController');
const kAbortSignalSocket = ofMessages('kAbortSignalSocket') || Symbol('kAbortSignalSocket');
const kAbortSignalListener = ofMessages('kAbortSignalListener') || Symbol('kAbortSignalListener');
const kAbortSignalDetached = ofMessages('kAbortSignalDetached') || Symbol('kAbortSignalDetached');
/** Whether the message, when it is destroyed, leaves its socket open. */
const kLeavesSocket = Symbol('leavesSocket');
const kAttachAbortSignal = ofPrototype('kAttachAbortSignal') || Symbol('kAttachAbortSignal');
const kDetachAbortSignal = ofPrototype('kDetachAbortSignal') || Symbol('kDetachAbortSignal');

// Readable keeps no reference to its options: one object serves every message.
const streamOptions = { highWaterMark: undefined };

/**
 * Lets a socket flow again, unless the server has paused it because answers pile up.
 * @param {stream.Duplex|null} socket
 */
function readStart(socket) {
  if (!socket || socket._paused) return;
  // A lazy socket always flows, and a flowing one needs no resume(), unless the program has replaced that method.
  const hears = socket.resume !== plainResume;
  if ((hears || !isLazy(socket)) && socket.readable && (hears || socket.readableFlowing !== true)) socket.resume();
}

/**
 * Stops reading from a socket.
 * @param {stream.Duplex|null} socket
 */
function readStop(socket) {
  if (socket) socket.pause();
}

/**
 * @this {http.IncomingMessage}
 * @param {stream.Duplex} [socket] the source of the message; its readable high-water mark becomes the message's
 */
function IncomingMessage(socket) {
  if (socket) {
    streamOptions.highWaterMark = socket.readableHighWaterMark;
    initializeReadable(this, streamOptions);
  } else {
    initializeReadable(this);
  }
  // Keeps the stream from reading ahead before the program reads.
  this._readableState.readingMore = true;

  this.socket = socket;
  this.httpVersionMajor = null;
  this.httpVersionMinor = null;
  this.httpVersion = null;
  this.complete = false;
  this[kHeaders] = null;
  this[kHeadersCount] = 0;
  this.rawHeaders = [];
  this[kTrailers] = null;
  this[kTrailersCount] = 0;
  this.rawTrailers = [];
  if (joinsDuplicates) this.joinDuplicateHeaders = false;
  this.aborted = false;
  this.upgrade = null;
  this.url = '';
  this.method = null;
  this.statusCode = null;
  this.statusMessage = null;
  this.client = socket;
  this._consuming = false;
  this._dumped = false;
  if (hasSignal) this[kAbortController] = null;
  if (detachesSignal) {
    this[kAbortSignalSocket] = null;
    this[kAbortSignalListener] = null;
    this[kAbortSignalDetached] = false;
  }
}
/** @typedef {IncomingMessage} OwnIncomingMessage see types/lib.d.ts */
ObjectSetPrototypeOf(IncomingMessage.prototype, Readable.prototype);
ObjectSetPrototypeOf(IncomingMessage, Readable);

function defineAccessor(name, get, set) {
  ObjectDefineProperty(IncomingMessage.prototype, name, ObjectAssign(ObjectCreate(null), { get, set }));
}

// The old name of `socket`.
defineAccessor('connection', function get() {
  return this.socket;
}, function set(socket) {
  this.socket = socket;
});

defineAccessor('headers', /** @this {http.IncomingMessage} */ function get() {
  const known = this[kHeaders];
  if (known) return known;
  return this[kHeaders] = build(this, kHeaders, this.rawHeaders, this[kHeadersCount]);
}, function set(headers) {
  this[kHeaders] = headers;
});

defineAccessor('headersDistinct', function get() {
  return this[kHeadersDistinct] ||= buildDistinct(this, this.rawHeaders, this[kHeadersCount]);
}, function set(headers) {
  this[kHeadersDistinct] = headers;
});

defineAccessor('trailers', function get() {
  return this[kTrailers] ||= build(this, kTrailers, this.rawTrailers, this[kTrailersCount]);
}, function set(trailers) {
  this[kTrailers] = trailers;
});

defineAccessor('trailersDistinct', function get() {
  return this[kTrailersDistinct] ||= buildDistinct(this, this.rawTrailers, this[kTrailersCount]);
}, function set(trailers) {
  this[kTrailersDistinct] = trailers;
});

if (hasSignal) {
  // Aborted when either side gives up the message before its end. Made on first use.
  ObjectDefineProperty(IncomingMessage.prototype, 'signal', {
    __proto__: null,
    configurable: true,
    get: function get() {
      if (this[kAbortController] === null) {
        this[kAbortController] = new AbortController();
        if (this.aborted || (!detachesSignal && this.destroyed)) this[kAbortController].abort();
        else if (detachesSignal) this[kAttachAbortSignal]();
        else abortAtClose(this);
      }
      return this[kAbortController].signal;
    },
  });
}

// In the first releases that have `signal`, the end of the message aborts it, too.
function abortAtClose(message) {
  const controller = message[kAbortController];
  message.once('close', (() => function() { controller.abort(); })());
}

function build(message, key, list, count) {
  if (message._addHeaderLine === addHeaderLine && list.length >= count) return headersOf(list, count, joinsDuplicates && message.joinDuplicateHeaders);
  // A method that throws, or asks for the object, leaves or finds what there is so far.
  const target = message[key] = {};
  for (let i = 0; i < count; i += 2) message._addHeaderLine(list[i], list[i + 1], target);
  return target;
}

/**
 * Builds the headers object of a message that no code of the program has seen yet.
 * @param {http.IncomingMessage} message
 * @param {import('../parser/fields').Fields} fields of its head
 */
function presetHeaders(message, fields) {
  if (message._addHeaderLine !== addHeaderLine || message._addHeaderLines !== addHeaderLines) void message.headers;
  else message[kHeaders] ??= fields.headersOf(message.rawHeaders, message[kHeadersCount], joinsDuplicates && message.joinDuplicateHeaders);
}

/**
 * @param {http.IncomingMessage} message
 * @param {string} lower name of a field
 * @returns {string|undefined} its values in the raw list as it is now, joined
 */
function rawField(message, lower) {
  const list = message.rawHeaders;
  const count = message[kHeadersCount];
  let found;
  for (let n = 0; n < count; n += 2) {
    if (list[n].length === lower.length && list[n].toLowerCase() === lower) {
      found = found === undefined ? list[n + 1] : `${found}, ${list[n + 1]}`;
    }
  }
  return found;
}

/**
 * @param {http.IncomingMessage} message
 * @param {string} lower name of a field
 * @returns {string|undefined} `message.headers[lower]`. The object is not made for it, unless the program has changed what it would hold
 */
function headerOf(message, lower) {
  const isUnread = message[kHeaders] === null && message._addHeaderLine === addHeaderLine && message.rawHeaders.length >= message[kHeadersCount] &&
    ObjectGetPrototypeOf(message) === IncomingMessage.prototype && !ObjectHasOwn(message, 'headers');
  return isUnread ? rawField(message, lower) : message.headers?.[lower];
}

function buildDistinct(message, list, count) {
  const target = ObjectCreate(distinctPrototype);
  for (let i = 0; i < count; i += 2) message._addHeaderLineDistinct(list[i], list[i + 1], target);
  return target;
}

/**
 * @this {http.IncomingMessage}
 * @param {number} msecs passed to the socket's `setTimeout`
 * @param {Listener} [callback] becomes a listener of 'timeout'
 * @returns {http.IncomingMessage} this
 */
IncomingMessage.prototype.setTimeout = function setTimeout(msecs, callback) {
  if (callback) this.on('timeout', callback);
  this.socket.setTimeout(msecs);
  return this;
};

/** @this {http.IncomingMessage} */
IncomingMessage.prototype._read = function _read() {
  if (!this._consuming) {
    this._readableState.readingMore = false;
    this._consuming = true;
  }
  // The parser pushes; this only lets bytes come.
  if (this.socket && this.socket.readable) readStart(this.socket);
};

/**
 * Makes a message leave its socket open when it is destroyed, since an answer is still being written to it.
 * @param {http.IncomingMessage} message
 */
function leaveSocket(message) {
  message[kLeavesSocket] = true;
}

/** @this {http.IncomingMessage} */
IncomingMessage.prototype._destroy = function _destroy(error, callback) {
  if (!this.readableEnded || !this.complete) {
    this.aborted = true;
    this.emit('aborted');
    if (hasSignal && this[kAbortController] !== null) this[kAbortController].abort();
  }
  const { socket } = this;
  if (this.aborted && socket && !socket.destroyed && !this[kLeavesSocket]) {
    // Destroying a message destroys its connection: nothing could tell what follows from the rest of the body. It waits for the end
    // of the socket, with the listeners that this takes.
    socket.destroy(error);
    const cleanup = finished(socket, (failure) => {
      if (failure && failure.code === 'ERR_STREAM_PREMATURE_CLOSE') failure = null;
      cleanup();
      process.nextTick(settleDestroy, this, failure || error, callback);
    });
  } else if (closesAtOnce() && !error && !this.aborted) {
    callback();
  } else {
    process.nextTick(settleDestroy, this, error, callback);
  }
};

// Without a listener, the error would end the process.
function settleDestroy(message, error, callback) {
  // Asked in any case, as node does: a program may have replaced it.
  callback(message.listenerCount('error') > 0 && error ? error : null);
}

/**
 * Takes a list of fields: those of the head, or the trailers once the message is complete.
 * @this {http.IncomingMessage}
 * @param {string[]} list names and values in turn; kept as `rawHeaders` or `rawTrailers`
 * @param {number} count of the entries that the header objects are built from
 */
function addHeaderLines(list, count) {
  if (!list || list.length === 0) return;
  let target;
  if (this.complete) {
    this.rawTrailers = list;
    this[kTrailersCount] = count;
    target = this[kTrailers];
  } else {
    this.rawHeaders = list;
    this[kHeadersCount] = count;
    target = this[kHeaders];
  }
  if (target) {
    for (let i = 0; i < count; i += 2) this._addHeaderLine(list[i], list[i + 1], target);
  }
}
ObjectDefineProperty(addHeaderLines, 'name', { value: '_addHeaderLines' });
IncomingMessage.prototype._addHeaderLines = addHeaderLines;

/**
 * Adds one field to a headers object, by the rules of `message.headers`.
 * @param {string} field name as received
 * @param {string} value
 * @param {object} dest
 */
function addHeaderLine(field, value, dest) {
  addField(dest, field, value, joinsDuplicates && this.joinDuplicateHeaders);
}
ObjectDefineProperty(addHeaderLine, 'name', { value: '_addHeaderLine' });
IncomingMessage.prototype._addHeaderLine = addHeaderLine;

/**
 * Adds one field to an object of arrays.
 * @param {string} field name as received
 * @param {string} value
 * @param {object} dest
 */
IncomingMessage.prototype._addHeaderLineDistinct = function _addHeaderLineDistinct(field, value, dest) {
  addDistinctField(dest, field, value);
};

if (dumpsAndCloses) {
  /**
   * Ends a message that has no body as if it had been read.
   * @this {http.IncomingMessage}
   */
  IncomingMessage.prototype._dumpAndCloseReadable = function _dumpAndCloseReadable() {
    this._dumped = true;
    this._consuming = true;
    this._readableState.ended = true;
    closeAtRest(this);
  };
}

/**
 * Reads and discards the rest of the body, so that the parser can reach the next message on the connection.
 * @this {http.IncomingMessage}
 */
IncomingMessage.prototype._dump = function _dump() {
  if (this._dumped) return;
  this._dumped = true;
  // Drops what is already buffered.
  silence(this, 'data');
  const { destroyed, ended, length } = this._readableState;
  // From Node 26 on, a complete and empty message ends without flowing.
  if (endsUnread() && this.complete && ended && !destroyed && length === 0) this.read(0);
  else this.resume();
};

if (detachesSignal) {
  // Defined here and without names, like node's.
  IncomingMessage.prototype[kAttachAbortSignal] = (() => /** @this {http.IncomingMessage} */ function() {
    const { socket } = this;
    if (!socket || this[kAbortSignalDetached]) return;
    const controller = this[kAbortController];
    const listener = () => controller.abort();
    this[kAbortSignalSocket] = socket;
    this[kAbortSignalListener] = listener;
    socket.once('close', listener);
  })();

  IncomingMessage.prototype[kDetachAbortSignal] = (() => function() {
    this[kAbortSignalDetached] = true;
    if (this[kAbortSignalListener] === null) return;
    this[kAbortSignalSocket].removeListener('close', this[kAbortSignalListener]);
    this[kAbortSignalSocket] = null;
    this[kAbortSignalListener] = null;
  })();
}
follow(IncomingMessage.prototype, Builtin.prototype);

/**
 * Called when the exchange of a message is over: from then on the end of the socket does not abort its signal.
 * @param {http.IncomingMessage} message
 */
function detachSignal(message) {
  message[kDetachAbortSignal]?.();
}

// The methods that node calls on a message that ends by itself.
const { _destroy, _dump, _read } = IncomingMessage.prototype;
const { destroy, resume } = Readable.prototype;

function hasNodesMethods(message) {
  return message.emit === emit && message.push === push && message.read === read && message.resume === resume &&
    message.destroy === destroy && message._destroy === _destroy && message._dump === _dump && message._read === _read;
}

/**
 * Whether the program has not touched a message yet: no listener, nothing read or buffered, not paused, resumed or destroyed, and
 * no method replaced. What the stream does when such a message ends is visible only to code in a later tick.
 * @param {http.IncomingMessage} message
 * @returns {boolean}
 */
function isUntouched(message) {
  const state = message._readableState;
  return message._eventsCount === 0 && state.flowing === null && state.length === 0 && !message._consuming && !state.destroyed &&
    hasNodesMethods(message);
}

/** The value of `flowing` of an untouched message whose rest was discarded: see isUntouched(). */
const atRest = lazy(() => (endsUnread() ? null : true));

/**
 * Does what `_dump()` does to a complete, untouched message.
 * @param {http.IncomingMessage} message
 */
function dumpUntouched(message) {
  const state = message._readableState;
  message._dumped = true;
  state.flowing = atRest();
  if (endsUnread()) return;
  // removeAllListeners() decides by these two.
  state.paused = false;
  state.resumeScheduled = true;
}

/**
 * @param {http.IncomingMessage} message after dumpUntouched()
 * @param {Function} onEnd the only listener of 'end' that it may have
 * @returns {boolean} whether the program has not touched it since
 */
function isAtRest(message, onEnd) {
  const state = message._readableState;
  const count = message._eventsCount;
  return (count === 0 || (count === 1 && message._events.end === onEnd)) && state.flowing === atRest() && state.length === 0 &&
    !message._consuming && !state.destroyed && !state.endEmitted && hasNodesMethods(message);
}

/**
 * Leaves a message at rest in the state that reading it to the end would produce.
 * @param {http.IncomingMessage} message
 */
function closeAtRest(message) {
  const state = message._readableState;
  state.resumeScheduled = false;
  state.endEmitted = true;
  state.destroyed = true;
  state.closed = true;
  state.closeEmitted = true;
}

module.exports = {
  __proto__: null,
  IncomingMessage,
  addHeaderLine,
  addHeaderLines,
  closeAtRest,
  detachSignal,
  dumpUntouched,
  headerOf,
  isAtRest,
  isUntouched,
  kHeaders,
  kHeadersCount,
  leaveSocket,
  presetHeaders,
  rawField,
  readStart,
  readStop,
  ...(detachesSignal && { kDetachAbortSignal }),
};
