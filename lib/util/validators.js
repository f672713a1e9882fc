'use strict';

/**
 * Checks of arguments and options with node's messages. Each returns nothing for a valid value, and otherwise throws an error whose
 * stack begins at the caller.
 */

const {
  ArrayIsArray, Map, NumberIsFinite, NumberIsInteger, NumberIsNaN, NumberMAX_SAFE_INTEGER, NumberMIN_SAFE_INTEGER, String, process,
} = require('../globals/primordials');
const common = require('node:_http_common');
const { codes, hideFrames } = require('./errors');
const { http } = require('../compat/genuine');
const { nameLike } = require('../compat/mirror-shape');
const { choosesValidation, labelsNames } = require('../compat/node-features');

/** The longest delay that a timer of the runtime accepts, in milliseconds (2^31 - 1). */
const TIMEOUT_MAX = 2 ** 31 - 1;

/** RFC 9110, section 5.6.2: token = 1*tchar. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110, section 5.5: field-vchar (VCHAR, obs-text), SP and HTAB; a value must not contain anything else. */
const NOT_FIELD_CONTENT = /[^\t\x20-\x7e\x80-\xff]/;

/** https://fetch.spec.whatwg.org/#concept-header-value: characters that would split a head are refused even where control characters are allowed. */
const NOT_RELAXED_CONTENT = /[^\x01-\x09\x0b\x0c\x0e-\xff]/;

/**
 * How many names are remembered as valid, with their lower-case form. The limit keeps the table from growing with names that users
 * invent per request.
 */
const KNOWN_NAMES_MAX = 1024;
const knownNames = new Map();

function reject(Code, validator, name, expected, value) {
  throw hideFrames(new Code(name, expected, value), validator);
}

/**
 * @param {*} value
 * @param {string} name of the argument, or `options.x` for a property
 */
function validateString(value, name) {
  if (typeof value !== 'string') reject(codes.ERR_INVALID_ARG_TYPE, validateString, name, 'string', value);
}

/** @param {*} value @param {string} name */
function validateBoolean(value, name) {
  if (typeof value !== 'boolean') reject(codes.ERR_INVALID_ARG_TYPE, validateBoolean, name, 'boolean', value);
}

/** @param {*} value @param {string} name */
function validateFunction(value, name) {
  if (typeof value !== 'function') reject(codes.ERR_INVALID_ARG_TYPE, validateFunction, name, 'function', value);
}

/** An object that is neither null nor an array. @param {*} value @param {string} name */
function validateObject(value, name) {
  if (typeof value !== 'object' || value === null || ArrayIsArray(value)) {
    reject(codes.ERR_INVALID_ARG_TYPE, validateObject, name, 'object', value);
  }
}

function describeRange(min, max) {
  const parts = [];
  if (min !== undefined) parts.push(`>= ${min}`);
  if (max !== undefined) parts.push(`<= ${max}`);
  return parts.join(' && ');
}

/**
 * @param {*} value
 * @param {string} name of the argument
 * @param {number} [min] smallest number allowed; with a limit, NaN is out of range
 * @param {number} [max] greatest number allowed
 */
function validateNumber(value, name, min = undefined, max = undefined) {
  if (typeof value !== 'number') reject(codes.ERR_INVALID_ARG_TYPE, validateNumber, name, 'number', value);
  const limited = min !== undefined || max !== undefined;
  if ((min !== undefined && value < min) || (max !== undefined && value > max) || (limited && NumberIsNaN(value))) {
    reject(codes.ERR_OUT_OF_RANGE, validateNumber, name, describeRange(min, max), value);
  }
}

/**
 * @param {*} value
 * @param {string} name of the argument
 * @param {number} [min] smallest whole number allowed
 * @param {number} [max] greatest whole number allowed
 */
function validateInteger(value, name, min = NumberMIN_SAFE_INTEGER, max = NumberMAX_SAFE_INTEGER) {
  if (typeof value !== 'number') reject(codes.ERR_INVALID_ARG_TYPE, validateInteger, name, 'number', value);
  if (!NumberIsInteger(value)) reject(codes.ERR_OUT_OF_RANGE, validateInteger, name, 'an integer', value);
  if (value < min || value > max) reject(codes.ERR_OUT_OF_RANGE, validateInteger, name, describeRange(min, max), value);
}

/**
 * @param {*} value
 * @param {string} name of the argument
 * @param {Array} list the allowed values
 */
function validateOneOf(value, name, list) {
  if (list.includes(value)) return;
  const shown = list.map((item) => (typeof item === 'string' ? `'${item}'` : String(item))).join(', ');
  throw hideFrames(new codes.ERR_INVALID_ARG_VALUE(name, value, `must be one of: ${shown}`), validateOneOf);
}

/** Accepts undefined and any object with an `aborted` member. @param {*} value @param {string} name */
function validateAbortSignal(value, name) {
  if (value !== undefined && (value === null || typeof value !== 'object' || !('aborted' in value))) {
    reject(codes.ERR_INVALID_ARG_TYPE, validateAbortSignal, name, 'AbortSignal', value);
  }
}

/**
 * @param {*} value a port as a number, or as decimal or hexadecimal text
 * @param {string} [name] of the argument
 * @param {boolean} [zeroAllowed]
 * @returns {number} the port
 */
function validatePort(value, name = 'Port', zeroAllowed = true) {
  const text = typeof value === 'string' ? value.trim() : value;
  const port = typeof value === 'number' || (typeof value === 'string' && text !== '') ? +value : NaN;
  if (!NumberIsInteger(port) || port < 0 || port > 0xffff || (port === 0 && !zeroAllowed)) {
    throw hideFrames(new codes.ERR_SOCKET_BAD_PORT(name, value, zeroAllowed), validatePort);
  }
  return port;
}

/**
 * Checks a duration and cuts it to the timer maximum, with the warning TimeoutOverflowWarning (at once, so that its stack shows the caller).
 * @param {*} msecs milliseconds
 * @param {string} name of the argument
 * @returns {number} milliseconds, at most 2^31 - 1
 */
function getTimerDuration(msecs, name) {
  if (typeof msecs !== 'number') reject(codes.ERR_INVALID_ARG_TYPE, getTimerDuration, name, 'number', msecs);
  if (msecs < 0 || !NumberIsFinite(msecs)) {
    reject(codes.ERR_OUT_OF_RANGE, getTimerDuration, name, 'a non-negative finite number', msecs);
  }
  if (msecs <= TIMEOUT_MAX) return msecs;
  process.emitWarning(
    `${msecs} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${TIMEOUT_MAX}.`,
    'TimeoutOverflowWarning');
  return TIMEOUT_MAX;
}

/**
 * Whether a value, converted to a string, is a token (RFC 9110, section 5.6.2).
 * @param {*} value
 * @returns {boolean}
 */
function checkIsHttpToken(value) {
  return TOKEN.test(value);
}

/**
 * Whether a value, converted to a string, has a character that no field value may have.
 * @param {*} value
 * @param {boolean} [relaxed] whether control characters are allowed (Node 24)
 * @returns {boolean}
 */
function checkInvalidHeaderChar(value, relaxed = undefined) {
  return NOT_FIELD_CONTENT.test(value) && !(choosesValidation && relaxed && !NOT_RELAXED_CONTENT.test(value));
}
nameLike(checkInvalidHeaderChar, common._checkInvalidHeaderChar);

/**
 * The lower-case form of a header name, or undefined if it is not a token. A name seen before costs one look-up.
 * @param {*} name the name as the program gave it
 * @returns {string|undefined}
 */
function lowerCaseName(name) {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  if (typeof name !== 'string' || !TOKEN.test(name)) return undefined;
  const lower = name.toLowerCase();
  if (knownNames.size < KNOWN_NAMES_MAX) knownNames.set(name, lower);
  return lower;
}

function assertHeaderName(name, what, hidden) {
  if (lowerCaseName(name) !== undefined) return;
  throw hideFrames(new codes.ERR_INVALID_HTTP_TOKEN(what || 'Header name', name), hidden);
}

function assertHeaderValue(name, value, relaxed, hidden) {
  if (value === undefined) throw hideFrames(new codes.ERR_HTTP_INVALID_HEADER_VALUE(value, name), hidden);
  if (checkInvalidHeaderChar(value, relaxed)) throw hideFrames(new codes.ERR_INVALID_CHAR('header content', name), hidden);
}

/**
 * Throws ERR_INVALID_HTTP_TOKEN unless a header name is a token.
 * @param {string} name
 * @param {string} [label] the name's label in the message; 'Header name' by default
 */
function validateHeaderName(name, label) {
  if (lowerCaseName(name) === undefined) assertHeaderName(name, labelsNames() ? label : undefined, validateHeaderName);
}

/** Throws ERR_INVALID_HTTP_TOKEN unless a trailer name is a token. @param {string} name */
function validateTrailerName(name) {
  assertHeaderName(name, 'Trailer name', validateTrailerName);
}

/**
 * Throws ERR_HTTP_INVALID_HEADER_VALUE for undefined, and ERR_INVALID_CHAR for characters that no field value may have.
 * @param {string} name used in the message
 * @param {*} value
 * @param {boolean} [relaxed] whether control characters are allowed (Node 24)
 */
function validateHeaderValue(name, value, relaxed = undefined) {
  assertHeaderValue(name, value, relaxed, validateHeaderValue);
}
nameLike(validateHeaderName, http.validateHeaderName);
nameLike(validateHeaderValue, http.validateHeaderValue);

module.exports = {
  __proto__: null,
  TIMEOUT_MAX,
  checkInvalidHeaderChar,
  checkIsHttpToken,
  getTimerDuration,
  lowerCaseName,
  validateAbortSignal,
  validateBoolean,
  validateFunction,
  validateHeaderName,
  validateHeaderValue,
  validateInteger,
  validateNumber,
  validateObject,
  validateOneOf,
  validatePort,
  validateString,
  validateTrailerName,
};
