'use strict';
// What the repository records about other platforms (scripts/platform.js runs them).

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const exceptions = require('../../scripts/platforms/exceptions.json');
const { recorded, said, say } = require('../../scripts/platforms/counts');

const tests = path.join(__dirname, '..');

test('each exception of a platform has a reason, and names tests that are there', () => {
  for (const { platform, why, tests: names } of exceptions) {
    assert.ok(fs.existsSync(path.join(tests, '../scripts/platforms', `${platform}.js`)), platform);
    assert.ok(why.length > 20, why);
    for (const name of names) {
      const [, file] = /^(\S+\.test\.m?js)(?:: |$)/.exec(name) ?? [];
      assert.ok(file !== undefined && fs.existsSync(path.join(tests, file)), name);
    }
  }
});

test('README says of each platform what came of its last whole run', () => {
  const counts = recorded();
  assert.deepEqual(Object.fromEntries(Object.keys(counts).map((name) => [name, said(name)])), Object.fromEntries(Object.entries(counts).map(([name, of]) => [name, say(of)])));
});
