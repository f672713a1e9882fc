'use strict';
// HTTPParser: the class that `_http_common` shows, over the parser core.
//
// Owns the dispatch of the core's flat event list to the callbacks in slots 0 to 4. Never looks at a byte itself: what a
// message is, and where it ends, is the core's answer. The core does not call back, so a callback may execute, close or
// reinitialize the parser it was called from.

const { Buffer } = require('node:buffer');
const { AsyncResource, executionAsyncId } = require('node:async_hooks');
const { Socket } = require('node:net');
const builtin = require('./builtin');
const { follow } = require('./likeness');
const { lenientBits, llhttp, refusesManyFields } = require('./lines');
const native = require('./native');
const { EVENT_WORDS, closeDelivery, copyOf, deliveryOf, openDelivery, pieceOf, spareEvents, unshared } = require('./parser-deliveries');
const { Fields, fieldList } = require('./parser-fields');
const { drainTicks } = require('./ticks');

const REQUEST = 1;
const RESPONSE = 2;

const kOnMessageBegin = 0;
const kOnHeaders = 1;
const kOnHeadersComplete = 2;
const kOnBody = 3;
const kOnMessageComplete = 4;
const kOnExecute = 5;

// The async types under which hooks see the two roles of a parser.
const ASYNC_TYPES = { [REQUEST]: 'HTTPINCOMINGMESSAGE', [RESPONSE]: 'HTTPCLIENTREQUEST' };

// Words of the event array, as src/binding/parser.rs fills it: a short header, then the events of src/parser/event.rs.
const LENGTH = 0;
const STOP = 1;
const CONSUMED = 2;
const NOW = 3;
const CURSOR = 4;
const FIRST_EVENT = 5;

// Answers of kOnHeadersComplete: 0 to 2 and 21 (pause) mean something, any other number is a failure. RUN_ON is ours.
const HIGHEST_DECISION = 21;
const UNKNOWN_DECISION = 3;
const RUN_ON = 256;
/** For the core: any number of fields. */
const NO_LIMIT = -1;

// How the core came to a stop.
const STOP_DONE = 0;
const STOP_FULL = 1;
const STOP_HEAD = 2;
const STOP_ERROR = 4;

// Events, and the flags of a head.
const BEGIN = 0;
const HEADERS = 1;
const HEAD = 2;
const BODY = 3;
const COMPLETE = 4;
const KEEP_ALIVE = 1;
const UPGRADE = 2;
const FLUSHED = 4;

// Sticky errors that a throwing callback leaves behind.
const FAILED_HEADERS_COMPLETE = 0;
const FAILED_BODY = 1;
const FAILED_MESSAGE_COMPLETE = 2;

// What a delivery answers when a callback initialized the parser anew: the rest of the events is nobody's.
const ABANDONED = Symbol('abandoned');
/** In place of the bytes at which an error was found. */
const NOT_FAILED = -1;

const [LLHTTP_MAJOR, LLHTTP_MINOR] = llhttp;
/** Ours, beyond the bits of node's lenient flags: the strict mode of the core. */
const STRICT = 1 << 30;
/** The core knows the flags of every release; those that the running one does not have mean nothing. */
const LENIENT_BITS = lenientBits | STRICT;

/**
 * Set on a parser whose callbacks answer 0 for every request head that asks for no upgrade, and every final response but 304: the
 * core then need not stop there. They make nothing of the fields of a message that is refused before its head is complete.
 */
const kRunOn = Symbol('runOn');
/**
 * Set on a parser that is fed by its connection's handle, not by a listener of 'data': ticks and microtasks run behind each piece of a
 * body then, before the parser goes on. So a program can answer, listen, or destroy the connection before the message is complete.
 */
const kDrainsTicks = Symbol('drainsTicks');
const kHandle = Symbol('handle');
const kResource = Symbol('resource');
const kInitialized = Symbol('initialized');
const kStarted = Symbol('started');
const kHeadersCompleted = Symbol('headersCompleted');
const kUnused = Symbol('unused');
const kFailedAt = Symbol('failedAt');
// Where the input begins that is being executed, in the memory it lies in; and where in it the last piece of a body ended.
const kInputStart = Symbol('inputStart');
const kPieceEnd = Symbol('pieceEnd');
const kConnections = Symbol('connections');
const kDelivery = Symbol('delivery');
const kPausing = Symbol('pausing');
const kConsumer = Symbol('consumer');
const kType = Symbol('type');
const kPairs = Symbol('pairs');
const kFields = Symbol('fields');
// node keeps a socket's async id under a symbol of its own.
const kAsyncId = Object.getOwnPropertySymbols(new Socket()).find((symbol) => symbol.description === 'async_id_symbol');

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
    const asyncType = ASYNC_TYPES[type];
    if (asyncType === undefined) throw new TypeError('type must be HTTPParser.REQUEST or HTTPParser.RESPONSE');
    endResource(this);
    this[kResource] = new AsyncResource(asyncType, { triggerAsyncId: triggerOf(resource), requireManualDestroy: true });
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

  /** Ends the parser's async resource; the parser may be initialized again. What it is executing reaches nobody from here on. */
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
Object.assign(AsyncWrap.prototype, asyncMethods);
Object.setPrototypeOf(HTTPParser.prototype, AsyncWrap.prototype);
Object.setPrototypeOf(HTTPParser, AsyncWrap);
Object.assign(HTTPParser.prototype, methods);
// REQUEST, RESPONSE, the slots and the lenient flags: the running Node's own numbers.
Object.assign(HTTPParser, builtin.HTTPParser);

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

function triggerOf(resource) {
  const id = resource?.socket?.[kAsyncId];
  return typeof id === 'number' && id > 0 ? id : executionAsyncId();
}

function ownerOf(handle) {
  const owner = Object.getOwnPropertySymbols(handle).find((symbol) => symbol.description === 'owner_symbol');
  return owner === undefined ? undefined : handle[owner];
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
function parseOn(parser, input, events, text, start) {
  const use = parser[kInitialized];
  const delivery = deliveryOf(parser[kDelivery]);
  parser[kInputStart] = start;
  let offset = start;
  for (;;) {
    delivery.text = text ?? '';
    delivery.events = events;
    delivery.offset = offset;
    let decision = deliverAll(parser, delivery.text, events, offset);
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
 * @returns {number|Error} as `execute()`
 */
function adopt(parser, input, start, length, text, events) {
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
    return parseOn(parser, goesOn ? input.subarray(0, end) : input, events, text, start);
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

/**
 * Calls within the async scope of a parser's connection.
 * @param {HTTPParser|null} parser
 * @param {Function} callback
 * @param {*} receiver its `this`
 * @param {...*} args
 * @returns {*} what the callback returned
 */
function within(parser, callback, receiver, ...args) {
  const resource = parser ? parser[kResource] : null;
  return resource === null ? callback.apply(receiver, args) : resource.runInAsyncScope(callback, receiver, ...args);
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
  let at = FIRST_EVENT + 1 + 8 + 4 * events[FIRST_EVENT + 8];
  while (at < length && events[at] === BODY) at += 3;
  return length > at + 1;
}

/**
 * @param {HTTPParser} parser
 * @returns {object} its native part
 */
function handleOf(parser) {
  return parser[kHandle];
}

// Calls back for every event; answers what the callback of the last head decided. Each body piece gets an async scope of
// its own, what lies between shares one.
function deliverAll(parser, text, events, offset) {
  events[CURSOR] = FIRST_EVENT;
  return deliverRest(parser, text, events, offset);
}

function deliverRest(parser, text, events, offset) {
  const length = events[LENGTH];
  let decision = 0;
  while (events[CURSOR] < length) {
    // A scope that nobody sees from inside would only be seen by async hooks.
    if (events[events[CURSOR]] === COMPLETE && typeof parser[kOnMessageComplete] !== 'function') {
      parser[kStarted] = -1;
      events[CURSOR]++;
      continue;
    }
    const drains = parser[kDrainsTicks] && events[events[CURSOR]] === BODY;
    const resource = parser[kResource];
    decision = resource === null ?
      deliver(parser, text, events, offset) :
      resource.runInAsyncScope(deliver, undefined, parser, text, events, offset);
    if (decision === ABANDONED) return 0;
    if (drains && !drain(parser, events)) {
      events[CURSOR] = length;
      return 0;
    }
  }
  return decision;
}

// Answers whether the parser goes on: it is still the one of the same connection, and no tick has thrown, which ends the message as a
// callback that throws does. Nothing else learns of that.
function drain(parser, events) {
  const use = parser[kInitialized];
  try {
    drainTicks();
  } catch (error) {
    if (parser[kInitialized] === use) fail(parser, FAILED_BODY);
    // It is no business of those who have called the parser; and the async context of the tick that threw is still the current one.
    native.fatalException(error);
    events[STOP] = STOP_DONE;
    return false;
  }
  return parser[kInitialized] === use;
}

function fail(parser, which) {
  if (which === FAILED_BODY) parser[kFailedAt] = parser[kPieceEnd];
  native.parserFail(parser[kHandle], which);
}

// Where it is, stands in CURSOR before each callback: if that has the loop run, it may be taken further there, see catchUp().
function deliver(parser, text, events, offset) {
  const use = parser[kInitialized];
  const length = events[LENGTH];
  const first = events[CURSOR];
  let at = first;
  let decision = 0;
  let failure = -1;
  try {
    while (at < length) {
      switch (events[at]) {
        case BEGIN: {
          events[CURSOR] = at + 1;
          parser[kStarted] = events[NOW];
          parser[kHeadersCompleted] = false;
          parser[kUnused] = false;
          const onMessageBegin = parser[kOnMessageBegin];
          if (typeof onMessageBegin === 'function') onMessageBegin.call(parser);
          break;
        }
        case HEADERS: {
          if (parser[kRunOn] && isLost(events, at)) {
            events[CURSOR] = length;
            break;
          }
          const count = events[at + 3];
          events[CURSOR] = at + 4 + 4 * count;
          const onHeaders = parser[kOnHeaders];
          if (typeof onHeaders === 'function') {
            const url = text.substr(events[at + 1], events[at + 2]);
            onHeaders.call(parser, fieldList(text, events, at + 4, count), url);
          }
          break;
        }
        case HEAD: {
          events[CURSOR] = at + 8 + 4 * events[at + 7];
          parser[kHeadersCompleted] = true;
          failure = FAILED_HEADERS_COMPLETE;
          decision = deliverHead(parser, text, events, at);
          failure = -1;
          break;
        }
        case BODY: {
          if (at !== first) return decision;
          const start = offset + events[at + 1];
          const end = start + events[at + 2];
          events[CURSOR] = at + 3;
          const onBody = parser[kOnBody];
          parser[kPieceEnd] = end - parser[kInputStart];
          failure = FAILED_BODY;
          if (typeof onBody === 'function') onBody.call(parser, pieceOf(parser[kDelivery], start, end));
          failure = -1;
          if (parser[kDrainsTicks]) return parser[kInitialized] === use ? decision : ABANDONED;
          break;
        }
        case COMPLETE: {
          events[CURSOR] = at + 1;
          parser[kStarted] = -1;
          const onMessageComplete = parser[kOnMessageComplete];
          failure = FAILED_MESSAGE_COMPLETE;
          if (typeof onMessageComplete === 'function') onMessageComplete.call(parser);
          failure = -1;
          break;
        }
      }
      if (parser[kInitialized] !== use) {
        failure = -1;
        events[CURSOR] = length;
        return ABANDONED;
      }
      at = events[CURSOR];
    }
  } finally {
    if (failure >= 0 && parser[kInitialized] === use) fail(parser, failure);
  }
  return decision;
}

// Whether the fields from `at` on are the last events before an error: what they belong to is given to nobody, and a flood of heads that
// are too large would have us make a thousand strings for each.
function isLost(events, at) {
  if (events[STOP] !== STOP_ERROR) return false;
  const length = events[LENGTH];
  while (at < length && events[at] === HEADERS) at += 4 + 4 * events[at + 3];
  return at >= length;
}

function deliverHead(parser, text, events, at) {
  const onHeadersComplete = parser[kOnHeadersComplete];
  if (typeof onHeadersComplete !== 'function') return 0;
  const flags = events[at + 1];
  const version = events[at + 2];
  const flushed = (flags & FLUSHED) !== 0;
  const fields = parser[kFields];
  let headers;
  if (flushed) fields.skip();
  else headers = fields.take(text, events, at);
  const line = fields.lineOf(text, events, at);
  const upgrade = (flags & UPGRADE) !== 0;
  const keepAlive = (flags & KEEP_ALIVE) !== 0;
  return events[at + 3] >= 0 ?
    onHeadersComplete.call(parser, version >> 8, version & 255, headers, events[at + 3],
                           flushed ? undefined : line, undefined, undefined, upgrade, keepAlive) :
    onHeadersComplete.call(parser, version >> 8, version & 255, headers, undefined,
                           undefined, events[at + 4], line, upgrade, keepAlive);
}

function parseError(parser, bytesParsed) {
  // An error stays, with the number of its bytes, whatever else is executed.
  if (parser[kFailedAt] < 0) parser[kFailedAt] = bytesParsed;
  else bytesParsed = parser[kFailedAt];
  const [, code, reason] = /^(\S+) (.*)$/s.exec(native.parserError(parser[kHandle]));
  const error = new Error('Parse Error');
  error.bytesParsed = bytesParsed;
  error.code = code;
  error.reason = reason;
  return error;
}

module.exports = {
  HTTPParser, STRICT, adopt, catchUp, durationOf, handleOf, hasHead, holdsSeveral, isUnused, kAsyncId, kDrainsTicks, kFields, kRunOn, postpone, runsOn, takePostponed, within,
};
