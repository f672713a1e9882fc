'use strict';
// Tools that list the async resources and handles of a process (why-is-node-running, wtfnode, jest with --detectOpenHandles) list with
// us what they list with the built-in: no types of ours, nothing that never ends, sockets instead of bare handles.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { test } = require('node:test');

const run = promisify(execFile);

async function listed(way, transport) {
  const { stdout } = await run(process.execPath, [path.join(__dirname, 'resources.js'), way], {
    env: { ...process.env, NODE_OPTIONS: '', RUST_HTTP_TRANSPORT: transport }, timeout: 60_000,
  });
  return stdout.trim().split('\n');
}

for (const transport of ['native', 'stream', 'offload']) {
  test(`the resources and handles of a process are those of the built-in (transport ${transport})`, async () => {
    const [ours, builtin] = [await listed('ours', transport), await listed('node', transport)];
    assert.equal(builtin.length, 5);
    assert.deepEqual(ours, builtin);
  });
}
