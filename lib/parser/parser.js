'use strict';
// HTTPParser: the class that `_http_common` shows, over the parser core.
//
// Owns the life of a parser and the way of its input through the core. Never looks at a byte itself: what a message is, and where it
// ends, is the core's answer. The core does not call back: what it found is dispatched when it has returned (dispatch.js).

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
  run: { LENGTH, STOP, CONSUMED, FIRST_EVENT, STOP_DONE, STOP_FULL, STOP_HEAD, STOP_ERROR, RUN_ON, STRICT },
} = require('../native/layout');
const { EVENT_WORDS, closeDelivery, copyOf, deliveryOf, openDelivery, spareEvents, unshared } = require('./deliveries');
const { deliverAll, deliverRest, nextEvent } = require('./dispatch');
const { noteFailure } = require('./failures');
const { Fields } = require('./fields');
const { HTTPServerAsyncResource, Scope, beginScope, canBegin, triggerOf } = require('./scope');
const {
  IN_READ, kRunOn, kDrainsTicks, kMaker, kHandle, kResource, kInitialized, kStarted, kHeadersCompleted, kUnused, kFailedAt, kInputStart, kPieceEnd,
  kConnections, kDelivery, kPausing, kConsumer, kType, kPairs, kFields,
} = require('./state');

const REQUEST = 1;
const RESPONSE = 2;

const kOnExecute = 5;

// The async types under which hooks see the two roles of a parser.
const ASYNC_TYPES = { [REQUEST]: 'HTTPINCOMINGMESSAGE', [RESPONSE]: 'HTTPCLIENTREQUEST' };

// Answers of kOnHeadersComplete: 0 to 2 and 21 (pause) mean something, any other number is a failure.
const HIGHEST_DECISION = 21;
const UNKNOWN_DECISION = 3;
/** For the core: any number of fields. */
const NO_LIMIT = -1;

/** In place of the bytes at which an error was found. */
const NOT_FAILED = -1;

const [LLHTTP_MAJOR, LLHTTP_MINOR] = llhttp;
/** The core knows the flags of every release, and STRICT, which is ours; those that the running one does not have mean nothing. */
const LENIENT_BITS = lenientBits | STRICT;

// Parsers that were collected give back their native part.
const released = new FinalizationRegistry(native.releaseParser);

/**
 * An incremental HTTP/1.x parser. Set callbacks at the slots `kOnMessageBegin` to `kOnMessageComplete`, call
 * `initialize()`, then `execute()` with each piece of input.
 */
class HTTPParser {
  constructor() {
    this[kHandle] = native.createParser();
    released.register(this, this[kHandle]);
    this[kResource] = null;
    this[kType] = 0;
    this[kInitialized] = 0;
    this[kRunOn] = false;
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
   * Makes the parser ready for a new connection.
   * @param {number} type HTTPParser.REQUEST or HTTPParser.RESPONSE
   * @param {object} [resource] what the parser works for; the async id of its `socket` becomes the trigger of this parser
   * @param {number} [maxHeaderSize] bytes of a head that are refused with HPE_HEADER_OVERFLOW; 0 for the process's limit
   * @param {number} [lenient] kLenient* flags
   * @param {Set<HTTPParser>} [connections] joined until `remove()`, `free()` or `close()`
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
   * Parses one piece of input and calls back for what it completes.
   * @param {Uint8Array} chunk
   * @returns {number|Error} bytes parsed: fewer than given where another protocol takes over (upgrade, CONNECT); or the
   *   parse error, with `bytesParsed`, `code` and `reason`
   */
  execute(chunk) {
    if (!ArrayBuffer.isView(chunk)) throw new TypeError('chunk must be a Buffer, TypedArray or DataView');
    if (this[kInitialized] === 0) throw new TypeError('the parser was not initialized');
    const own = unshared(chunk);
    // A callback may execute again, on this parser or another: its events must not overwrite ours.
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
   * @returns {undefined|Error} an error where a message was cut short
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

  /** Makes `execute()` answer HPE_PAUSED until `resume()`; what is being executed goes on. */
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

  /** Ends the parser's async resource; the parser may be initialized again. What it is executing is not delivered from here on. */
  free() {
    if (this[kInitialized] !== 0) this[kInitialized]++;
    this[kDelivery] = 0;
    this[kFields].forget();
    this.remove();
    endResource(this);
  },

  /** Ends the parser's async resource; the parser is not used again. */
  close() {
    this.remove();
    endResource(this);
  },

  /**
   * Reads the input from the socket that owns `handle`; each result of `execute()` goes to the slot `kOnExecute`.
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

  /** @returns {number} milliseconds since the current message began (or the connection, before its first); 0 when idle */
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

  /** @returns {number} the running Node's number for the async type */
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

// Node 22 has these in its own core.
follow(HTTPParser.prototype, builtin.HTTPParser.prototype);

/**
 * @param {HTTPParser} parser
 * @returns {number} milliseconds since the current message began (or the connection, before its first); 0 when idle
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
 * Whole messages were parsed without it.
 * @param {HTTPParser} parser
 */
function noteAnswered(parser) {
  // One that has begun came behind them.
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

// What is told of a response may be told when its parser is done with it.
function resourceFor(parser, type, resource) {
  if (type === REQUEST && canBegin && resource instanceof HTTPServerAsyncResource) {
    return beginScope(parser[kHandle], ASYNC_TYPES[type], resource);
  }
  return new AsyncResource(ASYNC_TYPES[type], { triggerAsyncId: triggerOf(resource), requireManualDestroy: true });
}

// The symbol is one and the same for all handles; a search costs 1.5 us.
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
  return native.parserExecute(parser[kHandle], chunk, offset, parser[kRunOn] ? decision | RUN_ON : decision, events);
}

// A program may give `maxHeaderPairs` another value at any time.
function limitFields(parser) {
  if (parser.maxHeaderPairs === parser[kPairs]) return;
  parser[kPairs] = parser.maxHeaderPairs;
  native.parserMaxFields(parser[kHandle], maxFields(parser[kPairs]));
}

// How many fields that many names and values are. What is no positive number is no limit, nor is what no head can reach.
function maxFields(pairs) {
  return refusesManyFields && typeof pairs === 'number' && pairs > 0 && pairs < 2 ** 31 ? pairs >> 1 : NO_LIMIT;
}

// Delivers what the core found from `start` on (`text` is undefined where no event has any), and has it go on in `input` where it waits
// for a decision or has no more room.
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
    // A callback that took the parser for another connection ends this one's input.
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
 * Delivers what the native transport has read and parsed: its `execute()`.
 * @param {HTTPParser} parser
 * @param {Buffer} input the core's, in which the bytes read are
 * @param {number} start where in it the bytes read are
 * @param {number} length how many there are
 * @param {string} text of the events
 * @param {Int32Array} events
 * @param {boolean} isEntered whether the parser's async scope is entered, and nothing has been done in it
 * @returns {number|Error} as `execute()`
 */
function adopt(parser, input, start, length, text, events, isEntered) {
  // What came before comes before.
  if (parser[kDelivery] !== 0) catchUp(parser);
  // For the next read: this one is parsed.
  limitFields(parser);
  const end = start + length;
  const before = parser[kDelivery];
  parser[kDelivery] = openDelivery(input, start, end);
  try {
    const goesOn = events[STOP] === STOP_FULL || events[STOP] === STOP_HEAD;
    // A stop in the middle goes on with the rest of the very bytes that were read.
    return parseOn(parser, goesOn ? input.subarray(0, end) : input, events, text, start, isEntered);
  } finally {
    executed(parser, before);
  }
}

/**
 * Delivers now what a delivery of this parser has not come to, in a callback of which the event loop runs: more has come for the
 * parser.
 * @param {HTTPParser} parser
 * @returns {boolean} false where it waits for what that callback answers: its end is to be waited for
 */
function catchUp(parser) {
  if (parser[kDelivery] === 0) return true;
  const { text, events, offset } = deliveryOf(parser[kDelivery]);
  if (events?.[STOP] !== STOP_DONE) return false;
  deliverRest(parser, text, events, offset);
  return true;
}

// What came for parsers while they waited.
const postponed = new Map();

/**
 * Keeps bytes for later where a delivery of the parser waits for what its callback answers, of which the event loop runs.
 * @param {HTTPParser} parser
 * @param {Uint8Array} chunk of which nothing else is done then
 * @returns {boolean} false where the parser can take it now
 */
function postpone(parser, chunk) {
  if (catchUp(parser)) return false;
  const chunks = postponed.get(parser);
  if (chunks === undefined) postponed.set(parser, [chunk]);
  else chunks.push(chunk);
  return true;
}

/**
 * @param {HTTPParser} parser that has come to the end of what it waited with
 * @returns {Uint8Array|undefined} what came meanwhile
 */
function takePostponed(parser) {
  if (postponed.size === 0) return undefined;
  const chunks = postponed.get(parser);
  postponed.delete(parser);
  return chunks && Buffer.concat(chunks);
}

/**
 * @param {HTTPParser} parser
 * @returns {number} 1 where the core need not stop at each head, else 0
 */
function runsOn(parser) {
  return parser[kRunOn] ? 1 : 0;
}

/** @param {HTTPParser|null} parser @returns {Scope|null} which the core can enter */
function scopeOf(parser) {
  const resource = resourceOf(parser);
  return resource instanceof Scope ? resource : null;
}

/** @param {HTTPParser|null|undefined} parser @returns {AsyncResource|Scope|null} under which async hooks see what it parses now */
function resourceOf(parser) { return parser ? parser[kResource] : null; }

/**
 * Calls within the async scope of a parser's connection.
 * @param {HTTPParser|null} parser
 * @param {Function} callback
 * @param {*} receiver its `this`
 * @param {...*} args
 * @returns {*} what the callback returned
 */
function within(parser, callback, receiver, ...args) {
  return inScope(resourceOf(parser), callback, receiver, ...args);
}

/** As `within()`, of what `resourceOf()` has answered. */
function inScope(resource, callback, receiver, ...args) {
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

// The parser is done with its delivery, and with what it had before that again.
function executed(parser, before) {
  closeDelivery();
  parser[kDelivery] = before;
  if (parser[kPausing]) {
    parser[kPausing] = false;
    parser.pause();
  }
}

/**
 * @param {Int32Array} events that the native transport has brought
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
  // An error stays, with the number of its bytes, whatever else is executed.
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
  HTTPParser, IN_READ, STRICT, adopt, catchUp, durationOf, handleOf, hasHead, holdsSeveral, inScope, isUnused, kDrainsTicks, kFields, kMaker, kRunOn, noteAnswered, postpone, resourceOf, runsOn, scopeOf, takePostponed, within,
};
