'use strict';

// Every scenario has to leave the same trace on our class as on the built-in one.

const assert = require('node:assert');
const test = require('node:test');
const builtin = require('../../lib/builtin');
const { OutgoingMessage } = require('../../lib/outgoing');
const { kOutHeaders } = require('../../lib/symbols');
const scenarios = require('./scenarios');
const { trace } = require('./trace');

for (const [name, scenario] of Object.entries(scenarios)) {
  test(name, async () => {
    const options = /mark|drain/.test(name) ? { highWaterMark: 30 } : undefined;
    const expected = await trace(builtin.OutgoingMessage, kOutHeaders, scenario, options);
    assert.ok(expected.length > 1);
    assert.deepStrictEqual(await trace(OutgoingMessage, kOutHeaders, scenario, options), expected);
  });
}
