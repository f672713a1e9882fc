'use strict';
// Shared by server and client: the free list of parsers, and the parser callbacks that make IncomingMessages.

const { setImmediate } = require('../globals/primordials');
const builtinCommon = require('node:_http_common');
const { isLenient } = require('../compat/builtin');
const { lazy } = require('../compat/lazy');
const { choosesValidation, cutsBatches, joinsDuplicates } = require('../compat/node-features');
const { IncomingMessage, readStart, readStop } = require('./incoming');
const timings = require('../observe/timings');
const { HTTPParser, kDrainsTicks, kMaker, kAutoContinue } = require('../parser/parser');
const { endBody } = require('./request-end');
const { calculateLenientFlags } = require('../parser/strict');
const { kIndex } = require('../transport/owner-state');
const { checkInvalidHeaderChar, checkIsHttpToken } = require('../util/validators');
const givingBack = lazy(() => require('../transport/giving-back'));

const CRLF = '\r\n';
const chunkExpression = /(?:^|\W)chunked(?:$|\W)/i;
const continueExpression = /(?:^|\W)100-continue(?:$|\W)/i;

/** Entries of a raw header list (names and values) that are kept unless `maxHeadersCount` is set. */
const DEFAULT_HEADER_ENTRIES = 2000;
/** Idle parsers kept for later connections. */
const DEFAULT_IDLE_PARSERS = 1000;

/** @type {any} */
const numbers = HTTPParser;
const kOnMessageBegin = numbers.kOnMessageBegin | 0;
const kOnHeaders = numbers.kOnHeaders | 0;
const kOnHeadersComplete = numbers.kOnHeadersComplete | 0;
const kOnBody = numbers.kOnBody | 0;
const kOnMessageComplete = numbers.kOnMessageComplete | 0;
const kOnExecute = numbers.kOnExecute | 0;
const kOnTimeout = numbers.kOnTimeout | 0;

/** The option under which a server keeps its IncomingMessage class: node's own symbol, so that https and http2 use the same. */
const { kIncomingMessage } = builtinCommon;

// Method names by the parser's numbers. The numbers between SOURCE and QUERY are PRI and the methods of RTSP (RFC 2326), which the
// parser knows and `METHODS` does not list.
const NOT_LISTED = [
  'PRI', 'DESCRIBE', 'ANNOUNCE', 'SETUP', 'PLAY', 'PAUSE', 'TEARDOWN', 'GET_PARAMETER', 'SET_PARAMETER', 'REDIRECT',
  'RECORD', 'FLUSH',
];
const FIRST_NOT_LISTED = 34;
const { methods } = builtinCommon;
const methodNames = [...methods.slice(0, FIRST_NOT_LISTED), ...NOT_LISTED, ...methods.slice(FIRST_NOT_LISTED)];

/** A stack of objects for reuse: the last one freed is the first one reused. */
class FreeList {
  /**
   * @param {string} name of the objects
   * @param {number} max how many are kept
   * @param {Function} ctor makes an object when the list is empty
   */
  constructor(name, max, ctor) {
    this.name = name;
    this.ctor = ctor;
    this.max = max;
    this.list = [];
  }

  /** @returns {*} a kept object, or a new one from `ctor` with the given arguments */
  alloc(...args) {
    return this.list.length > 0 ? this.list.pop() : this.ctor(...args);
  }

  /**
   * @param {*} object no longer in use
   * @returns {boolean} false if the list is full and the object was not kept
   */
  free(object) {
    if (this.list.length >= this.max) return false;
    this.list.push(object);
    return true;
  }
}

const parsers = new FreeList('parsers', DEFAULT_IDLE_PARSERS, parsersCb);

function parsersCb() {
  const parser = new HTTPParser();
  parser[kOnHeaders] = parserOnHeaders;
  parser[kOnHeadersComplete] = parserOnHeadersComplete;
  parser[kOnBody] = parserOnBody;
  parser[kOnMessageComplete] = parserOnMessageComplete;
  cleanParser(parser);
  return parser;
}

/**
 * Takes a parser from its socket and returns it to the free list.
 * @param {http.HTTPParser|null} parser may be null
 * @param {object|null} req its `parser` is cleared
 * @param {stream.Duplex|null} socket its `parser` is cleared
 */
function freeParser(parser, req, socket) {
  if (socket && socket[kIndex] !== undefined) givingBack().giveBack(socket);
  if (parser) {
    if (parser._consumed) parser.unconsume();
    cleanParser(parser);
    parser.remove();
    if (parsers.free(parser)) {
      parser.free();
    } else {
      // The parser may be executing: it must not be closed before its caller has returned.
      setImmediate(closeParser, parser);
    }
  }
  if (req) req.parser = null;
  if (socket) socket.parser = null;
}

function closeParser(parser) {
  parser.close();
}

function cleanParser(parser) {
  parser[kAutoContinue] = false;
  parser[kDrainsTicks] = false;
  parser[kMaker] = null;
  parser[kOnMessageBegin] = null;
  parser[kOnExecute] = null;
  parser[kOnTimeout] = null;
  parser._headers = [];
  parser._url = '';
  parser.socket = null;
  parser.incoming = null;
  parser.outgoing = null;
  parser.maxHeaderPairs = DEFAULT_HEADER_ENTRIES;
  parser._consumed = false;
  parser.onIncoming = null;
  if (joinsDuplicates) parser.joinDuplicateHeaders = null;
}

// Callback for the trailers, or for a batch of fields when a head has more than the parser delivers at once.
/** @this {http.HTTPParser} */
function parserOnHeaders(headers, url) {
  const known = this._headers;
  const limit = this.maxHeaderPairs;
  const room = limit > 0 ? limit - known.length : headers.length;
  if (room > 0) {
    const count = room < headers.length && cutsBatches() ? room : headers.length;
    if (known.length === 0 && count === headers.length) this._headers = headers;
    else for (let n = 0; n < count; n++) known.push(headers[n]);
  }
  this._url += url;
}

/** @this {http.HTTPParser} */
function parserOnHeadersComplete(versionMajor, versionMinor, headers, method, url, statusCode, statusMessage, upgrade,
                                 shouldKeepAlive) {
  const { socket } = this;
  if (headers === undefined) {
    headers = this._headers;
    this._headers = [];
  }
  if (url === undefined) {
    url = this._url;
    this._url = '';
  }

  const Message = socket?.server?.[kIncomingMessage] || IncomingMessage;
  const Maker = this[kMaker];
  const incoming = Maker !== null && Message === IncomingMessage ? new Maker(socket) : new Message(socket);
  incoming.httpVersionMajor = versionMajor;
  incoming.httpVersionMinor = versionMinor;
  incoming.httpVersion = versionMajor === 1 && versionMinor === 1 ? '1.1' : `${versionMajor}.${versionMinor}`;
  if (joinsDuplicates) incoming.joinDuplicateHeaders = socket?.server?.joinDuplicateHeaders || this.joinDuplicateHeaders;
  incoming.url = url;
  incoming.upgrade = upgrade;
  this.incoming = incoming;

  const count = headers.length;
  const limit = this.maxHeaderPairs;
  incoming._addHeaderLines(headers, limit > 0 && limit < count ? limit : count);

  if (typeof method === 'number') {
    incoming.method = methodNames[method];
  } else {
    incoming.statusCode = statusCode;
    incoming.statusMessage = statusMessage;
  }
  return this.onIncoming(incoming, shouldKeepAlive);
}

function parserOnBody(piece) {
  const { incoming } = this;
  if (incoming === null) return;
  // A message whose body is dropped is still parsed, to find its end.
  if (!incoming._dumped && !incoming.push(piece)) readStop(this.socket);
}

/** @this {http.HTTPParser} */
function parserOnMessageComplete() {
  const { incoming } = this;
  if (incoming !== null) {
    if (timings.used) incoming[timings.kTimings]?.arrived();
    incoming.complete = true;
    if (this._headers.length > 0) {
      const trailers = this._headers;
      this._headers = [];
      incoming._addHeaderLines(trailers, trailers.length);
    }
    this._url = '';
    endBody(incoming);
  }
  readStart(this.socket);
}

/**
 * Completes a parse error to what users see.
 * @param {Failure} error returned by `execute()`
 * @param {http.HTTPParser} parser
 * @param {Buffer} [rawPacket] the input in which the error was found
 */
function prepareError(error, parser, rawPacket) {
  error.rawPacket = rawPacket || parser.getCurrentBuffer();
  if (typeof error.reason === 'string') error.message = `Parse Error: ${error.reason}`;
}

module.exports = {
  __proto__: null,
  _checkInvalidHeaderChar: checkInvalidHeaderChar,
  _checkIsHttpToken: checkIsHttpToken,
  chunkExpression,
  continueExpression,
  CRLF,
  freeParser,
  methods,
  parsers,
  kIncomingMessage,
  HTTPParser,
  isLenient,
  ...(choosesValidation && { calculateLenientFlags }),
  prepareError,
  // A symbol of node's own, which its other modules look for (Node 22).
  ...(builtinCommon.kSkipPendingData && { kSkipPendingData: builtinCommon.kSkipPendingData }),
};
