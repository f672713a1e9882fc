'use strict';

/**
 * Symbols under which a message keeps state.
 *
 * Those that node's own classes use are node's very symbols, read by reflection from a hidden built-in instance: an object
 * of ours whose prototype is exchanged for one that ends in a built-in prototype (Express does that) must find its state
 * where node's methods look for it, and node's streams read some of them too. A symbol which the running version does not
 * have is a fresh one of the same description.
 */

const { ObjectGetOwnPropertySymbols, Set, Symbol } = require('../globals/primordials');
const Stream = require('stream');
const { OutgoingMessage, ServerResponse, exportedSymbols } = require('./builtin');
const lines = require('./node-features');
const { ownSymbol } = require('./own-symbol');

const sample = new OutgoingMessage();

function reflected(description) {
  return ownSymbol(sample, description) || Symbol(description);
}

const KNOWN = new Set(['kEndCalled', 'kBytesWritten', 'kNeedDrain', 'corked', 'kSocket', 'kOutHeaders', 'errored', 'kHighWaterMark',
  'kRejectNonStandardBodyWrites', 'kChunkedBuffer', 'kChunkedLength', 'kWritableFinished', 'kEndCallbacks', 'kFlushError']);

/** The symbols of a message that only a version to come has and that its own methods expect: each with its first value. */
function otherState() {
  const plain = new Stream();
  return ObjectGetOwnPropertySymbols(sample)
    .filter((symbol) => !KNOWN.has(symbol.description) && !(symbol in plain))
    .map((symbol) => [symbol, sample[symbol]]);
}

const CLOSED_PEER = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 };

module.exports = {
  /** Where the first releases of Node 18 keep that end() was called; nothing reads it. */
  kEndCalled: ownSymbol(sample, 'kEndCalled'),
  /** Whether a message keeps its error, its mark, and whether it refuses a body; 18.12 knows of none of them. */
  keepsErrored: ownSymbol(sample, 'errored') !== undefined,
  keepsMark: ownSymbol(sample, 'kHighWaterMark') !== undefined,
  /** [symbol, first value] of further state that the running version keeps in a message. */
  otherState: otherState(),
  /** The key of a message's socket: 'socket' itself up to Node 20, a symbol behind an accessor later. */
  kSocket: ownSymbol(sample, 'kSocket') || 'socket',
  /** {lower-case name: [name as given, value]} without prototype, or null while no header is set. */
  kOutHeaders: reflected('kOutHeaders'),
  /** true after a write that asked the caller to wait for 'drain'. */
  kNeedDrain: reflected('kNeedDrain'),
  /** Depth of cork() calls. */
  kCorked: reflected('corked'),
  /** Body bytes written so far; counted only with strictContentLength. */
  kBytesWritten: reflected('kBytesWritten'),
  /** The error that destroy() or the socket brought, or null. */
  kErrored: reflected('errored'),
  /** Bytes that may be buffered before write() returns false. */
  kHighWaterMark: exportedSymbols.kHighWaterMark || reflected('kHighWaterMark'),
  /** Chunks that are held back while corked, and their length in bytes; undefined before Node 22. */
  kChunkedBuffer: lines.kChunkedBuffer,
  kChunkedLength: lines.kChunkedLength,
  /** Whether everything is written, the callbacks of end(), and why they will fail; undefined before Node 24. */
  kWritableFinished: lines.kWritableFinished,
  kEndCallbacks: lines.kEndCallbacks,
  kFlushError: lines.kFlushError,
  /** Whether a body is refused for messages that cannot carry one. */
  kRejectNonStandardBodyWrites: reflected('kRejectNonStandardBodyWrites'),
  /** Set of lower-case names whose list values stay one field, or null. */
  kUniqueHeaders: exportedSymbols.kUniqueHeaders || ownSymbol(new ServerResponse(CLOSED_PEER), 'kUniqueHeaders') ||
    Symbol('kUniqueHeaders'),
};
