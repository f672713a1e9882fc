'use strict';
// Where our parser is meant to differ from the running Node's own, each with the word of the RFC or of Node for it.

const UNUSUAL_INTERIM = /^head \S+ undefined undefined 1(0[4-9]|[1-9]\d) /;

/** Each takes what both saw (see differential.js), and says whether this is why they differ. */
const DEVIATIONS = [
  {
    // RFC 9112, section 6.3, rule 1: "any response with a 1xx (Informational) [...] status code is always terminated by the first
    // empty line after the header fields". Node's parser reads a body behind 104 to 199 unless its caller says that there is
    // none. Node's client always does, and so does ours: a program sees this only when it drives the parser itself.
    explains: (theirs, mine, type) => type === 'RESPONSE' && mine.events.some((event) => UNUSUAL_INTERIM.test(event)),
  },
];

module.exports = { DEVIATIONS };
