'use strict';

/**
 * The symbols under which a message keeps its state.
 *
 * Those of node's own classes are node's very symbols, found by reflection on a hidden built-in instance. If the prototype of one
 * of our messages is replaced by one that ends in a built-in prototype (as Express does), node's methods must find its state;
 * node's streams read some of it, too. If the running release lacks a symbol, a fresh one with the same description stands in.
 */

const { ObjectGetOwnPropertySymbols, Set, Symbol } = require('../globals/primordials');
const Stream = require('stream');
const { OutgoingMessage, ServerResponse, exportedSymbols } = require('./builtin');
const lines = require('./node-features');
const { ownSymbol, ownSymbols } = require('./own-symbol');

const sample = new OutgoingMessage();
const ofMessages = ownSymbols(sample);

function reflected(description) {
  return ofMessages(description) || Symbol(description);
}

const KNOWN = new Set(['kEndCalled', 'kBytesWritten', 'kNeedDrain', 'corked', 'kSocket', 'kOutHeaders', 'errored', 'kHighWaterMark',
  'kRejectNonStandardBodyWrites', 'kChunkedBuffer', 'kChunkedLength', 'kWritableFinished', 'kEndCallbacks', 'kFlushError']);

/** The symbols of messages that only a future release has, and that its own methods need: each with its first value. */
function otherState() {
  const plain = new Stream();
  return ObjectGetOwnPropertySymbols(sample)
    .filter((symbol) => !KNOWN.has(symbol.description) && !(symbol in plain))
    .map((symbol) => [symbol, sample[symbol]]);
}

const CLOSED_PEER = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 };

module.exports = {
  __proto__: null,
  /** Where the first releases of Node 18 record that end() was called; nothing reads it. */
  kEndCalled: ofMessages('kEndCalled'),
  /** Whether a message keeps its error and its high-water mark; 18.12 keeps neither. */
  keepsErrored: ofMessages('errored') !== undefined,
  keepsMark: ofMessages('kHighWaterMark') !== undefined,
  /** [symbol, first value] of other state that the running release keeps in a message. */
  otherState: otherState(),
  /** The key of a message's socket: 'socket' itself up to Node 20, later a symbol behind an accessor. */
  kSocket: ofMessages('kSocket') || 'socket',
  /** {lower-case name: [name as given, value]} without prototype, or null while no header is set. */
  kOutHeaders: reflected('kOutHeaders'),
  /** true after a write that asked the caller to wait for 'drain'. */
  kNeedDrain: reflected('kNeedDrain'),
  /** How often cork() was called, less uncork(). */
  kCorked: reflected('corked'),
  /** Body bytes written so far; counted only with strictContentLength. */
  kBytesWritten: reflected('kBytesWritten'),
  /** The error from destroy() or the socket, or null. */
  kErrored: reflected('errored'),
  /** Bytes that may be buffered before write() returns false. */
  kHighWaterMark: exportedSymbols.kHighWaterMark || reflected('kHighWaterMark'),
  /** Chunks held back while corked, and their length in bytes; undefined before Node 22. */
  kChunkedBuffer: lines.kChunkedBuffer,
  kChunkedLength: lines.kChunkedLength,
  /** Whether everything is written, the callbacks of end(), and the error for them; undefined before Node 24. */
  kWritableFinished: lines.kWritableFinished,
  kEndCallbacks: lines.kEndCallbacks,
  kFlushError: lines.kFlushError,
  /** Whether writing a body to a message that must not have one is an error. */
  kRejectNonStandardBodyWrites: reflected('kRejectNonStandardBodyWrites'),
  /** Set of lower-case names whose list values stay one field, or null. */
  kUniqueHeaders: exportedSymbols.kUniqueHeaders || ownSymbol(new ServerResponse(CLOSED_PEER), 'kUniqueHeaders') ||
    Symbol('kUniqueHeaders'),
};
