'use strict';

// docs/ADOPTING.md: the versions in it, and its one-line checks.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { file, page } = require('../../scripts/tested');
const { root } = require('./extract');

test('the versions on the page are those of the lock files', () => {
  assert.equal(fs.readFileSync(file, 'utf8'), page());
});

test('no lock file says where a package was downloaded from', () => {
  const locks = ['.', '__test__', 'bench'].flatMap((dir) => (dir === '__test__' ? fs.readdirSync(path.join(root, dir)).map((name) => path.join(dir, name)) : [dir]))
    .map((dir) => path.join(root, dir, 'package-lock.json')).filter((lock) => fs.existsSync(lock));
  assert.ok(locks.length >= 6, locks.join());
  for (const lock of locks) assert.doesNotMatch(fs.readFileSync(lock, 'utf8'), /"resolved": "http/, lock);
});

const print = (options, program) => spawnSync(process.execPath, [...options, '-p', program], { cwd: root, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } }).stdout.trim();

test('the check of the page tells the built-in and ours apart', () => {
  const check = /`node -r rust-http\/register -p "([^"]+)"`/.exec(fs.readFileSync(file, 'utf8'))[1];
  assert.equal(print([], check), 'undefined');
  assert.equal(print(['-r', 'rust-http/register'], check), 'function');
});

test('the report of a process names the addon only where it is loaded', () => {
  const check = 'process.report.getReport().sharedObjects.some((file) => /rust-http[^/]*\\.node$/.test(file))';
  assert.equal(print([], check), 'false');
  assert.equal(print(['-r', 'rust-http/register'], check), 'true');
});
