'use strict';
// HTTPParser: the class that `_http_common` exports, over the parser core.
//
// Owns the life of a parser and the flow of its input through the core. Never looks at a byte itself: the core decides what a
// message is and where it ends. The core does not call back: its events are dispatched after it has returned (dispatch.js).

const {
  ArrayBuffer, Error, FinalizationRegistry, Int32Array, Map, ObjectAssign, ObjectSetPrototypeOf, TypeError,
} = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const { AsyncResource } = require('node:async_hooks');
const builtin = require('../compat/builtin');
const { follow } = require('../compat/mirror-shape');
const { lenientBits, llhttp, refusesManyFields } = require('../compat/node-features');
const { ownSymbol } = require('../compat/own-symbol');
const native = require('../native/addon');
const {
  event: { BEGIN, HEAD, BODY },
  run: { LENGTH, STOP, CONSUMED, FIRST_EVENT, STOP_DONE, STOP_FULL, STOP_HEAD, STOP_ERROR, AUTO_CONTINUE, STRICT },
} = require('../native/layout');
const { EVENT_WORDS, closeDelivery, copyOf, deliveryOf, openDelivery, ownCopy, spareEvents, unshared } = require('./deliveries');
const { deliverAll, deliverRest, nextEvent } = require('./dispatch');
const { noteFailure } = require('./failures');
const { Fields } = require('./fields');
const { HTTPServerAsyncResource, Scope, beginScope, canBegin, triggerOf } = require('./scope');
const {
  IN_READ, kAutoContinue, kDrainsTicks, kMaker, kHandle, kResource, kInitialized, kStarted, kHeadersCompleted, kUnused, kFailedAt, kInputStart, kPieceEnd,
  kConnections, kDelivery, kPausing, kConsumer, kType, kPairs, kFields,
} = require('./state');

const REQUEST = 1;
const RESPONSE = 2;

const kOnExecute = 5;

// The async types by which hooks know the two roles of a parser.
const ASYNC_TYPES = { [REQUEST]: 'HTTPINCOMINGMESSAGE', [RESPONSE]: 'HTTPCLIENTREQUEST' };

// Results of kOnHeadersComplete: 0 to 2 and 21 (pause) have a meaning, any other number is a failure.
const HIGHEST_DECISION = 21;
const UNKNOWN_DECISION = 3;
/** For the core: any number of fields. */
const NO_LIMIT = -1;

/** Instead of the number of bytes before an error. */
const NOT_FAILED = -1;

const [LLHTTP_MAJOR, LLHTTP_MINOR] = llhttp;
/** The core knows the flags of every release, and our own STRICT; flags that the running release lacks have no effect. */
const LENIENT_BITS = lenientBits | STRICT;

// Releases the native part of parsers that were collected.
const released = new FinalizationRegistry(native.releaseParser);

/**
 * An incremental HTTP/1.x parser. Set callbacks in the slots `kOnMessageBegin` to `kOnMessageComplete`, call `initialize()`, then
 * `execute()` with each piece of input.
 */
class HTTPParser {
  constructor() {
    this[kHandle] = native.createParser();
    released.register(this, this[kHandle]);
    this[kResource] = null;
    this[kType] = 0;
    this[kInitialized] = 0;
    this[kAutoContinue] = false;
    this[kDrainsTicks] = false;
    this[kMaker] = null;
    this[kStarted] = -1;
    this[kHeadersCompleted] = false;
    this[kUnused] = true;
    this[kFailedAt] = NOT_FAILED;
    this[kInputStart] = 0;
    this[kPieceEnd] = 0;
    this[kConnections] = null;
    this[kDelivery] = 0;
    this[kPausing] = false;
    this[kConsumer] = null;
    this[kPairs] = undefined;
    this[kFields] = new Fields();
  }
}

const methods = {
  /**
   * Prepares the parser for a new connection.
   * @param {number} type HTTPParser.REQUEST or HTTPParser.RESPONSE
   * @param {object} [resource] the parser works for it; the async id of its `socket` becomes the parser's trigger
   * @param {number} [maxHeaderSize] size of a head in bytes that is refused with HPE_HEADER_OVERFLOW; 0 for the process's limit
   * @param {number} [lenient] kLenient* flags
   * @param {Set<HTTPParser>} [connections] the parser is in it until `remove()`, `free()` or `close()`
   */
  initialize(type, resource, maxHeaderSize = 0, lenient = 0, connections = undefined) {
    if (ASYNC_TYPES[type] === undefined) throw new TypeError('type must be HTTPParser.REQUEST or HTTPParser.RESPONSE');
    endResource(this);
    this[kResource] = resourceFor(this, type, resource);
    this[kType] = type;
    this[kInitialized]++;
    this[kDelivery] = 0;
    this[kHeadersCompleted] = false;
    this[kUnused] = true;
    this[kFailedAt] = NOT_FAILED;
    this[kStarted] = -1;
    this[kFields].forget();
    this[kPairs] = this.maxHeaderPairs;
    native.parserReset(this[kHandle], type, LLHTTP_MAJOR, LLHTTP_MINOR, lenient & LENIENT_BITS, maxHeaderSize || builtin.maxHeaderSize,
                       maxFields(this[kPairs]));
    if (connections !== undefined && connections !== null) {
      this[kStarted] = native.now();
      this[kConnections] = connections;
      connections.add(this);
    }
  },

  /**
   * Parses one piece of input and calls back for everything that it completes.
   * @param {Uint8Array} chunk
   * @returns {number|Error} how many bytes were parsed: fewer than given if another protocol takes over (upgrade, CONNECT); or the
   *   parse error, with `bytesParsed`, `code` and `reason`
   */
  execute(chunk) {
    if (!ArrayBuffer.isView(chunk)) throw new TypeError('chunk must be a Buffer, TypedArray or DataView');
    if (this[kInitialized] === 0) throw new TypeError('the parser was not initialized');
    const own = unshared(chunk);
    // A callback may execute again, on this parser or another: its events must not overwrite these.
    const events = spareEvents();
    const before = this[kDelivery];
    this[kDelivery] = openDelivery(own, 0, own.byteLength);
    try {
      return parse(this, own, events);
    } finally {
      executed(this, before);
    }
  },

  /**
   * Tells the parser that the input has ended.
   * @returns {undefined|Error} an error if a message was cut short
   */
  finish() {
    if (this[kInitialized] === 0) return undefined;
    catchUp(this);
    const events = spareEvents();
    openDelivery(undefined, 0, 0);
    try {
      native.parserFinish(this[kHandle], events);
      deliverAll(this, '', events, 0);
      return events[STOP] === STOP_ERROR ? parseError(this, events[CONSUMED]) : undefined;
    } finally {
      closeDelivery();
    }
  },

  /** Makes `execute()` return HPE_PAUSED until `resume()`. An execution in progress goes on. */
  pause() {
    if (this[kDelivery] !== 0) this[kPausing] = true;
    else if (this[kInitialized] !== 0) native.parserPause(this[kHandle]);
  },

  /** Ends `pause()`. */
  resume() {
    this[kPausing] = false;
    if (this[kInitialized] !== 0) native.parserResume(this[kHandle]);
  },

  /** Takes the parser out of its connections list. */
  remove() {
    const connections = this[kConnections];
    if (connections !== null) {
      this[kConnections] = null;
      connections.delete(this);
    }
  },

  /** Ends the parser's async resource; the parser may be initialized again. The rest of an execution in progress is not delivered. */
  free() {
    if (this[kInitialized] !== 0) this[kInitialized]++;
    this[kDelivery] = 0;
    this[kFields].forget();
    this.remove();
    endResource(this);
  },

  /** Ends the parser's async resource for good. */
  close() {
    this.remove();
    endResource(this);
  },

  /**
   * Reads input from the socket that owns `handle`; the slot `kOnExecute` gets each result of `execute()`.
   * @param {object} handle the `_handle` of a net.Socket
   */
  consume(handle) {
    const socket = ownerOf(handle);
    if (socket === undefined) throw new TypeError('handle must be that of a net.Socket');
    this.unconsume();
    const onData = (chunk) => {
      const result = this.execute(chunk);
      const onExecute = this[kOnExecute];
      if (typeof onExecute === 'function') onExecute.call(this, result);
    };
    this[kConsumer] = { socket, onData };
    socket.on('data', onData);
  },

  /** Ends `consume()`. */
  unconsume() {
    const consumer = this[kConsumer];
    if (consumer !== null) {
      this[kConsumer] = null;
      consumer.socket.removeListener('data', consumer.onData);
    }
  },

  /** @returns {Buffer} a copy of the input being executed, or an empty Buffer */
  getCurrentBuffer() {
    return copyOf(this[kDelivery]);
  },

  /** @returns {number} milliseconds since the current message began (or the connection, before its first message); 0 when idle */
  duration() {
    return durationOf(this);
  },

  /** @returns {boolean} whether the head of the current message is complete */
  headersCompleted() {
    return this[kHeadersCompleted];
  },
};

// node's parser has these on a prototype of their own.
const asyncMethods = {
  /** @returns {number} the async id of the current use, or -1 before `initialize()` and after `free()` */
  getAsyncId() {
    const resource = this[kResource];
    return resource === null ? -1 : resource.asyncId();
  },

  /** Begins a new async resource of the same type. */
  asyncReset() {
    const type = this[kType];
    if (type === 0) return;
    endResource(this);
    this[kResource] = new AsyncResource(ASYNC_TYPES[type], { requireManualDestroy: true });
  },

  /** @returns {number} the running Node's number of the async type */
  getProviderType() {
    return providerType(this[kType]);
  },
};

class AsyncWrap {}
ObjectAssign(AsyncWrap.prototype, asyncMethods);
ObjectSetPrototypeOf(HTTPParser.prototype, AsyncWrap.prototype);
ObjectSetPrototypeOf(HTTPParser, AsyncWrap);
ObjectAssign(HTTPParser.prototype, methods);
// REQUEST, RESPONSE, the slots and the lenient flags: the running Node's own numbers.
ObjectAssign(HTTPParser, builtin.HTTPParser);

// From Node 22 on, parsers have no duration() and no headersCompleted().
follow(HTTPParser.prototype, builtin.HTTPParser.prototype);

/**
 * @param {HTTPParser} parser
 * @returns {number} milliseconds since the current message began (or the connection, before its first message); 0 when idle
 */
function durationOf(parser) {
  return parser[kStarted] < 0 ? 0 : (native.now() - parser[kStarted]) | 0;
}

/**
 * @param {HTTPParser} parser
 * @returns {boolean} whether the head of the current message is complete
 */
function hasHead(parser) {
  return parser[kHeadersCompleted];
}

/**
 * @param {HTTPParser} parser
 * @returns {boolean} whether no byte of a message has come since it was initialized
 */
function isUnused(parser) {
  return parser[kUnused];
}

/**
 * Called when the core has answered whole messages without this parser's events.
 * @param {HTTPParser} parser
 */
function noteAnswered(parser) {
  // A message that has begun came after them.
  if (!parser[kUnused]) return;
  parser[kUnused] = false;
  parser[kHeadersCompleted] = true;
  parser[kStarted] = -1;
}

function providerType(type) {
  const genuine = new builtin.HTTPParser();
  if (type !== 0) genuine.initialize(type, {});
  const number = genuine.getProviderType();
  genuine.close();
  return number;
}

function endResource(parser) {
  const resource = parser[kResource];
  if (resource !== null) {
    parser[kResource] = null;
    resource.emitDestroy();
  }
}

// Picks the parser's async resource. What is reported of a response may come after its parser has left it.
function resourceFor(parser, type, resource) {
  if (type === REQUEST && canBegin && resource instanceof HTTPServerAsyncResource) {
    return beginScope(parser[kHandle], ASYNC_TYPES[type], resource);
  }
  return new AsyncResource(ASYNC_TYPES[type], { triggerAsyncId: triggerOf(resource), requireManualDestroy: true });
}

// All handles have the same symbol; finding it costs 1.5 us.
let kOwner;

function ownerOf(handle) {
  kOwner ??= ownSymbol(handle, 'owner_symbol');
  return kOwner === undefined ? undefined : handle[kOwner];
}

function parse(parser, chunk, events) {
  return parseOn(parser, chunk, events, feed(parser, chunk, 0, 0, events), 0);
}

function feed(parser, chunk, offset, decision, events) {
  limitFields(parser);
  return native.parserExecute(parser[kHandle], chunk, offset, parser[kAutoContinue] ? decision | AUTO_CONTINUE : decision, events);
}

// A program may change `maxHeaderPairs` at any time.
function limitFields(parser) {
  if (parser.maxHeaderPairs === parser[kPairs]) return;
  parser[kPairs] = parser.maxHeaderPairs;
  native.parserMaxFields(parser[kHandle], maxFields(parser[kPairs]));
}

// The number of fields in that many names and values. Anything but a positive number means no limit; so does a number that no head can reach.
function maxFields(pairs) {
  return refusesManyFields && typeof pairs === 'number' && pairs > 0 && pairs < 2 ** 31 ? pairs >> 1 : NO_LIMIT;
}

// Delivers what the core has parsed from `start` on (`text` is undefined if no event has any), and makes the core go on with
// `input` if it waits for a decision or ran out of event words.
function parseOn(parser, input, events, text, start, isEntered = false) {
  const use = parser[kInitialized];
  const delivery = deliveryOf(parser[kDelivery]);
  parser[kInputStart] = start;
  let offset = start;
  for (;;) {
    delivery.text = text ?? '';
    delivery.events = events;
    delivery.offset = offset;
    let decision = deliverAll(parser, delivery.text, events, offset, isEntered);
    isEntered = false;
    offset += events[CONSUMED];
    // If a callback gave the parser to another connection, the input of this one ends here.
    if (parser[kInitialized] !== use) return offset - start;
    switch (events[STOP]) {
      case STOP_FULL:
        decision = 0;
        break;
      case STOP_HEAD:
        decision |= 0;
        if (decision < 0 || decision > HIGHEST_DECISION) decision = UNKNOWN_DECISION;
        break;
      case STOP_ERROR:
        return parseError(parser, offset - start);
      default:
        return offset - start;
    }
    if (events.length < EVENT_WORDS) events = new Int32Array(EVENT_WORDS);
    text = feed(parser, input, offset, decision, events);
  }
}

/**
 * Delivers what the core has read and parsed: `execute()` for such connections.
 * @param {HTTPParser} parser
 * @param {Buffer} input the core's memory with the bytes read
 * @param {number} start where they begin in it
 * @param {number} length how many there are
 * @param {string} text of the events
 * @param {Int32Array} events
 * @param {boolean} isEntered whether the parser's async scope is entered, and unused so far
 * @returns {number|Error} as `execute()`
 */
function deliverParsed(parser, input, start, length, text, events, isEntered) {
  // Earlier events are delivered first.
  if (parser[kDelivery] !== 0) catchUp(parser);
  // For the next read: this one is parsed already.
  limitFields(parser);
  const end = start + length;
  const before = parser[kDelivery];
  parser[kDelivery] = openDelivery(input, start, end);
  try {
    const goesOn = events[STOP] === STOP_FULL || events[STOP] === STOP_HEAD;
    // A stop in the middle of the input goes on with the rest of these same bytes.
    return parseOn(parser, goesOn ? input.subarray(0, end) : input, events, text, start, isEntered);
  } finally {
    executed(parser, before);
  }
}

/**
 * Delivers the remaining events of a delivery of this parser while one of its callbacks runs the event loop, because more has come for the parser.
 * @param {HTTPParser} parser
 * @returns {boolean} false if the parser waits for the result of that callback: its end must be awaited
 */
function catchUp(parser) {
  if (parser[kDelivery] === 0) return true;
  const { text, events, offset } = deliveryOf(parser[kDelivery]);
  if (events?.[STOP] !== STOP_DONE) return false;
  deliverRest(parser, text, events, offset);
  return true;
}

// What came for parsers meanwhile.
const postponed = new Map();

/**
 * Keeps a copy of bytes for later if a delivery of the parser waits for the result of a callback that runs the event loop.
 * @param {HTTPParser} parser
 * @param {Uint8Array} chunk
 * @returns {boolean} false if the parser can take it now
 */
function postpone(parser, chunk) {
  if (catchUp(parser)) return false;
  const chunks = postponed.get(parser);
  if (chunks === undefined) postponed.set(parser, [ownCopy(chunk)]);
  else chunks.push(ownCopy(chunk));
  return true;
}

/**
 * @param {HTTPParser} parser that has finished the delivery it waited for
 * @returns {Uint8Array|undefined} what came meanwhile
 */
function takePostponed(parser) {
  if (postponed.size === 0) return undefined;
  const chunks = postponed.get(parser);
  postponed.delete(parser);
  return chunks && Buffer.concat(chunks);
}

/**
 * @param {object} parser
 * @returns {number} how many of the next bytes must all be content; 0 if the next byte may be something else, and for a parser of a program's own
 */
function contentAhead(parser) {
  const handle = parser[kHandle];
  return handle === undefined ? 0 : native.parserContent(handle);
}

/**
 * @param {HTTPParser} parser
 * @returns {number} 1 if the core need not stop at each head, else 0
 */
function autoContinues(parser) {
  return parser[kAutoContinue] ? 1 : 0;
}

/** @param {HTTPParser|null} parser @returns {Scope|null} its scope, if the core can enter it */
function scopeOf(parser) {
  const resource = resourceOf(parser);
  return resource instanceof Scope ? resource : null;
}

/** @param {HTTPParser|null|undefined} parser @returns {AsyncResource|Scope|null} the resource by which async hooks know what it parses now */
function resourceOf(parser) { return parser ? parser[kResource] : null; }

/**
 * Calls back within the async scope of a parser's connection.
 * @param {HTTPParser|null} parser
 * @param {Function} callback
 * @param {*} receiver its `this`
 * @param {...*} args
 * @returns {*} what the callback returned
 */
function runInParserScope(parser, callback, receiver, ...args) {
  return runInScope(resourceOf(parser), callback, receiver, ...args);
}

/** `runInParserScope()` for a resource that `resourceOf()` returned. */
function runInScope(resource, callback, receiver, ...args) {
  return resource === null ? callback.apply(receiver, args) : resource.runInAsyncScope(noting, receiver, resource, callback, args);
}

function noting(resource, callback, args) {
  let hasThrown = true;
  try {
    const answer = callback.apply(this, args);
    hasThrown = false;
    return answer;
  } finally {
    if (hasThrown) noteFailure(resource);
  }
}

// Closes a parser's delivery and returns to the one that it had before.
function executed(parser, before) {
  closeDelivery();
  parser[kDelivery] = before;
  if (parser[kPausing]) {
    parser[kPausing] = false;
    parser.pause();
  }
}

/**
 * @param {Int32Array} events brought by a transport
 * @returns {boolean} whether they are of more than one message
 */
function holdsSeveral(events) {
  if (events[FIRST_EVENT] !== BEGIN || events[FIRST_EVENT + 1] !== HEAD) return false;
  const length = events[LENGTH];
  let at = nextEvent(events, FIRST_EVENT + 1);
  while (at < length && events[at] === BODY) at = nextEvent(events, at);
  return length > at + 1;
}

/**
 * @param {HTTPParser} parser
 * @returns {object} its native part
 */
function handleOf(parser) {
  return parser[kHandle];
}

function parseError(parser, bytesParsed) {
  // The first error stays, with its position, whatever is executed afterwards.
  if (parser[kFailedAt] < 0) parser[kFailedAt] = bytesParsed;
  else bytesParsed = parser[kFailedAt];
  const [, code, reason] = /^(\S+) (.*)$/s.exec(native.parserError(parser[kHandle]));
  /** @type {Failure} */
  const error = new Error('Parse Error');
  error.bytesParsed = bytesParsed;
  error.code = code;
  error.reason = reason;
  return error;
}

module.exports = {
  HTTPParser, IN_READ, STRICT, contentAhead, deliverParsed, catchUp, durationOf, handleOf, hasHead, holdsSeveral, runInScope, isUnused, kDrainsTicks, kFields, kMaker, kAutoContinue, noteAnswered, postpone, resourceOf, autoContinues, scopeOf, takePostponed, runInParserScope,
};
