'use strict';

/**
 * The errors that the http modules throw, shaped like node's: `code` is the only enumerable own property, `name` and `constructor`
 * are those of the plain error class, and the stack begins with `Name [CODE]: message` and shows none of our frames above the
 * function that the program called.
 *
 *     const { codes, connResetException } = require('./errors');
 *     throw new codes.ERR_HTTP_HEADERS_SENT('set');
 *     throw hideFrames(new codes.ERR_INVALID_ARG_TYPE('name', 'string', name), validateName);
 */

const {
  ArrayIsArray, Error, JSONStringify, Map, MathAbs, NumberIsInteger, ObjectCreate, ObjectGetPrototypeOf, ObjectSetPrototypeOf,
  Proxy, RangeError, Set, String, TypeError,
} = require('../globals/primordials');
const { format, getSystemErrorName, inspect } = require('util');
const { lazy } = require('../compat/lazy');
const { cutsShown, describesFunctions, describesObjects } = require('../compat/node-features');

/** The longest text of a received value before it is cut, in UTF-16 units: 28 for a short description, 128 for a whole value. */
const SHORT_VALUE = 28;
const SHORT_VALUE_KEPT = 25;
const LONG_VALUE = 128;

const TYPES = new Set(['bigint', 'boolean', 'function', 'number', 'object', 'string', 'symbol']);
const CLASS_NAME = /^[A-Z][A-Za-z0-9]*$/;

/** Node's message for a failed internal assertion. */
const FAILED_ASSERTION = 'This is caused by either a bug in Node.js or incorrect usage of Node.js internals.\n' +
  'Please open an issue with this stack trace at https://github.com/nodejs/node/issues\n';

/** By code: the error class, and the message as text or as a function of the constructor's arguments. */
const table = lazy(() => ({
  ERR_FEATURE_UNAVAILABLE_ON_PLATFORM: [TypeError, (feature) => `The feature ${feature} is unavailable on the current platform, which is being used to run Node.js`],
  ERR_HTTP_BODY_NOT_ALLOWED: [Error, 'Adding content for this request method or response status is not allowed.'],
  ERR_HTTP_CONTENT_LENGTH_MISMATCH: [Error, (seen, announced) =>
    `Response body's content-length of ${seen} byte(s) does not match the content-length of ${announced} byte(s) set in header`],
  ERR_HTTP_HEADERS_SENT: [Error, (action) => `Cannot ${action} headers after they are sent to the client`],
  ERR_HTTP_INVALID_HEADER_VALUE: [TypeError, (value, name) => `Invalid value "${value}" for header "${name}"`],
  ERR_HTTP_INVALID_STATUS_CODE: [RangeError, (status) => `Invalid status code: ${show(status)}`],
  ERR_HTTP_REQUEST_TIMEOUT: [Error, 'Request timeout'],
  ERR_HTTP_SOCKET_ASSIGNED: [Error, 'ServerResponse has an already assigned socket'],
  ERR_HTTP_SOCKET_ENCODING: [Error, 'Changing the socket encoding is not allowed per RFC7230 Section 3.'],
  ERR_HTTP_TRAILER_INVALID: [Error, 'Trailers are invalid with this transfer encoding'],
  ERR_INTERNAL_ASSERTION: [Error, (message = FAILED_ASSERTION) => message],
  ERR_INVALID_ARG_TYPE: [TypeError, (name, expected, value) =>
    `The ${subject(name, '"')} must be ${expectation(expected)}.${received(value)}`],
  ERR_INVALID_ARG_VALUE: [TypeError, (name, value, reason = 'is invalid') =>
    `The ${name.includes('.') ? 'property' : 'argument'} '${name}' ${reason}. Received ${cut(inspect(value), LONG_VALUE)}`],
  ERR_INVALID_CHAR: [TypeError, (what, field) =>
    `Invalid character in ${what}${field === undefined ? '' : ` ["${field}"]`}`],
  ERR_INVALID_HTTP_TOKEN: [TypeError, (what, token) => `${what} must be a valid HTTP token ["${show(token)}"]`],
  ERR_INVALID_PROTOCOL: [TypeError, (protocol, expected) => `Protocol "${protocol}" not supported. Expected "${expected}"`],
  ERR_METHOD_NOT_IMPLEMENTED: [Error, (method) => `The ${method} method is not implemented`],
  ERR_OUT_OF_RANGE: [RangeError, (name, range, value) =>
    `The value of "${name}" is out of range. It must be ${range}. Received ${grouped(value)}`],
  ERR_SERVER_NOT_RUNNING: [Error, 'Server is not running.'],
  ERR_SOCKET_BAD_PORT: [RangeError, (name, port, zeroAllowed = true) =>
    `${name} should be ${zeroAllowed ? '>=' : '>'} 0 and < 65536.${received(port)}.`],
  ERR_STREAM_ALREADY_FINISHED: [Error, (method) => `Cannot call ${method} after a stream was finished`],
  ERR_STREAM_CANNOT_PIPE: [Error, 'Cannot pipe, not readable'],
  ERR_STREAM_DESTROYED: [Error, (method) => `Cannot call ${method} after a stream was destroyed`],
  ERR_STREAM_NULL_VALUES: [TypeError, 'May not write null values to stream'],
  ERR_STREAM_WRITE_AFTER_END: [Error, 'write after end'],
  ERR_UNKNOWN_ENCODING: [TypeError, (encoding) => `Unknown encoding: ${show(encoding)}`],
  ERR_UNESCAPED_CHARACTERS: [TypeError, (what) => `${what} contains unescaped characters`],
}));

/** A value of any type inside a sentence: strings unchanged, objects one level deep. */
function show(value) {
  return typeof value === 'string' ? value : format('%s', value);
}

function cut(text, limit) {
  return text.length > limit ? `${text.slice(0, limit)}...` : text;
}

function subject(name, quote) {
  if (name.endsWith(' argument')) return name;
  return `${quote}${name}${quote} ${name.includes('.') ? 'property' : 'argument'}`;
}

/** ['a', 'b', 'c'] as 'a, b, or c', two as 'a or b'. */
function alternatives(names) {
  if (names.length < 3) return names.join(' or ');
  return `${names.slice(0, -1).join(', ')}, or ${names[names.length - 1]}`;
}

/**
 * The expectation as text: types first, then classes, then anything else.
 * @param {string|string[]} expected type names ('string'), class names ('Buffer') or free text ('undefined')
 */
function expectation(expected) {
  const types = [];
  const classes = [];
  const others = [];
  for (const name of ArrayIsArray(expected) ? expected : [expected]) {
    if (TYPES.has(name)) types.push(name);
    else if (name === 'Function' || name === 'Object') types.push(name.toLowerCase());
    else (CLASS_NAME.test(name) ? classes : others).push(name);
  }
  const parts = [];
  if (types.length > 0) parts.push(`${types.length > 1 ? 'one of type' : 'of type'} ${alternatives(types)}`);
  if (classes.length > 0) parts.push(`an instance of ${alternatives(classes)}`);
  if (others.length > 0) parts.push(`${others.length > 1 ? 'one of ' : ''}${alternatives(others)}`);
  return parts.join(' or ');
}

/**
 * The ` Received ...` part of a message.
 * @param {*} value that the caller passed
 * @returns {string} the text with its leading blank and without a full stop
 */
function received(value) {
  if (value === null || value === undefined) return ` Received ${value}`;
  if (typeof value === 'function' && (value.name !== '' || !describesFunctions())) return ` Received function ${value.name}`;
  if (typeof value === 'object') {
    const made = value.constructor;
    if (made !== null && made !== undefined && made.name !== undefined && (made.name !== '' || !describesObjects())) return ` Received an instance of ${made.name}`;
    return ` Received ${inspect(value, { depth: -1 })}`;
  }
  if (cutsShown()) return ` Received type ${typeof value} (${shorten(inspect(value, { colors: false }))})`;
  if (typeof value === 'string') {
    const text = shorten(value);
    return ` Received type string (${text.includes("'") ? JSONStringify(text) : `'${text}'`})`;
  }
  return ` Received type ${typeof value} (${inspect(value, { colors: false })})`;
}

function shorten(text) {
  return text.length > SHORT_VALUE ? `${text.slice(0, SHORT_VALUE_KEPT)}...` : text;
}

/** A number as a range error shows it: whole numbers above 2^32 have underscores between groups of three digits. */
function grouped(value) {
  if (typeof value === 'bigint') {
    return `${value > 2n ** 32n || value < -(2n ** 32n) ? underscores(String(value)) : value}n`;
  }
  if (NumberIsInteger(value) && MathAbs(value) > 2 ** 32) return underscores(String(value));
  return inspect(value);
}

function underscores(digits) {
  return digits.replace(/\B(?=(?:\d{3})+$)/g, '_');
}

/** The prototype that errors of one class keep. */
function prototypes(Base) {
  return ObjectCreate(Base.prototype, {
    constructor: { value: Base, writable: true, enumerable: false, configurable: true },
    toString: { value: toString, writable: true, enumerable: false, configurable: true },
  });
}

function toString() {
  return `${this.name} [${this.code}]: ${this.message}`;
}

const PROTOTYPES = new Map([[Error, prototypes(Error)], [RangeError, prototypes(RangeError)], [TypeError, prototypes(TypeError)]]);

function defineCode(code, Base, message) {
  const prototype = PROTOTYPES.get(Base);
  const naming = ObjectCreate(prototype, { name: { value: `${Base.prototype.name} [${code}]` } });
  function NodeError(...args) {
    const error = new Base(typeof message === 'function' ? message(...args) : message);
    error.code = code;
    return restack(error, naming, prototype, NodeError);
  }
  NodeError.naming = naming;
  return NodeError;
}

/** V8 renders the first line of a stack with the name that the error has when its stack is first read: `naming` gives it that name until then. */
function restack(error, naming, prototype, hidden) {
  ObjectSetPrototypeOf(error, naming);
  Error.captureStackTrace(error, hidden);
  // Reading the stack renders it.
  void error.stack;
  return ObjectSetPrototypeOf(error, prototype);
}

/**
 * Constructors by code, each made on first use: `new codes.ERR_X(...)`, with the arguments of the table row.
 * @type {Record<string, any>}
 */
const codes = new Proxy({}, {
  get(made, code) {
    return made[code] ??= defineCode(code, table()[code][0], table()[code][1]);
  },
});

/**
 * Makes the stack of an error begin at the caller of a function.
 * @param {Failure} error made by `codes`
 * @param {Function} hidden the outermost function to hide; its caller becomes the first frame
 * @returns {Error} the same error
 */
function hideFrames(error, hidden) {
  return restack(error, codes[error.code].naming, ObjectGetPrototypeOf(error), hidden);
}

/**
 * The error of a connection that the peer has closed.
 * @param {string} message such as 'socket hang up' or 'aborted'
 * @returns {Error} a plain Error with code ECONNRESET
 */
function connResetException(message) {
  /** @type {Failure} */
  const error = new Error(message);
  error.code = 'ECONNRESET';
  Error.captureStackTrace(error, connResetException);
  return error;
}

/**
 * The error of a system call, shaped like net.Socket's.
 * @param {string} call name of the system call
 * @param {number} number the system's error number, positive
 * @returns {Error} with errno, code and syscall
 */
function systemError(call, number) {
  const code = getSystemErrorName(-number);
  /** @type {Failure} */
  const error = new Error(`${call} ${code}`);
  error.errno = -number;
  error.code = code;
  error.syscall = call;
  return error;
}

/** The error of an operation that an AbortSignal ended: code ABORT_ERR, name AbortError. */
class AbortError extends Error {
  /**
   * @param {string} [message]
   * @param {{cause?: *}} [options] the reason of the signal
   */
  constructor(message = 'The operation was aborted', options = undefined) {
    super(message, options);
    this.code = 'ABORT_ERR';
    this.name = 'AbortError';
  }
}

module.exports = { AbortError, codes, connResetException, hideFrames, systemError };
