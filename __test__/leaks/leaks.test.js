'use strict';
// Requests, also aborted and broken ones, and workers leave nothing behind. Short; `npm run bench:leaks` runs longer.

const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const { NAMES } = require('../transport/ways');
const { growth, load, workers } = require('./measure');

const OURS = path.join(__dirname, '../../lib/index.js');
const REQUESTS = 8000;
const WORKERS = 50;
/** What the second half of the requests may add: 256 bytes each; a leaked request takes thousands. */
const MOST_HEAP = REQUESTS / 2 * 256;
/** Resident bytes that come and go with the allocator. */
const MOST_RSS = 24 << 20;
/** Descriptors that a process keeps from its first connection on: the readiness set and the event that wakes it. */
const STAYING = 2;

// Those that there are here.
for (const transport of NAMES.filter((name) => name !== 'node')) {
  test(`${transport}: memory, descriptors, parsers and connections are the same after any number of requests`, { timeout: 900_000 }, async () => {
    const seen = await load(OURS, REQUESTS, transport);
    assert.ok(growth(seen, 'heapUsed') < MOST_HEAP, `heap: ${growth(seen, 'heapUsed')} bytes`);
    assert.ok(growth(seen, 'external') < MOST_HEAP, `external: ${growth(seen, 'external')} bytes`);
    assert.ok(growth(seen, 'rss') < MOST_RSS, `resident: ${growth(seen, 'rss')} bytes`);
    const { descriptors, parsers, attached } = seen.end;
    assert.ok(descriptors <= seen.start.descriptors + STAYING, `${seen.start.descriptors} descriptors, then ${descriptors}`);
    assert.deepStrictEqual({ parsers, attached }, { parsers: 0, attached: 0 });
  });
}

test(`${WORKERS} workers that serve, and are ended at any time, leave nothing behind`, { timeout: 900_000 }, async () => {
  const seen = await workers(OURS, WORKERS);
  assert.ok(seen.descriptors <= 2, `${seen.descriptors} descriptors more`);
  assert.ok(seen.growth < MOST_RSS, `${seen.growth} bytes more`);
});
