'use strict';

// Differences that are meant: `explains` tells whether it is that one, `row` is the row of docs/COMPATIBILITY.md that has it.

/** @type {{why: string, row: string, explains: function({program: object, object: string, builtin: string[], ours: string[], transport: string}): boolean}[]} */
const INTENDED = [];

/** Whether every difference of a program is meant. */
function intended(program, transport, differing) {
  return differing.length > 0 && differing.every((one) => INTENDED.some(({ explains }) => explains({ program, transport, ...one })));
}

module.exports = { INTENDED, intended };
