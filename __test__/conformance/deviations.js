'use strict';
// Where our parser is meant to differ from the running Node's own, each with the word of the RFC or of Node for it.

/** Each takes what both saw (see differential.js), and says whether this is why they differ. */
const DEVIATIONS = [];

module.exports = { DEVIATIONS };
