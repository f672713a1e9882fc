'use strict';

// What lib/native/layout.js does with an addon from other sources: each case loads it with a fake one.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const layout = require('../../lib/native/layout');

const file = require.resolve('../../lib/native/layout');
const addon = require.resolve('../../lib/native/addon');

// Takes the replacement of the addon; returns the layout made from it.
function layoutOf(exports) {
  const before = [require.cache[file], require.cache[addon]];
  delete require.cache[file];
  require.cache[addon] = { id: addon, filename: addon, loaded: true, exports };
  try {
    return require(file);
  } finally {
    [require.cache[file], require.cache[addon]] = before;
  }
}

test('an addon without a layout is refused with what to do', () => {
  assert.throws(() => layoutOf({}), { message: /does not fit its files: it has no layout\. Build or install both anew/ });
});

test('a number that the addon lacks is refused by its name, when a file asks for it', () => {
  const others = ['event', 'headInput', 'headOutput', 'pool', 'peek', 'limits', 'parserLimits'].map((name) => `${name} A 0\n`);
  const made = layoutOf({ layout: () => `run LENGTH 0\nrun STOP 1\n${others.join('')}` });
  assert.strictEqual(made.run.STOP, 1);
  assert.throws(() => made.run.CONSUMED, { message: /no number for CONSUMED/ });
  assert.strictEqual(made.transport, undefined);
});

test('an addon without a group of numbers is refused when it is loaded', () => {
  assert.throws(() => layoutOf({ layout: () => 'run LENGTH 0\n' }), { message: /does not fit its files: it has no numbers for event\./ });
});

test('the numbers of the core cannot be changed', () => {
  assert.throws(() => {
    layout.run.STOP = 7;
  }, TypeError);
  assert.throws(() => {
    layout.run = {};
  }, TypeError);
  assert.ok(Object.values(layout).every((group) => Object.values(group).every(Number.isSafeInteger)));
});
