'use strict';
// Strict mode: which servers and requests have asked for it, and the flags of their parsers.

const { WeakSet } = require('../globals/primordials');
const { isLenient } = require('../compat/builtin');
const { codes } = require('../util/errors');
const { choosesValidation } = require('../compat/node-features');
const { HTTPParser, STRICT } = require('./parser');
const { validateBoolean, validateOneOf } = require('../util/validators');

const { kLenientAll, kLenientHeaderValueRelaxed, kLenientNone } = /** @type {any} */ (HTTPParser);
const LENIENT_ALL = kLenientAll | 0;
const LENIENT_NONE = kLenientNone | 0;
const LENIENT_VALUES = kLenientHeaderValueRelaxed | 0;
const VALIDATIONS = ['strict', 'relaxed', 'insecure'];

// Not a property of the objects: these have exactly node's.
const strict = new WeakSet();
let used = false;

/**
 * Reads the option `strict`: enforces RFC 9110 and RFC 9112 where node is laxer.
 * @param {http.Server|http.ClientRequest} owner
 * @param {{strict?: boolean, insecureHTTPParser?: boolean}} options
 * @throws  if it is not a boolean, ERR_INVALID_ARG_VALUE together with `insecureHTTPParser`
 */
function chooseStrict(owner, options) {
  const value = options.strict;
  if (value === undefined) return;
  validateBoolean(value, 'options.strict');
  if (!value) return;
  if (options.insecureHTTPParser) {
    throw new codes.ERR_INVALID_ARG_VALUE('options.strict', value, 'cannot be used with insecureHTTPParser');
  }
  strict.add(owner);
  used = true;
}

/**
 * Checks and stores the option `httpValidation` (Node 24; does nothing before).
 * @param {http.Server|http.ClientRequest} owner
 * @param {{httpValidation?: string, insecureHTTPParser?: boolean}} options
 * @throws  for another value, or together with `insecureHTTPParser`
 */
function chooseValidation(owner, options) {
  if (!choosesValidation) return;
  const value = options.httpValidation;
  if (value !== undefined) {
    validateOneOf(value, 'options.httpValidation', VALIDATIONS);
    if (options.insecureHTTPParser !== undefined) {
      throw new codes.ERR_INVALID_ARG_VALUE('options.httpValidation', value, 'cannot be used together with options.insecureHTTPParser');
    }
  }
  owner.httpValidation = value;
}

/**
 * The lenient flags for `httpValidation` and `insecureHTTPParser`.
 * @param {string} [validation]
 * @param {boolean} [insecure] by default what --insecure-http-parser says
 * @returns {number} lenient flags
 */
function calculateLenientFlags(validation, insecure) {
  switch (validation) {
    case 'strict': return LENIENT_NONE;
    case 'relaxed': return LENIENT_VALUES;
    case 'insecure': return LENIENT_ALL;
    default: return (insecure === undefined ? isLenient() : insecure) ? LENIENT_ALL : LENIENT_NONE;
  }
}

/**
 * The flags for `HTTPParser.initialize()`.
 * @param {http.Server|http.ClientRequest} owner whose options count, or else --insecure-http-parser
 * @returns {number}
 */
function parserFlags(owner) {
  if (used && strict.has(owner)) return STRICT;
  return calculateLenientFlags(owner.httpValidation, owner.insecureHTTPParser);
}

module.exports = { STRICT, calculateLenientFlags, chooseStrict, chooseValidation, parserFlags };
