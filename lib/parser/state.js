'use strict';
// The symbols under which a parser keeps its state.

const { Symbol } = require('../globals/primordials');

/**
 * On a parser whose callbacks return 0 for every request head without an upgrade, and for every final response except 304: the core
 * need not stop at these. Its callbacks ignore the fields of a message that is refused before its head is complete.
 */
const kAutoContinue = Symbol('autoContinue');
/**
 * On a parser that its connection's handle feeds, not a listener of 'data': ticks and microtasks run after each body piece and each
 * batch of fields (trailers, a long head), before the parser goes on. So a program can answer, listen, or destroy the connection
 * before the message is complete. IN_READ if the call comes from the handle's read, which then gets what such a tick throws.
 */
const kDrainsTicks = Symbol('drainsTicks');
const IN_READ = 2;
/** On a parser whose requests are made by a constructor other than IncomingMessage; the objects look the same. */
const kMaker = Symbol('maker');
const kHandle = Symbol('handle');
const kResource = Symbol('resource');
const kInitialized = Symbol('initialized');
const kStarted = Symbol('started');
const kHeadersCompleted = Symbol('headersCompleted');
const kUnused = Symbol('unused');
const kFailedAt = Symbol('failedAt');
// Where the input being executed begins in its memory; and where the last body piece ended in that input.
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
  __proto__: null,
  IN_READ, kAutoContinue, kDrainsTicks, kMaker, kHandle, kResource, kInitialized, kStarted, kHeadersCompleted, kUnused, kFailedAt, kInputStart, kPieceEnd,
  kConnections, kDelivery, kPausing, kConsumer, kType, kPairs, kFields,
};
