'use strict';
// What the repository records about other platforms (scripts/platform.js runs them).

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const exceptions = require('../../scripts/platforms/exceptions.json');
const { names, recorded, said, say } = require('../../scripts/platforms/counts');

const tests = path.join(__dirname, '..');

test('each exception of a platform has a reason, and names tests that are there', () => {
  for (const { platform, why, tests: excepted } of exceptions) {
    assert.ok(fs.existsSync(path.join(tests, '../scripts/platforms', `${platform}.js`)), platform);
    assert.ok(why.length > 20, why);
    for (const name of excepted) {
      const [, file] = /^(\S+\.test\.m?js)(?:: |$)/.exec(name) ?? [];
      assert.ok(file !== undefined && fs.existsSync(path.join(tests, file)), name);
    }
  }
});

test('README says of each platform what its recorded runs have found', () => {
  assert.ok(names().length > 0);
  for (const name of names()) assert.equal(said(name), say(recorded(name)), name);
});
