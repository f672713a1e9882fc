'use strict';
// Strict mode: which servers and requests asked for it, and the flags that their parsers get.

const { isLenient } = require('./builtin');
const { codes } = require('./errors');
const { HTTPParser } = require('./parser');
const { validateBoolean } = require('./validators');

const LENIENT_ALL = HTTPParser.kLenientAll | 0;
const LENIENT_NONE = HTTPParser.kLenientNone | 0;
/** Ours, beyond the bits of node's lenient flags. */
const STRICT = 1 << 30;

// No property of the objects: they have node's own, and no more.
const strict = new WeakSet();
let used = false;

/**
 * Reads the option `strict`: RFC 9110 and RFC 9112 hold where node is laxer.
 * @param {Server|ClientRequest} owner
 * @param {{strict?: boolean, insecureHTTPParser?: boolean}} options
 * @throws ERR_INVALID_ARG_TYPE when it is no boolean, ERR_INVALID_ARG_VALUE beside `insecureHTTPParser`
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
 * The flags for `HTTPParser.initialize()`.
 * @param {Server|ClientRequest} owner whose `insecureHTTPParser` counts, and else --insecure-http-parser
 * @returns {number}
 */
function parserFlags(owner) {
  if (used && strict.has(owner)) return STRICT;
  const lenient = owner.insecureHTTPParser === undefined ? isLenient() : owner.insecureHTTPParser;
  return lenient ? LENIENT_ALL : LENIENT_NONE;
}

module.exports = { STRICT, chooseStrict, parserFlags };
