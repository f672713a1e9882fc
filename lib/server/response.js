'use strict';
// ServerResponse: the answer to one request. outgoing.js has what every outgoing message does (fields, body, buffering); this file
// has the status line, the interim responses, and the assignment of the socket for the response's turn.

const { ArrayIsArray, ObjectKeys, ObjectSetPrototypeOf } = require('../globals/primordials');
const { channel } = require('node:diagnostics_channel');
const { deprecate } = require('node:util');
const { ServerResponse: Builtin } = require('../compat/builtin');
const { plainEmit } = require('../message/emitter');
const { chunkExpression } = require('../message/parsers');
const { codes } = require('../util/errors');
const { follow, nameLike } = require('../compat/mirror-shape');
const {
  asksHeaders, deprecatesWriteHeader, keepsRepeated, publishesCreation, refusesSecondHead, takesAnyLink, takesLastFields, writesInformation,
} = require('../compat/node-features');
const { rawField } = require('../message/incoming');
const { OutgoingMessage } = require('../message/outgoing');
const performance = require('../observe/server-entries');
const { HIGHEST_CODE, LOWEST_CODE, STATUS_CODES, standardLine, statusLine } = require('./status-codes');
const { kOutHeaders } = require('../compat/symbols');
const { _finish: plainFinish, isHeard } = require('../message/outgoing-end');
const { isWhole, sendWhole } = require('../message/outgoing-queue');
const { interimHead } = require('../message/outgoing-headers');
const { isLazy, isWritable } = require('../transport/lazy-state');
const { checkInvalidHeaderChar, checkIsHttpToken, validateInteger, validateObject, validateString } = require('../util/validators');

const onCreated = channel('http.server.response.created');

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';
const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\n';
const LINK_EXPECTED = 'must be an array or string of format "</styles.css>; rel=preload; as=style"';

// A link parameter (RFC 8288 section 3) as node takes it: no blank and no semicolon, not even inside quotes.
const LINK_PARAMETER = /^[^\s;"]+(?:="[^\s;"]*")?$/;
// A link where `rel` comes first, and one other parameter may follow.
const EARLY_LINK = /^<[^>]*>;\s*rel=(?:"[^";]*"|[^";]*)(?:;\s*(?:(?:as|anchor|title)=(?:"[^";]*"|[^";]*))?)?$/;

/**
 * @this {http.ServerResponse}
 * @param {http.IncomingMessage} req the request that is answered: its method and version decide about body, chunking and keep-alive
 * @param {{highWaterMark?: number, rejectNonStandardBodyWrites?: boolean}} [options]
 */
function ServerResponse(req, options) {
  OutgoingMessage.call(this, options);

  if (req.method === 'HEAD') this._hasBody = false;

  this.req = req;
  this.sendDate = true;
  this._sent100 = false;
  this._expect_continue = false;

  // RFC 9112 section 7.1: an HTTP/1.0 client gets chunks only if it says that it accepts them.
  if (req.httpVersionMajor < 1 || req.httpVersionMinor < 1) {
    this.useChunkedEncodingByDefault = chunkExpression.test(asksHeaders() ? req.headers.te : rawField(req, 'te'));
    this.shouldKeepAlive = false;
  }

  if (performance.observed) performance.begin(this);
  if (publishesCreation && onCreated.hasSubscribers) onCreated.publish({ request: req, response: this });
}
/** @typedef {ServerResponse} OwnServerResponse see types/lib.d.ts */
ObjectSetPrototypeOf(ServerResponse.prototype, OutgoingMessage.prototype);
ObjectSetPrototypeOf(ServerResponse, OutgoingMessage);

/** @this {http.ServerResponse} */
ServerResponse.prototype._finish = function _finish() {
  if (performance.observed) performance.end(this);
  OutgoingMessage.prototype._finish.call(this);
};

/** The status code of an implicit head. */
ServerResponse.prototype.statusCode = 200;
/** The reason phrase of an implicit head; undefined for the standard one. */
ServerResponse.prototype.statusMessage = undefined;

/**
 * Gives the response its socket and writes what is buffered.
 * @this {http.ServerResponse}
 * @param {stream.Writable} socket
 * @throws  if another response has the socket
 */
ServerResponse.prototype.assignSocket = function assignSocket(socket) {
  if (socket._httpMessage) throw new codes.ERR_HTTP_SOCKET_ASSIGNED();
  socket._httpMessage = this;
  // A lazy socket gets this listener when it is built.
  if (!isLazy(socket)) socket.on('close', onServerResponseClose);
  this.socket = socket;
  if (isHeard(this, 'socket')) this.emit('socket', socket);
  this._flush();
};
const { _finish, _flush, assignSocket } = ServerResponse.prototype;

/**
 * `response.assignSocket(socket)` for a response that no code of the program has seen: nothing is buffered, and 'socket' has no listener.
 * @param {http.ServerResponse} response
 * @param {stream.Writable} socket that no other response has
 */
function assignUnseen(response, socket) {
  if (!isLazy(socket) || response.assignSocket !== assignSocket || response._flush !== _flush || response.emit !== plainEmit) {
    response.assignSocket(socket);
    return;
  }
  socket._httpMessage = response;
  response.socket = socket;
}

/**
 * `response.assignSocket(socket)` for a response that waited for its turn and is ready to be sent as a whole.
 * @param {http.ServerResponse} response
 * @param {stream.Writable} socket of a server, which has served another response
 * @param {Function} done called with the response and an error when the kernel has it; in the next tick, also with the mark of that
 *   tick and `previous` as third and fourth argument
 * @param {*} previous
 * @returns {boolean} false, with nothing done, if the response is not ready as a whole
 */
function assignInTurn(response, socket, done, previous) {
  if (response.assignSocket !== assignSocket || !isWritable(socket) || socket.writableCorked > 0 || !isWhole(response)) return false;
  socket._httpMessage = response;
  if (!isLazy(socket)) socket.on('close', onServerResponseClose);
  response.socket = socket;
  sendWhole(response, socket, done, previous);
  // Runs what 'prefinish' would: it has no listener.
  if (performance.observed || response._finish !== _finish || OutgoingMessage.prototype._finish !== plainFinish) response._finish();
  return true;
}

/**
 * Takes the socket away again.
 * @param {stream.Writable} socket the one that was assigned
 */
ServerResponse.prototype.detachSocket = function detachSocket(socket) {
  if (socket._httpMessage !== this) throw new codes.ERR_INTERNAL_ASSERTION();
  if (!isLazy(socket)) socket.removeListener('close', onServerResponseClose);
  socket._httpMessage = null;
  this.socket = null;
};

// Listener of the socket's 'close': the connection closed before the response was finished.
function onServerResponseClose() {
  const response = this._httpMessage;
  if (response && !response._closed) {
    response.destroyed = true;
    response._closed = true;
    response.emit('close');
  }
}

// Since Node 24: an interim response cannot follow the head.
function refuseAfterHead(response) {
  if (writesInformation && response._header) throw new codes.ERR_HTTP_HEADERS_SENT('write');
}

/**
 * Sends any 1xx response except 101: RFC 9110 section 15.2.
 * @this {http.ServerResponse}
 * @param {number} statusCode 100 to 199
 * @param {object|Array} [headers] fields, as `writeHead()` takes them
 * @param {Function} [callback] called when it is written
 * @returns {boolean} false if the caller should wait for 'drain'
 * @throws ERR_HTTP_HEADERS_SENT after the head; ERR_OUT_OF_RANGE, ERR_HTTP_INVALID_STATUS_CODE
 */
ServerResponse.prototype.writeInformation = function writeInformation(statusCode, headers, callback) {
  refuseAfterHead(this);
  validateInteger(statusCode, 'statusCode', 100, 199);
  if (statusCode === 101) throw new codes.ERR_HTTP_INVALID_STATUS_CODE(statusCode);
  if (headers !== undefined && headers !== null && typeof headers !== 'object') {
    throw new codes.ERR_INVALID_ARG_TYPE('headers', 'object', headers);
  }
  const line = statusLine(statusCode, STATUS_CODES[statusCode] || 'unknown');
  return this._writeRaw(interimHead(this, line, headers), 'latin1', callback);
};

/**
 * Asks the client for the body: RFC 9110 section 15.2.1.
 * @this {http.ServerResponse}
 * @param {Function} [callback] called when it is written
 */
ServerResponse.prototype.writeContinue = function writeContinue(callback) {
  refuseAfterHead(this);
  this._writeRaw(CONTINUE, 'ascii', callback);
  this._sent100 = true;
};

/**
 * Tells the client that the request is being processed: RFC 2518 section 10.1.
 * @this {http.ServerResponse}
 * @param {Function} [callback] called when it is written
 */
ServerResponse.prototype.writeProcessing = function writeProcessing(callback) {
  refuseAfterHead(this);
  this._writeRaw(PROCESSING, 'ascii', callback);
};

/**
 * Announces links before the answer is known: RFC 8297. Sends nothing without a link.
 * @this {http.ServerResponse}
 * @param {object} hints `link` (one or several), and any other field
 * @param {Function} [callback] called when it is written
 * @throws  for a malformed link
 */
ServerResponse.prototype.writeEarlyHints = function writeEarlyHints(hints, callback) {
  refuseAfterHead(this);
  validateObject(hints, 'hints');
  if (hints.link === null || hints.link === undefined) return;
  const link = linkValue(hints.link);
  if (link.length === 0) return;

  let head = `${EARLY_HINTS}Link: ${link}\r\n`;
  for (const name of ObjectKeys(hints)) {
    if (name === 'link') continue;
    const value = `${hints[name]}`;
    if (!checkIsHttpToken(name)) throw new codes.ERR_INVALID_HTTP_TOKEN('Header name', name);
    if (checkInvalidHeaderChar(value) && checkInvalidHeaderChar(value, this._isLenientHeaderValidation?.())) {
      throw new codes.ERR_INVALID_CHAR('header content', name);
    }
    head += `${name}: ${value}\r\n`;
  }
  this._writeRaw(`${head}\r\n`, 'ascii', callback);
};

function linkValue(link) {
  if (!ArrayIsArray(link)) return checkedLink(link);
  return link.map(checkedLink).join(', ');
}

function checkedLink(link) {
  if (typeof link !== 'string' || !isLink(link)) throw new codes.ERR_INVALID_ARG_VALUE('hints', link, LINK_EXPECTED);
  return link;
}

function isLink(text) {
  if (!takesAnyLink()) return EARLY_LINK.test(text) && !checkInvalidHeaderChar(text);
  const end = text.indexOf('>');
  if (text[0] !== '<' || end === -1 || checkInvalidHeaderChar(text)) return false;
  const [gap, ...parameters] = text.slice(end + 1).split(';');
  if (parameters.length === 0) return gap === '';
  const last = parameters.length - 1;
  return gap.trim() === '' &&
    parameters.every((text, n) => LINK_PARAMETER.test(n === last ? text.trimStart() : text.trim()));
}

/** @this {http.ServerResponse} */
ServerResponse.prototype._implicitHeader = function _implicitHeader() {
  this.writeHead(this.statusCode);
};

/**
 * Makes the head. It is sent with the first piece of the body.
 * @this {http.ServerResponse}
 * @param {number} statusCode 100 to 999
 * @param {string|object|Array} [reason] the reason phrase; or the fields
 * @param {object|Array} [obj] fields: an object, a flat list of names and values, or a list of pairs
 * @returns {http.ServerResponse} this
 * @throws ERR_HTTP_HEADERS_SENT, ERR_HTTP_INVALID_STATUS_CODE, ERR_INVALID_ARG_VALUE, ERR_INVALID_CHAR
 */
ServerResponse.prototype.writeHead = function writeHead(statusCode, reason, obj) {
  if (this._header && refusesSecondHead) throw new codes.ERR_HTTP_HEADERS_SENT('write');

  const code = statusCode | 0;
  if (code < LOWEST_CODE || code > HIGHEST_CODE) throw new codes.ERR_HTTP_INVALID_STATUS_CODE(statusCode);

  let fields = obj;
  if (typeof reason === 'string') {
    this.statusMessage = reason;
  } else {
    this.statusMessage ||= STATUS_CODES[code] || 'unknown';
    if (fields === undefined || fields === null || !takesLastFields()) fields = reason;
  }
  this.statusCode = code;

  if (this[kOutHeaders]) {
    if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT(fields && ObjectKeys(fields).length > 0 ? 'set' : 'render');
    if (fields) mergeFields(this, fields);
    fields = this[kOutHeaders];
  }

  const message = this.statusMessage;
  let line = standardLine(code, message);
  if (line === '') {
    if (checkInvalidHeaderChar(message)) throw new codes.ERR_INVALID_CHAR('statusMessage');
    line = statusLine(code, message);
  }

  // RFC 9110 sections 6.4.1 and 15.2: these responses have no content.
  if (code === 204 || code === 304 || code < 200) this._hasBody = false;

  // RFC 9110 section 10.1.1: a client that was not told to continue may or may not send the body. Only closing the connection removes the doubt.
  if (this._expect_continue && !this._sent100) this.shouldKeepAlive = false;

  this._storeHeader(line, fields);
  return this;
};

/** The old name of `writeHead`. */
ServerResponse.prototype.writeHeader = deprecatesWriteHeader ?
  deprecate(ServerResponse.prototype.writeHead, 'ServerResponse.prototype.writeHeader is deprecated.', 'DEP0063') : ServerResponse.prototype.writeHead;

// Fields given to writeHead() replace those that were set before.
function mergeFields(response, fields) {
  if (ArrayIsArray(fields)) {
    if (fields.length % 2 !== 0) throw new codes.ERR_INVALID_ARG_VALUE('headers', fields);
    if (keepsRepeated) {
      for (let n = 0; n < fields.length; n += 2) validateString(fields[n], 'name');
      const table = response[kOutHeaders];
      for (let n = 0; n < fields.length; n += 2) delete table[`${fields[n]}`.toLowerCase()];
    }
    for (let n = 0; n < fields.length; n += 2) {
      if (!fields[n]) continue;
      if (keepsRepeated) response.appendHeader(fields[n], fields[n + 1]);
      else response.setHeader(fields[n], fields[n + 1]);
    }
    return;
  }
  for (const name of ObjectKeys(fields)) {
    if (name) response.setHeader(name, fields[name]);
  }
}

follow(ServerResponse.prototype, Builtin.prototype);
nameLike(ServerResponse, Builtin);

module.exports = { __proto__: null, ServerResponse, assignInTurn, assignUnseen, onServerResponseClose };
