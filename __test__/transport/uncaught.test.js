'use strict';
// An exception is reported in the async context of the code that threw it, as with node's.

const assert = require('node:assert');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');
const { NAMES } = require('./ways');
const { upgradesInContext } = require('../../lib/compat/node-features');

const PROGRAM = path.join(__dirname, 'uncaught.js');
const WAYS = NAMES.slice(1);

function told(way, where) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, way, where], { encoding: 'utf8', timeout: 60_000 });
  return { status, stdout, stderr };
}

for (const where of ['handler', 'handler, in a store of its own', 'handler, behind one that it caught', 'data', 'end', 'finish', 'tick', 'clientError', 'upgrade']) {
  // Up to 22 an upgrade runs in the scope of the reader of the connection, here the core.
  const skip = where === 'upgrade' && !upgradesInContext && 'it has no scope of its own on this release';
  test(`'uncaughtException' has the store and the ids of the code that has thrown (${where})`, { timeout: 120_000, skip }, () => {
    const expected = told('node', where);
    assert.strictEqual(expected.status, 0, expected.stderr);
    assert.match(expected.stdout, /,true,true\]/);
    for (const way of WAYS) assert.deepStrictEqual(told(way, where), expected, way);
  });
}
