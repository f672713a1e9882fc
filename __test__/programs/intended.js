'use strict';

// Differences that are meant: `explains` tells whether it is that one, `row` is the row of docs/COMPATIBILITY.md that has it.

/** @type {{why: string, row: string, explains: function({program: object, object: string, builtin: string[], ours: string[], transport: string}): boolean}[]} */
const INTENDED = [
  {
    why: 'bytes that no request asked for end their connection on every line',
    row: 'a socket of the pool that has ended, or on which bytes have come',
    explains: ({ object, builtin, ours }) => object.startsWith('peer') && !builtin.includes('end') &&
      JSON.stringify(ours.filter((line) => line !== 'end' && line !== 'close')) === JSON.stringify(builtin),
  },
  {
    why: 'a request that has waited for room connects with its own options: the built-in agent takes those of the request whose socket has closed',
    row: 'a request that has waited for room in an agent',
    explains: ({ program, object, builtin, ours }) => object === 'agent' && Boolean(program.agent?.maxSockets ?? program.agent?.maxTotalSockets) &&
      sameBut(builtin, ours, /(?<=^.*free\(a Socket, )\{.*\}(?=\))/),
  },
];

/** Whether two traces are the same but for what a pattern finds. */
function sameBut(builtin, ours, pattern) {
  return builtin.length === ours.length && builtin.every((line, n) => line.replace(pattern, '') === ours[n].replace(pattern, ''));
}

/** Whether every difference of a program is meant. */
function intended(program, transport, differing) {
  return differing.length > 0 && differing.every((one) => INTENDED.some(({ explains }) => explains({ program, transport, ...one })));
}

module.exports = { INTENDED, intended };
