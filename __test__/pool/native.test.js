'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const native = require('../../lib/native/addon');
const { names, placements, releases, hints } = require('../fixtures/pool-20.json');

const limit = (number) => number || Infinity;

test('origin names are those of the recording', () => {
  for (const [origin,, plain] of names) {
    assert.strictEqual(native.originName(...origin), plain);
  }
});

test('requests are placed as in the recording', () => {
  for (const [maxSockets, maxTotalSockets, active, free, other, scheduling, did] of placements) {
    const lifo = scheduling === 'lifo';
    const answer = native.placeRequest(active, free, active + free + other, 0, limit(maxSockets), limit(maxTotalSockets), Number(lifo));
    const expected = did === 'open r' ? 2 : did === 'queue' ? 3 : Number(lifo);
    assert.strictEqual(answer, expected);
  }
  assert.strictEqual(native.placeRequest(0, 0, 1, 1, 1, 1, 0), 4);
});

test('sockets are released as in the recording', () => {
  for (const [maxSockets, maxFreeSockets, maxTotalSockets, waiting, active, free, other, writable, persistent, did] of releases) {
    const answer = native.releaseSocket(writable | (persistent << 1), waiting, active, free, active + free + other, limit(maxSockets), limit(maxFreeSockets),
      limit(maxTotalSockets));
    assert.strictEqual(['give', 'keep', 'destroy'][answer], did);
  }
  assert.strictEqual(native.releaseSocket(3, 0, 1, 0, 1, 1, 1, 1), 1);
  assert.strictEqual(native.releaseSocket(3 | 4, 0, 1, 0, 1, 1, 1, 1), 2);
});

test('a place goes to the origin\'s own queue, then to an origin without a socket', () => {
  assert.strictEqual(native.refillPlace(1, 0), 1);
  assert.strictEqual(native.refillPlace(0, 0), 2);
  assert.strictEqual(native.refillPlace(0, 1), 0);
  assert.strictEqual(native.refillPlace(0, -1), 0);
});

test('idle times are those of the recording', () => {
  for (const [hint, timeout, milliseconds] of hints) assert.strictEqual(native.idleTimeout(hint, timeout, 1000), milliseconds);
});

test('an invalid count is refused', () => {
  assert.throws(() => native.placeRequest(-1, 0, 0, 0, 1, 1, 0), TypeError);
  assert.throws(() => native.releaseSocket(0, 'x', 0, 0, 0, 1, 1, 1), TypeError);
});
