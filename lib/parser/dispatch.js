'use strict';
// Turns the core's flat list of events into calls of a parser's callbacks, in slots 0 to 4.
//
// Owns their order, their async scopes, and what follows when one throws. A callback may execute, close or initialize the parser that called it.

const { Symbol } = require('../globals/primordials');
const native = require('../native/addon');
const { pieceOf } = require('./deliveries');
const { fieldList } = require('./fields');
const {
  event: {
    BEGIN, HEADERS, HEAD, BODY, COMPLETE, HEAD_FLAGS, HEAD_VERSION, HEAD_METHOD, HEAD_STATUS, HEAD_COUNT, HEAD_WORDS, HEADERS_LINE,
    HEADERS_COUNT, HEADERS_WORDS, FIELD_WORDS, BODY_OFFSET, BODY_LENGTH, BODY_WORDS, KEEP_ALIVE, UPGRADE, FLUSHED,
  },
  run: {
    LENGTH, STOP, NOW, CURSOR, FIRST_EVENT, STOP_DONE, STOP_ERROR, FAILED_HEADERS_COMPLETE, FAILED_BODY, FAILED_MESSAGE_COMPLETE,
  },
} = require('../native/layout');
const {
  IN_READ, kAutoContinue, kDrainsTicks, kHandle, kResource, kInitialized, kStarted, kHeadersCompleted, kUnused, kFailedAt, kInputStart, kPieceEnd,
  kDelivery, kFields,
} = require('./state');
const { drainTicks } = require('../util/ticks');
const { entersEachCallback } = require('../compat/node-features');
const { noteFailure, forgetFailure } = require('./failures');

const kOnMessageBegin = 0;
const kOnHeaders = 1;
const kOnHeadersComplete = 2;
const kOnBody = 3;
const kOnMessageComplete = 4;

// Returned by a delivery if a callback initialized the parser again: the remaining events are dropped.
const ABANDONED = Symbol('abandoned');

// Calls back for every event; returns the last head callback's result. A message, a body piece, a batch of fields (of a parser that
// drains ticks after these two), and the end of a message that has listeners each get an async scope of their own, in releases where
// a program can see the difference. Other events share a scope.
function deliverAll(parser, text, events, offset, isEntered = false) {
  events[CURSOR] = FIRST_EVENT;
  return deliverRest(parser, text, events, offset, isEntered);
}

// The first delivery needs no scope if the parser's is entered already and still unused.
function deliverRest(parser, text, events, offset, isEntered = false) {
  const length = events[LENGTH];
  const entered = isEntered ? parser[kResource] : null;
  /** @type {any} */
  let decision = 0;
  while (events[CURSOR] < length) {
    // Without a callback to run, only async hooks would see a scope.
    if (events[events[CURSOR]] === COMPLETE && typeof parser[kOnMessageComplete] !== 'function') {
      parser[kStarted] = -1;
      events[CURSOR]++;
      continue;
    }
    const kind = events[events[CURSOR]];
    const drains = parser[kDrainsTicks] && (kind === BODY || kind === HEADERS);
    const resource = parser[kResource];
    if (resource === null || isEntered) {
      decision = deliver(parser, text, events, offset);
      isEntered = false;
    } else {
      if (resource === entered) entered.learnId();
      decision = resource.runInAsyncScope(deliver, undefined, parser, text, events, offset);
    }
    if (decision === ABANDONED) return 0;
    if (drains && !drain(parser, events, kind)) {
      events[CURSOR] = length;
      return 0;
    }
  }
  return decision;
}

let threw = false;

/** @returns {boolean} whether a tick after a piece of a message has thrown since the last call: node then runs the ticks after it in a later turn */
function hasTickThrown() {
  const answer = threw;
  threw = false;
  forgetFailure();
  return answer;
}

// Returns whether the parser goes on: it still has the same connection, and no tick after a body piece has thrown. Such a tick ends
// the message as a throwing callback does, and nothing else sees the error. A tick that throws after fields does not affect the
// message.
function drain(parser, events, kind) {
  const use = parser[kInitialized];
  const isInRead = parser[kDrainsTicks] === IN_READ;
  try {
    drainTicks();
  } catch (error) {
    if (kind === HEADERS) {
      native.fatalException(error);
      return parser[kInitialized] === use;
    }
    if (parser[kInitialized] === use) fail(parser, FAILED_BODY, events);
    // The handle runs no ticks after a call that throws.
    if (isInRead) throw error;
    // The parser's callers must not see the error; and the async context of the tick that threw is still current.
    native.fatalException(error);
    threw = true;
    events[STOP] = STOP_DONE;
    return false;
  }
  return parser[kInitialized] === use;
}

function fail(parser, which, events) {
  if (which === FAILED_BODY) parser[kFailedAt] = parser[kPieceEnd];
  native.parserFail(parser[kHandle], which, hasFurtherHead(events, events[CURSOR]) ? 1 : 0);
}

/**
 * @param {Int32Array} events
 * @param {number} at the start of an event
 * @returns {number} the start of the next one
 */
function nextEvent(events, at) {
  switch (events[at]) {
    case HEADERS: return at + HEADERS_WORDS + FIELD_WORDS * events[at + HEADERS_COUNT];
    case HEAD: return at + HEAD_WORDS + FIELD_WORDS * events[at + HEAD_COUNT];
    case BODY: return at + BODY_WORDS;
    default: return at + 1;
  }
}

// Whether there is another head among the events from `at` on.
function hasFurtherHead(events, at) {
  const length = events[LENGTH];
  while (at < length && events[at] !== HEAD) at = nextEvent(events, at);
  return at < length;
}

// CURSOR is advanced before each callback: if that runs the event loop, catchUp() may advance it further.
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
          if (entersEachCallback && at !== first) return decision;
          events[CURSOR] = at + 1;
          parser[kStarted] = events[NOW];
          parser[kHeadersCompleted] = false;
          parser[kUnused] = false;
          const onMessageBegin = parser[kOnMessageBegin];
          if (typeof onMessageBegin === 'function') onMessageBegin.call(parser);
          break;
        }
        case HEADERS: {
          if (at !== first && parser[kDrainsTicks]) return decision;
          if (parser[kAutoContinue] && isLost(events, at)) {
            events[CURSOR] = length;
            break;
          }
          events[CURSOR] = nextEvent(events, at);
          const onHeaders = parser[kOnHeaders];
          if (typeof onHeaders === 'function') {
            const url = text.substr(events[at + HEADERS_LINE], events[at + HEADERS_LINE + 1]);
            onHeaders.call(parser, fieldList(text, events, at + HEADERS_WORDS, events[at + HEADERS_COUNT]), url);
          }
          if (parser[kDrainsTicks]) return parser[kInitialized] === use ? decision : ABANDONED;
          break;
        }
        case HEAD: {
          events[CURSOR] = nextEvent(events, at);
          parser[kHeadersCompleted] = true;
          failure = FAILED_HEADERS_COMPLETE;
          decision = deliverHead(parser, text, events, at);
          failure = -1;
          break;
        }
        case BODY: {
          if (at !== first) return decision;
          const start = offset + events[at + BODY_OFFSET];
          const end = start + events[at + BODY_LENGTH];
          events[CURSOR] = nextEvent(events, at);
          const onBody = parser[kOnBody];
          parser[kPieceEnd] = end - parser[kInputStart];
          failure = FAILED_BODY;
          if (typeof onBody === 'function') onBody.call(parser, pieceOf(parser[kDelivery], start, end));
          failure = -1;
          if (parser[kDrainsTicks]) return parser[kInitialized] === use ? decision : ABANDONED;
          break;
        }
        case COMPLETE: {
          if (entersEachCallback && at !== first && parser.incoming?._eventsCount > 0) return decision;
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
    if (failure >= 0) {
      noteFailure(parser[kResource]);
      if (parser[kInitialized] === use) fail(parser, failure, events);
    }
  }
  return decision;
}

// Whether the fields from `at` on are the last events before an error: their head is never delivered, and a flood of oversized
// heads would cost a thousand strings each.
function isLost(events, at) {
  if (events[STOP] !== STOP_ERROR) return false;
  const length = events[LENGTH];
  while (at < length && events[at] === HEADERS) at = nextEvent(events, at);
  return at >= length;
}

function deliverHead(parser, text, events, at) {
  const onHeadersComplete = parser[kOnHeadersComplete];
  if (typeof onHeadersComplete !== 'function') return 0;
  const flags = events[at + HEAD_FLAGS];
  const version = events[at + HEAD_VERSION];
  const method = events[at + HEAD_METHOD];
  const flushed = (flags & FLUSHED) !== 0;
  const fields = parser[kFields];
  let headers;
  if (flushed) fields.skip();
  else headers = fields.take(text, events, at);
  const line = fields.lineOf(text, events, at);
  const upgrade = (flags & UPGRADE) !== 0;
  const keepAlive = (flags & KEEP_ALIVE) !== 0;
  return method >= 0 ?
    onHeadersComplete.call(parser, version >> 8, version & 255, headers, method,
                           flushed ? undefined : line, undefined, undefined, upgrade, keepAlive) :
    onHeadersComplete.call(parser, version >> 8, version & 255, headers, undefined,
                           undefined, events[at + HEAD_STATUS], line, upgrade, keepAlive);
}

module.exports = { deliverAll, deliverRest, hasTickThrown, nextEvent };
