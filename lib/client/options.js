'use strict';

/**
 * Brings the arguments of `http.request` to one shape and checks them. Nothing here touches a socket.
 */

const { Boolean, ObjectAssign, ObjectCreate, Set, String, URL } = require('../globals/primordials');
const url = require('url');
const { codes, hideFrames } = require('../util/errors');
const { knowsUrlsByShape } = require('../compat/node-features');

/**
 * The options of one request: always a copy, because the agent adds members. It inherits nothing, so a polluted Object.prototype
 * cannot set an option. A constructor with an empty prototype keeps such objects in one hidden class, which an object literal
 * without prototype does not (77 ns instead of 357 ns for a copy of six members).
 */
function RequestOptions() {}
RequestOptions.prototype = ObjectCreate(null);

/** RFC 9112, section 3.2: a request target has neither blanks nor control characters; node allows obs-text and refuses the rest. */
const NOT_IN_PATH = /[^\x21-\xff]/;

/** Methods whose characters need no check. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT']);

/** Methods whose requests have no body unless the program sets its length or coding. */
const BODILESS_METHODS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

/** The last Host value: most programs talk to one origin. */
let lastHost;
let lastPort;
let lastHostField;

/**
 * Whether a value is a URL: of this realm, another realm, or another implementation. The result of `url.parse` is not: it has `auth` and `path`.
 * @param {*} value
 * @returns {boolean}
 */
function isURL(value) {
  if (value instanceof URL) return true;
  if (!knowsUrlsByShape()) return false;
  return Boolean(value && value.href && value.protocol) && value.auth === undefined && value.path === undefined;
}

/**
 * Copies the own members of one or two objects; the second overrides the first.
 * @param {object|null|undefined} base
 * @param {object|null|undefined} [over]
 * @returns {RequestOptions}
 */
function mergeOptions(base, over) {
  return ObjectAssign(new RequestOptions(), base, over);
}

/**
 * The members that `http.request(url, ...)` takes from its first argument.
 * @param {string|URL|*} input
 * @returns {object|null} null if `input` is no URL, and so is the options themselves
 */
function optionsOfUrl(input) {
  if (typeof input === 'string') return url.urlToHttpOptions(new URL(input));
  return isURL(input) ? url.urlToHttpOptions(input) : null;
}

/**
 * @param {*} path the `path` option, not empty
 * @throws {TypeError} ERR_UNESCAPED_CHARACTERS
 */
function validatePath(path) {
  if (NOT_IN_PATH.test(typeof path === 'string' ? path : String(path))) {
    throw hideFrames(new codes.ERR_UNESCAPED_CHARACTERS('Request path'), validatePath);
  }
}

/**
 * @param {*} host the `host` or `hostname` option
 * @param {string} name of that option
 * @returns {string|null|undefined} the same value
 */
function validateHost(host, name) {
  if (host !== null && host !== undefined && typeof host !== 'string') {
    throw hideFrames(
      new codes.ERR_INVALID_ARG_TYPE(`options.${name}`, ['string', 'undefined', 'null'], host), validateHost);
  }
  return host;
}

/**
 * The value of the Host field (RFC 9112, section 3.2): an IPv6 address in brackets, and the port unless it is the default.
 * @param {string} host
 * @param {number|string} [port]
 * @param {number|string} [defaultPort]
 * @returns {string}
 */
function hostField(host, port, defaultPort) {
  const shown = port && +port !== defaultPort ? port : undefined;
  if (host === lastHost && shown === lastPort) return lastHostField;
  const colon = host.indexOf(':');
  const bare = colon !== -1 && host.includes(':', colon + 1) && host.charCodeAt(0) !== 0x5b;
  const name = bare ? `[${host}]` : host;
  lastHost = host;
  lastPort = shown;
  lastHostField = shown === undefined ? name : `${name}:${shown}`;
  return lastHostField;
}

module.exports = {
  __proto__: null,
  BODILESS_METHODS,
  KNOWN_METHODS,
  RequestOptions,
  hostField,
  mergeOptions,
  optionsOfUrl,
  validateHost,
  validatePath,
};
