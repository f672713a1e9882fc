'use strict';

// scripts/test-parts.js: what `npm test` and `npm run test:all` run.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { root } = require('./extract');
const { REST, ALONE } = require('../../scripts/test-parts');
const { scripts } = require('../../package.json');

function list(...options) {
  return execFileSync(process.execPath, [path.join(root, 'scripts/test.js'), '--list', ...options], { encoding: 'utf8' }).trim().split('\n');
}

test('npm test and npm run test:all run every test file, each in one of them', () => {
  assert.match(scripts.test, /scripts\/test\.js --quick$/);
  assert.match(scripts['test:all'], /scripts\/test\.js --rest$/);
  const all = list();
  assert.ok(all.length > 100);
  assert.deepEqual([...list('--quick'), ...list('--rest')].sort(), all);
});

test('each named part exists', () => {
  const all = list();
  for (const part of Object.keys({ ...REST, ...ALONE })) assert.ok(all.some((file) => file.includes(part)), part);
});
