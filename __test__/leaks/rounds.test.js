'use strict';
// Workers that serve in each transport and are ended in the middle, or end themselves in a handler: the process goes
// on, and nothing is left.

const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const { workers } = require('./measure');

const OURS = path.join(__dirname, '../../lib/index.js');
const ROUNDS = 200;
/** Resident bytes that come and go with the allocator. */
const MOST_RSS = 24 << 20;

for (const transport of ['native', 'stream', 'offload']) {
  test(`${transport}: ${ROUNDS} workers that serve, and are ended at any time, leave nothing behind`, { timeout: 900_000 }, async () => {
    const seen = await workers(OURS, ROUNDS, transport);
    assert.ok(seen.descriptors <= 2, `${seen.descriptors} descriptors more`);
    assert.ok(seen.growth < MOST_RSS, `${seen.growth} bytes more`);
  });
}
