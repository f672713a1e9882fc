'use strict';
// scripts/platforms/counts.js: how the results of runs on other platforms are added up.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { format, merge, say, unfinished } = require('../../scripts/platforms/counts');

const counts = (passed, failed = 0, excepted = 0, skipped = 0) => ({ passed, failed, excepted, skipped });
const BEFORE = { node: '20.20.2', left: ['c.test.js'], files: { 'a.test.js': counts(3, 1), 'b.test.js': counts(5, 0, 1, 2) } };
const ALL = ['a.test.js', 'b.test.js', 'c.test.js'];

test('a later run of some files replaces what is known of them, and keeps the rest', () => {
  const run = merge(BEFORE, '20.20.2', { 'c.test.js': counts(7), 'a.test.js': counts(4) }, ALL);
  assert.deepEqual(run, { node: '20.20.2', left: [], files: { 'a.test.js': counts(4), 'b.test.js': counts(5, 0, 1, 2), 'c.test.js': counts(7) } });
});

test('a run of another release of Node drops the results of the one before', () => {
  assert.deepEqual(merge(BEFORE, '24.19.0', { 'c.test.js': counts(7) }, ALL), { node: '24.19.0', left: ['a.test.js', 'b.test.js'], files: { 'c.test.js': counts(7) } });
});

test('the results of files that no longer exist are dropped, and new files have not been run', () => {
  assert.deepEqual(merge(BEFORE, '20.20.2', {}, ['b.test.js', 'd.test.js']), { node: '20.20.2', left: ['d.test.js'], files: { 'b.test.js': counts(5, 0, 1, 2) } });
});

test('the first run is recorded alone', () => {
  assert.deepEqual(merge(undefined, '20.20.2', { 'a.test.js': counts(1) }, ['a.test.js']), { node: '20.20.2', left: [], files: { 'a.test.js': counts(1) } });
});

test('a resumed run has the files without a result of that release, and those that failed', () => {
  assert.deepEqual(unfinished(BEFORE, '20.20.2', ALL), ['a.test.js', 'c.test.js']);
  assert.deepEqual(unfinished(BEFORE, '24.19.0', ALL), ALL);
  assert.deepEqual(unfinished(undefined, '20.20.2', ALL), ALL);
});

test('the sentence in README adds up all files, and says how many have not been run', () => {
  assert.equal(say(BEFORE), '8 of 10 tests of 2 files pass on Node 20.20.2; 1 more file has not been run to the end');
  assert.equal(say(merge(BEFORE, '20.20.2', { 'c.test.js': counts(7) }, ALL)), '15 of 17 tests of 3 files pass on Node 20.20.2');
  assert.equal(say(merge(BEFORE, '20.20.2', {}, [...ALL, 'd.test.js'])), '8 of 10 tests of 2 files pass on Node 20.20.2; 2 more files have not been run to the end');
});

test('a recorded run is read back unchanged', () => {
  assert.deepEqual(JSON.parse(format(BEFORE)), BEFORE);
});
