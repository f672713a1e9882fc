'use strict';
// The symbols under which a parser keeps its state.

const { Symbol } = require('../globals/primordials');

/**
 * Set on a parser whose callbacks answer 0 for every request head that asks for no upgrade, and every final response but 304: the
 * core then need not stop there. They make nothing of the fields of a message that is refused before its head is complete.
 */
const kRunOn = Symbol('runOn');
/**
 * Set on a parser that is fed by its connection's handle, not by a listener of 'data': ticks and microtasks run behind each piece of a
 * body and each batch of fields then (trailers, a long head), before the parser goes on. So a program can answer, listen, or destroy the connection before the message is complete.
 * IN_READ where the handle has called for that read, and hears of what such a tick throws.
 */
const kDrainsTicks = Symbol('drainsTicks');
const IN_READ = 2;
/** Set on a parser whose requests are made by another constructor than IncomingMessage, of objects with the same looks. */
const kMaker = Symbol('maker');
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
  IN_READ, kRunOn, kDrainsTicks, kMaker, kHandle, kResource, kInitialized, kStarted, kHeadersCompleted, kUnused, kFailedAt, kInputStart, kPieceEnd,
  kConnections, kDelivery, kPausing, kConsumer, kType, kPairs, kFields,
};
