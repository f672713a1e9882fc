'use strict';
// The registered status codes, their reason phrases, and the resulting status lines.

const { Array, ObjectKeys } = require('../globals/primordials');
const { STATUS_CODES } = require('../compat/genuine').http;

/** The lowest and highest status code that can be written: RFC 9110 section 15, three digits. */
const LOWEST_CODE = 100;
const HIGHEST_CODE = 999;

// A program may change the public table. Reason phrases that it writes there are checked each time.
const registered = { ...STATUS_CODES };
// Filled on first use; dense, so that a look-up is one array load.
/** @type {string[]} */
let reasons = [];
/** @type {string[]} */
let lines = [];

function makeLines() {
  reasons = new Array(HIGHEST_CODE + 1).fill('');
  lines = reasons.slice();
  for (const code of ObjectKeys(registered)) {
    reasons[code] = registered[code];
    lines[code] = `HTTP/1.1 ${code} ${registered[code]}\r\n`;
  }
}

/**
 * The ready-made status line of a registered code with its standard reason phrase. The version is 1.1 whatever the request's: RFC
 * 9110 section 2.5, a server sends the highest version that it supports.
 * @param {number} code 100 to 999
 * @param {string} reason
 * @returns {string} with its line end; '' for any other code or reason
 */
function standardLine(code, reason) {
  if (lines.length === 0) makeLines();
  return reasons[code] === reason ? lines[code] : '';
}

/**
 * The status line of any code and reason phrase: RFC 9112 section 4.
 * @param {number} code 100 to 999
 * @param {string} reason checked by the caller
 * @returns {string} with its line end
 */
function statusLine(code, reason) {
  return `HTTP/1.1 ${code} ${reason}\r\n`;
}

module.exports = { __proto__: null, HIGHEST_CODE, LOWEST_CODE, STATUS_CODES, standardLine, statusLine };
