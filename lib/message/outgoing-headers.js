'use strict';

/**
 * The header fields of an outgoing message: the methods that set them, and how they become the head.
 *
 * Names are checked and lower-cased with one look-up, values when they are set. The head is one call into the core, which checks
 * every byte again, adds the fields that the protocol's rules require, and decides how the message is framed.
 */

const {
  ArrayIsArray, DateNow, Int32Array, MathFloor, ObjectAssign, ObjectCreate, ObjectHasOwn, ObjectKeys, ObjectValues, Set,
} = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const { setTimeout } = require('node:timers');
const { inspect } = require('node:util');
const native = require('../native/addon');
const {
  headInput: {
    KEEP_ALIVE, DATE: SEND_DATE, BODY: HAS_BODY, CHUNKED_BY_DEFAULT, REMOVED_CONNECTION, REMOVED_CONTENT_LENGTH,
    REMOVED_TRANSFER_ENCODING, KEEP_ALIVE_HINT: DEFAULT_KEEP_ALIVE, MAX_REQUESTS_REACHED, AGENT: HAS_AGENT, LAST, CHUNKED,
    BODILESS_STATUS, RELAXED,
  },
  headOutput: {
    LAST: DECIDED_LAST, CHUNKED: DECIDED_CHUNKED, KEEP_ALIVE: DECIDED_KEEP_ALIVE, KEEP_ALIVE_HINT: DECIDED_DEFAULT_KEEP_ALIVE, EXPECT: DECIDED_EXPECT,
    ASCII: DECIDED_ASCII,
  },
} = require('../native/layout');
const { codes } = require('../util/errors');
const { baresFields, choosesValidation, decodesDisposition, keepsLengthText, removedEndsKeepAlive, setsCookiesLast, setsNoCookies } = require('../compat/node-features');
const { kOutHeaders, kUniqueHeaders } = require('../compat/symbols');
const { checkInvalidHeaderChar, lowerCaseName, validateHeaderName, validateHeaderValue, validateString } = require('../util/validators');

/** An error of renderHead other than an invalid name or value. */
const TRAILER_WITHOUT_CHUNKS = 5;
const headOutput = new Int32Array(5);

const NOT_ASCII = /[^\x00-\x7f]/;
/** The words that node looks for in Connection and Transfer-Encoding. */
const CLOSE = /(?:^|\W)close(?:$|\W)/i;
const CHUNKED_WORD = /(?:^|\W)chunked(?:$|\W)/i;

/** The head rendered last, and whether it is ASCII: most heads are sent before the next is made. */
let lastHead = '';
let lastHeadIsAscii = true;

/**
 * The heads rendered within this second, by the input of the core: a server gives many equal answers, and the same input in the
 * same second has the same result, Date included. (Measured: 300 ns for a call into the core, 40 ns for a remembered head.) Each
 * slot has one head; text longer than MEMO_TEXT_MAX or with more parts than MEMO_PARTS_MAX is not kept.
 */
const MEMO_SLOTS = 64;
const MEMO_TEXT_MAX = 2048;
const MEMO_PARTS_MAX = 32;
const memo = [];
/** The second since 1970 whose heads are remembered. */
let memoSecond = 0;
/** Whether that second may be over. A timer sets it: reading the clock for each head costs 90 ns. */
let secondIsOver = true;
/** Works even if a program replaces Date. */
const clock = DateNow;

/** The fields of the head that is being made: names and values in turn, the first `filled` entries. */
const parts = [];
let filled = 0;
/** For the Content-Disposition of a message of known length, see addDisposition: the text that is in the head, and the text that must replace it. */
let replaced = null;

/**
 * A table of header fields by lower-case name. It has no prototype, like one of Object.create(null), but keeps a hidden class:
 * messages that set the same headers in the same order share it (measured: filling and walking it takes a fifth of the time).
 * Printed messages show its name, which is that of node's class.
 */
const HeaderTable = function OutgoingHeaders() {};
HeaderTable.prototype = ObjectCreate(null, {
  [inspect.custom]: {
    /** @this {object} */
    value() {
      return baresFields() ? ObjectAssign(ObjectCreate(null), this) : this;
    },
  },
});

/**
 * Whether a head is all ASCII, so that latin1 and UTF-8 encode it to the same bytes.
 * @param {string} head
 * @returns {boolean}
 */
function headIsAscii(head) {
  return head === lastHead ? lastHeadIsAscii : !NOT_ASCII.test(head);
}

function isNamed(name, lower) {
  return name.length === lower.length && name.toLowerCase() === lower;
}

function nameOf(name) {
  const lower = lowerCaseName(name);
  return lower === undefined ? name.toLowerCase() : lower;
}

/** Decodes a Content-Disposition whose UTF-8 bytes were given as latin1 text. */
function decodeDisposition(value) {
  return Buffer.from(`${value}`, 'latin1').toString();
}

/**
 * node takes the Content-Disposition of a message of known length as UTF-8 bytes in a latin1 string, and puts the decoded text into
 * the head. Text beyond latin1 cannot cross to the core, so it is put in afterwards.
 */
function addDisposition(message, name, value, checked) {
  const decoded = decodeDisposition(value);
  if (checked) check(message, name, decoded);
  else if (decoded !== value && checkInvalidHeaderChar(decoded)) {
    replaced = [`${name}: ${value}\r\n`, `${name}: ${decoded}\r\n`];
    append(name, value);
    return;
  }
  append(name, decoded);
}

function append(name, value) {
  parts[filled++] = name;
  // Converts objects with +, as node does; a template would convert some of them otherwise.
  parts[filled++] = typeof value === 'string' || typeof value === 'number' ? value : '' + value;
}

/** Throws the error that names the invalid field; the core has found that there is one, or the value is missing. */
function check(message, name, value) {
  validateHeaderName(name);
  checkValue(message, name, value);
}

function checkValue(message, name, value) {
  validateHeaderValue(name, value, isRelaxed(message));
}

/** Whether the field values of a message may hold control characters; asked only if one does. */
function isRelaxed(message) {
  return choosesValidation && message._isLenientHeaderValidation?.() === true;
}

/**
 * Adds one line to the parts.
 * @param {object} message whose head is made
 * @param {string} name as the program gave it
 * @param {*} value one value
 * @param {boolean} given whether it comes straight from the program: then it must not be undefined
 * @param {boolean} checked whether to look for the invalid field
 */
function addLine(message, name, value, given, checked) {
  if (checked || (value === undefined && given)) check(message, name, value);
  if (name.length === 14 && isNamed(name, 'content-length')) message._contentLength = keepsLengthText() ? value : +value;
  if (name.length === 19 && message._contentLength && isNamed(name, 'content-disposition') && decodesDisposition()) {
    addDisposition(message, name, value, given || checked);
    return;
  }
  append(name, value);
}

function addField(message, name, value, given, checked) {
  if (typeof name !== 'string') validateHeaderName(name);
  if (!ArrayIsArray(value)) {
    addLine(message, name, value, given, checked);
    return;
  }
  // RFC 6265, section 5.4: "the user agent MUST NOT attach more than one Cookie header field".
  const unique = message[kUniqueHeaders];
  if ((value.length > 1 && isNamed(name, 'cookie')) || (unique && unique.has(name.toLowerCase()))) {
    addLine(message, name, value.join('; '), given, checked);
    return;
  }
  for (let i = 0; i < value.length; i++) addLine(message, name, value[i], given, checked);
}

/** Fills `parts` from any of the forms in which fields may be given. */
function collect(message, headers, checked) {
  filled = 0;
  replaced = null;
  if (headers === null || headers === undefined) return;
  if (headers === message[kOutHeaders]) {
    for (const key in headers) {
      const entry = headers[key];
      addField(message, entry[0], entry[1], false, checked);
    }
  } else if (!ArrayIsArray(headers)) {
    for (const name in headers) {
      if (ObjectHasOwn(headers, name)) addField(message, name, headers[name], true, checked);
    }
  } else if (headers.length > 0 && ArrayIsArray(headers[0])) {
    for (let i = 0; i < headers.length; i++) addField(message, headers[i][0], headers[i][1], true, checked);
  } else {
    if (headers.length % 2 !== 0) throw new codes.ERR_INVALID_ARG_VALUE('headers', headers);
    for (let i = 0; i < headers.length; i += 2) addField(message, headers[i], headers[i + 1], true, checked);
  }
}

function headFlags(message) {
  const status = message.statusCode;
  return (message.shouldKeepAlive ? KEEP_ALIVE : 0) | (message.sendDate ? SEND_DATE : 0) | (message._hasBody ? HAS_BODY : 0) |
    (message.useChunkedEncodingByDefault ? CHUNKED_BY_DEFAULT : 0) | (message._removedConnection ? REMOVED_CONNECTION : 0) |
    (message._removedContLen ? REMOVED_CONTENT_LENGTH : 0) | (message._removedTE ? REMOVED_TRANSFER_ENCODING : 0) |
    (message._defaultKeepAlive ? DEFAULT_KEEP_ALIVE : 0) | (message.maxRequestsOnConnectionReached ? MAX_REQUESTS_REACHED : 0) |
    (message.agent ? HAS_AGENT : 0) | (message._last ? LAST : 0) | (message.chunkedEncoding ? CHUNKED : 0) |
    (status === 204 || status === 304 ? BODILESS_STATUS : 0);
}

function takeDecisions(message, bits) {
  message._last = (bits & DECIDED_LAST) !== 0;
  message.chunkedEncoding = (bits & DECIDED_CHUNKED) !== 0;
  message.shouldKeepAlive = (bits & DECIDED_KEEP_ALIVE) !== 0 && !(removedEndsKeepAlive && message._removedConnection);
  message._defaultKeepAlive = (bits & DECIDED_DEFAULT_KEEP_ALIVE) !== 0;
}

function isRemembered(slot, firstLine) {
  const known = slot.parts;
  if (known.length !== filled || slot.firstLine !== firstLine) return false;
  for (let i = 0; i < known.length; i++) {
    if (known[i] !== parts[i]) return false;
  }
  return true;
}

function emptySlot() {
  return { firstLine: '', parts: [], flags: -1, length: -1, keepAlive: 0, maxRequests: 0, head: '', bits: 0 };
}

function beginSecond() {
  const now = clock();
  const second = MathFloor(now / 1000);
  if (second !== memoSecond) {
    if (memo.length === 0) for (let i = 0; i < MEMO_SLOTS; i++) memo.push(emptySlot());
    for (let i = 0; i < MEMO_SLOTS; i++) memo[i].flags = -1;
    memoSecond = second;
  }
  secondIsOver = false;
  setTimeout(endSecond, 1000 - (now % 1000)).unref();
}

function endSecond() {
  secondIsOver = true;
}

/**
 * Asks the core for a head, unless it was asked for the same one within this second.
 * @returns {any} the head, or a number that says why there is none
 */
function renderHead(firstLine, flags, length, keepAlive, maxRequests) {
  if (secondIsOver) beginSecond();
  const slot = memo[(filled ^ firstLine.length ^ length) & (MEMO_SLOTS - 1)];
  if (slot.flags === flags && slot.length === length && slot.keepAlive === keepAlive && slot.maxRequests === maxRequests &&
      isRemembered(slot, firstLine)) {
    headOutput[0] = slot.bits;
    return slot.head;
  }
  let text = firstLine;
  for (let i = 0; i < filled; i++) text += parts[i] + '\0';
  const head = native.renderHead(text, filled >> 1, flags, length, keepAlive, maxRequests, headOutput);
  // The core's clock lags by some milliseconds: the first heads of a second still show the previous one.
  if (typeof head === 'string' && text.length <= MEMO_TEXT_MAX && filled <= MEMO_PARTS_MAX && headOutput[4] === (memoSecond | 0)) {
    slot.firstLine = firstLine;
    slot.parts = parts.slice(0, filled);
    slot.flags = flags;
    slot.length = length;
    slot.keepAlive = keepAlive;
    slot.maxRequests = maxRequests;
    slot.head = head;
    slot.bits = headOutput[0];
  }
  return head;
}

/** Throws the error for a head that the core refused. */
function refuse(message, headers, length, answer) {
  if ((answer & 7) === TRAILER_WITHOUT_CHUNKS) {
    takeDecisions(message, headOutput[0]);
    throw new codes.ERR_HTTP_TRAILER_INVALID();
  }
  refuseField(message, headers, length);
  throw new codes.ERR_INVALID_CHAR('statusMessage');
}

/** Throws the error for the first invalid field, after applying what the fields before it decide. */
function refuseField(message, headers, length) {
  message._contentLength = length;
  try {
    collect(message, headers, true);
  } finally {
    for (let n = 0; n < filled; n += 2) decideBy(message, parts[n].toLowerCase(), parts[n + 1]);
  }
}

function decideBy(message, lower, value) {
  if (lower === 'connection') {
    message._removedConnection = false;
    if (CLOSE.test(value)) message._last = true;
    else message.shouldKeepAlive = true;
  } else if (lower === 'transfer-encoding') {
    message._removedTE = false;
    if (CHUNKED_WORD.test(value)) message.chunkedEncoding = true;
  } else if (lower === 'content-length') {
    message._removedContLen = false;
  } else if (lower === 'keep-alive') {
    message._defaultKeepAlive = false;
  }
}

/**
 * Makes the head of the message and keeps it in `_header`. Sends it only if it has an Expect field.
 * @this {OutgoingMessage}
 * @param {string} firstLine request line or status line, with its CRLF
 * @param {object|Array|null} headers the message's own table, an object, a flat list of names and values, or a list of pairs
 */
function _storeHeader(firstLine, headers) {
  const before = this._contentLength;
  try {
    collect(this, headers, false);
  } catch (error) {
    refuseField(this, headers, before);
    throw error;
  }
  const length = this._contentLength;
  const flags = headFlags(this);
  const bytes = typeof length === 'number' ? length : -1;
  const maxRequests = +this._maxRequestsPerSocket || 0;
  let head = renderHead(firstLine, flags, bytes, +this._keepAliveTimeout, maxRequests);
  if (typeof head !== 'string' && isRelaxed(this)) {
    head = renderHead(firstLine, flags | RELAXED, bytes, +this._keepAliveTimeout, maxRequests);
  }
  if (typeof head !== 'string') refuse(this, headers, before, head);
  const bits = headOutput[0];
  takeDecisions(this, bits);
  lastHead = replaced === null ? head : head.replace(replaced[0], () => replaced[1]);
  lastHeadIsAscii = (bits & DECIDED_ASCII) !== 0;
  this._header = lastHead;
  this._headerSent = false;
  // RFC 9110, section 10.1.1: the client waits for the answer to its expectation before it sends the body.
  if ((bits & DECIDED_EXPECT) !== 0) this._send('');
}

/**
 * The head of a 1xx response: exactly the given fields.
 * @param {ServerResponse} message
 * @param {string} firstLine with its CRLF
 * @param {object|Array} [headers] an object, a flat list of names and values, or a list of pairs; a list as a value is one field
 * @returns {string}
 */
function interimHead(message, firstLine, headers) {
  const fields = pairsOf(headers);
  let text = firstLine;
  for (const [name, value] of fields) {
    check(message, name, value);
    text += `${name}\0${value}\0`;
  }
  return native.renderInterim(text, fields.length, isRelaxed(message) ? RELAXED : 0);
}

function pairsOf(headers) {
  if (headers === undefined || headers === null) return [];
  if (!ArrayIsArray(headers)) return ObjectKeys(headers).map((name) => [name, headers[name]]);
  if (ArrayIsArray(headers[0])) return headers;
  if (headers.length % 2 !== 0) throw new codes.ERR_INVALID_ARG_VALUE('headers', headers);
  return headers.filter((_name, n) => n % 2 === 0).map((name, n) => [name, headers[2 * n + 1]]);
}

/**
 * Sets a header field, replacing one of the same name in any case.
 * @this {OutgoingMessage}
 * @param {string} name
 * @param {number|string|string[]} value
 * @returns {OutgoingMessage} this
 */
function setHeader(name, value) {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('set');
  const lower = lowerCaseName(name);
  if (lower === undefined) validateHeaderName(name);
  if (value === undefined || checkInvalidHeaderChar(value)) checkValue(this, name, value);
  let table = this[kOutHeaders];
  if (table === null) this[kOutHeaders] = table = new HeaderTable();
  table[lower] = [name, value];
  return this;
}

/**
 * Sets all fields of a Headers object or a Map.
 * @this {OutgoingMessage}
 * @param {Headers|Map} headers
 * @returns {OutgoingMessage} this
 */
function setHeaders(headers) {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('set');
  if (!headers || ArrayIsArray(headers) || typeof headers.keys !== 'function' || typeof headers.get !== 'function') {
    throw new codes.ERR_INVALID_ARG_TYPE('headers', ['Headers', 'Map'], headers);
  }
  if (!setsCookiesLast()) {
    for (const name of headers.keys()) this.setHeader(name, headers.get(name));
    return this;
  }
  // A Headers object lists each cookie separately; setting one would replace the one before.
  let cookies;
  for (const { 0: name, 1: value } of headers) {
    if (name === 'set-cookie') cookies = (cookies ?? []).concat(value);
    else this.setHeader(name, value);
  }
  if (cookies !== undefined && (cookies.length > 0 || setsNoCookies())) this.setHeader('set-cookie', cookies);
  return this;
}

/**
 * Adds a value to a header field, or sets the field.
 * @this {OutgoingMessage}
 * @param {string} name
 * @param {string|string[]} value
 * @returns {OutgoingMessage} this
 */
function appendHeader(name, value) {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('append');
  const lower = lowerCaseName(name);
  if (lower === undefined) validateHeaderName(name);
  if (value === undefined || checkInvalidHeaderChar(value)) checkValue(this, name, value);
  let table = this[kOutHeaders];
  if (table === null) this[kOutHeaders] = table = new HeaderTable();
  const entry = table[lower];
  if (entry === undefined) {
    table[lower] = [name, value];
    return this;
  }
  if (!ArrayIsArray(entry[1])) entry[1] = [entry[1]];
  if (ArrayIsArray(value)) entry[1].push(...value);
  else entry[1].push(value);
  return this;
}

/**
 * @this {OutgoingMessage}
 * @param {string} name in any case
 * @returns {*} the value as it was set, or undefined
 */
function getHeader(name) {
  validateString(name, 'name');
  const table = this[kOutHeaders];
  if (table === null) return undefined;
  const entry = table[nameOf(name)];
  return entry === undefined ? undefined : entry[1];
}

/** @this {OutgoingMessage} @returns {string[]} the lower-case names of the fields that are set */
function getHeaderNames() {
  const table = this[kOutHeaders];
  return table === null ? [] : ObjectKeys(table);
}

/** @this {OutgoingMessage} @returns {string[]} the names of the fields as they were given */
function getRawHeaderNames() {
  const table = this[kOutHeaders];
  return table === null ? [] : ObjectValues(table).map((entry) => entry[0]);
}

/** @this {OutgoingMessage} @returns {object} without prototype: values by lower-case name */
function getHeaders() {
  const table = this[kOutHeaders];
  const headers = ObjectCreate(null);
  if (table !== null) {
    for (const key of ObjectKeys(table)) headers[key] = table[key][1];
  }
  return headers;
}

/**
 * @this {OutgoingMessage}
 * @param {string} name in any case
 * @returns {boolean}
 */
function hasHeader(name) {
  validateString(name, 'name');
  const table = this[kOutHeaders];
  return table !== null && table[nameOf(name)] !== undefined;
}

/**
 * Removes a field. If it is one that the rules would add, it is not added either.
 * @this {OutgoingMessage}
 * @param {string} name in any case
 */
function removeHeader(name) {
  validateString(name, 'name');
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('remove');
  const lower = nameOf(name);
  switch (lower) {
    case 'connection': this._removedConnection = true; break;
    case 'content-length': this._removedContLen = true; break;
    case 'transfer-encoding': this._removedTE = true; break;
    case 'date': this.sendDate = false; break;
  }
  if (this[kOutHeaders] !== null) delete this[kOutHeaders][lower];
}

/** @this {OutgoingMessage} @returns {object} values by the names as they were given */
function _renderHeaders() {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('render');
  const table = this[kOutHeaders];
  const headers = {};
  if (table !== null && typeof table === 'object') {
    for (const key of ObjectKeys(table)) headers[table[key][0]] = table[key][1];
  }
  return headers;
}

/** The deprecated `_headers` of a message: {lower-case name: value}. */
function setTable(headers) {
  if (headers === null || typeof headers !== 'object') {
    this[kOutHeaders] = null;
    return;
  }
  const table = new HeaderTable();
  for (const name of ObjectKeys(headers)) table[nameOf(name)] = [name, headers[name]];
  this[kOutHeaders] = table;
}

/** The deprecated `_headerNames` of a message: {lower-case name: name as given}, or null. */
function getNameTable() {
  const table = this[kOutHeaders];
  if (table === null) return null;
  const names = ObjectCreate(null);
  for (const key of ObjectKeys(table)) names[key] = table[key][0];
  return names;
}

function setNameTable(names) {
  const table = this[kOutHeaders];
  if (table === null || typeof names !== 'object' || names === null) return;
  for (const key of ObjectKeys(names)) {
    if (table[key] !== undefined) table[key][0] = names[key];
  }
}

/**
 * Reads the uniqueHeaders option.
 * @param {any[]} headers names, or lists of names
 * @returns {Set<string>|null} the names in lower case, or null if the option is no list
 */
function parseUniqueHeadersOption(headers) {
  if (!ArrayIsArray(headers)) return null;
  const unique = new Set();
  for (let i = 0; i < headers.length; i++) unique.add(headers[i].toLowerCase());
  return unique;
}

/** Whether text of this encoding may be joined to a head: a head can be written in it. */
function joinsHead(encoding) {
  return !encoding || encoding === 'utf8' || encoding === 'latin1';
}

/**
 * The encoding in which joined text has the same bytes as its parts written separately, or null if there is none.
 *
 * A head alone is latin1. Joined to UTF-8 text it becomes UTF-8 too, as with node (`shared`), while a head before a chunk stays
 * latin1. ASCII is the same in both, and latin1 is cheaper to write.
 */
function joinedEncoding(head, text, length, encoding, shared) {
  if (encoding === 'latin1') return 'latin1';
  const plain = head === '' || headIsAscii(head);
  if (length === text.length) return plain || !shared ? 'latin1' : 'utf8';
  return plain || shared ? 'utf8' : null;
}

module.exports = {
  __proto__: null,
  _renderHeaders,
  _storeHeader,
  appendHeader,
  getHeader,
  getHeaderNames,
  getHeaders,
  getNameTable,
  getRawHeaderNames,
  hasHeader,
  interimHead,
  joinedEncoding,
  joinsHead,
  parseUniqueHeadersOption,
  removeHeader,
  setHeader,
  setHeaders,
  setNameTable,
  setTable,
};
