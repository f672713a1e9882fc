'use strict';
// Where our parser differs from the running Node's own on purpose, each with the RFC's or Node's statement for it.

const { llhttp: [MAJOR, MINOR] } = require('../../lib/compat/node-features');

/**
 * Early releases of Node 18; their parsers, and those of early releases of Node 20, join the lines of a folded value.
 */
const IS_FIRST_18 = MAJOR === 6 && MINOR === 0;
const FOLDS = MAJOR === 8 || IS_FIRST_18;
const UNUSUAL_INTERIM = /^head \S+ undefined undefined 1(0[4-9]|[1-9]\d) /;

function textOf(pieces) {
  return Buffer.concat(pieces).toString('latin1');
}

/** Each takes what both saw (see differential.js), and returns whether this is why they differ. */
const DEVIATIONS = [
  {
    // RFC 9112, section 6.3, rule 1: "any response with a 1xx (Informational) [...] status code is always terminated by
    // the first empty line after the header fields". Node's parser reads a body after 104 to 199 unless its caller says
    // that there is none. Node's client always does, and so does ours: a program sees this only if it drives the parser
    // itself.
    explains: (theirs, mine, type) => type === 'RESPONSE' && mine.events.some((event) => UNUSUAL_INTERIM.test(event)),
  },
  {
    // RFC 9112, section 5.2: a folded line is rejected, or its fold replaced by spaces. These parsers do neither; later
    // ones reject it (CVE-2024-27982).
    explains: (theirs, mine, type, pieces) => FOLDS && mine.end.includes('HPE_INVALID_HEADER_TOKEN') && /\n[ \t]/.test(textOf(pieces)),
  },
  {
    // RFC 9112, section 2.2: a bare CR is no part of a line. After an empty value these parsers accept it; later ones
    // do not (CVE-2023-30589).
    explains: (theirs, mine, type, pieces) => IS_FIRST_18 && /:[ \t]*\r[^\n]/.test(textOf(pieces)),
  },
  {
    // RFC 9112, section 7.1: a size is hexadecimal digits, and extensions begin with a semicolon. In these parsers a
    // space begins them too.
    explains: (theirs, mine, type, pieces) => IS_FIRST_18 && mine.end.includes('HPE_INVALID_CHUNK_SIZE') && /[\da-f] /i.test(textOf(pieces)),
  },
];

module.exports = { DEVIATIONS };
