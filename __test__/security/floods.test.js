'use strict';
// Short floods: the memory of the server stays bounded, an honest client of each I/O thread is answered, and descriptors are
// returned. `npm run bench:floods` measures the same for longer, compared with node:http.

const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const { ATTACKS } = require('./attacks');
const { flood } = require('./flood');

const MS = 700;
/**
 * What 400 connections or 8 floods may cost; 8 sockets hold some 4 MiB of unread answers each in node's own streams.
 */
const MOST_MIB = 200;
/** The longest that an honest client may wait, on a machine that also does other things. */
const LONGEST_MS = 5000;

const skip = process.platform !== 'linux' && 'reads /proc';

/** I/O threads of each transport. */
const KINDS = { native: 1, offload: 4 };

const CASES = Object.keys(KINDS).flatMap((transport) => Object.keys(ATTACKS).map((name) => [transport, name]))
  // Those on clients have no part in the transport of the server.
  .filter(([transport, name]) => transport === 'native' || !name.startsWith('client: '));

for (const [transport, name] of CASES) {
  test(`${name} (${transport})`, { skip }, async () => {
    const seen = await flood(path.join(__dirname, '../..'), transport, name, MS, undefined, KINDS[transport]);
    assert.ok(seen.made > 0, 'no connection was made');
    assert.ok(seen.grownMiB < MOST_MIB, `${seen.grownMiB} MiB`);
    assert.ok(seen.worst < LONGEST_MS, `${seen.worst} ms`);
    assert.ok(seen.leftDescriptors <= 1, `${seen.leftDescriptors} descriptors left`);
  });
}
