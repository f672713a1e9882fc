'use strict';
// A program that replaces globals, their functions, the clock or what all objects inherit, after it has loaded http:
// the same as with node's.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const program = path.join(__dirname, 'replaced.js');

function outcome(what, transport) {
  const { stdout, stderr } = spawnSync(process.execPath, [program, what, transport], { encoding: 'utf8', timeout: 60_000 });
  return stdout.trim().split('\n').concat(stderr.trim() === '' ? [] : stderr);
}

const KINDS = {
  nothing: 'a program that replaces nothing',
  globals: 'a program that replaces what the global names stand for',
  statics: 'a program that replaces the static functions of globals',
  timers: 'a program that fakes the clock and the timers',
  accessors: 'a program that puts accessors on the prototype of all objects',
};

for (const [what, who] of Object.entries(KINDS)) {
  test(`${who} has its requests answered as by node's http`, { timeout: 120_000 }, () => {
    const expected = outcome(what, 'node');
    assert.strictEqual(expected.filter((line) => line.startsWith('200 ')).length, 6, expected.join('\n'));
    for (const transport of ['stream', 'native', 'offload']) assert.deepStrictEqual(outcome(what, transport), expected, transport);
  });
}
