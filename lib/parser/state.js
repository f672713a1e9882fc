'use strict';
// What the files of the parser share: the words in which the core tells of events, and the symbols under which a parser keeps its state.

// Words of the event array, as src/binding/parser.rs fills it: a short header, then the events of src/parser/event.rs.
const LENGTH = 0;
const STOP = 1;
const CONSUMED = 2;
const NOW = 3;
const CURSOR = 4;
const FIRST_EVENT = 5;

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

/**
 * Set on a parser whose callbacks answer 0 for every request head that asks for no upgrade, and every final response but 304: the
 * core then need not stop there. They make nothing of the fields of a message that is refused before its head is complete.
 */
const kRunOn = Symbol('runOn');
/**
 * Set on a parser that is fed by its connection's handle, not by a listener of 'data': ticks and microtasks run behind each piece of a
 * body and each batch of fields then (trailers, a long head), before the parser goes on. So a program can answer, listen, or destroy the connection before the message is complete.
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

module.exports = {
  LENGTH, STOP, CONSUMED, NOW, CURSOR, FIRST_EVENT, STOP_DONE, STOP_FULL, STOP_HEAD, STOP_ERROR, BEGIN, HEADERS, HEAD, BODY, COMPLETE,
  KEEP_ALIVE, UPGRADE, FLUSHED, kRunOn, kDrainsTicks, kHandle, kResource, kInitialized, kStarted, kHeadersCompleted, kUnused, kFailedAt,
  kInputStart, kPieceEnd, kConnections, kDelivery, kPausing, kConsumer, kType, kPairs, kFields,
};
