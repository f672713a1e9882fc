'use strict';
// An engine under stress: objects that move at each collection, constant collections, hooks and debuggers attached in
// the middle.

const assert = require('node:assert');
const { createHook, executionAsyncId } = require('node:async_hooks');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');
const { NAMES, bodies, everyWay, get, until } = require('../transport/ways');

const EXERCISE = path.join(__dirname, '../security/exercise.js');
const PAUSED = path.join(__dirname, 'paused.js');

function run(...args) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 100_000 });
  return { status, signal, stdout: stdout.trim(), stderr: stderr.trim() };
}

for (const flag of ['--stress-compaction', '--gc-interval=100']) {
  for (const transport of NAMES.slice(1)) {
    test(`everything that the addon does works with ${flag} (${transport})`, { timeout: 120_000 }, () => {
      assert.deepStrictEqual(run(flag, EXERCISE, transport), { status: 0, signal: null, stdout: 'done', stderr: '' });
    });
  }
}

test('a debugger stops in handlers and listeners as often as with node, and all requests are answered', { timeout: 400_000 }, () => {
  const expected = run(PAUSED, 'node');
  assert.strictEqual(expected.status, 0, expected.stderr);
  assert.strictEqual(JSON.parse(expected.stdout).stops, 60);
  for (const way of NAMES.slice(1)) assert.deepStrictEqual(run(PAUSED, way), expected, way);
});

everyWay('async hooks enabled and disabled in the middle of requests see what begins and ends in between', async (way) => {
  const seen = [];
  const depths = [];
  let before = 0;
  const hook = createHook({
    init(id, type) { if (type.startsWith('HTTP')) seen.push(type); },
    before() { before++; },
    after() { before--; },
  });
  let count = 0;
  const server = await way.serve((req, res) => {
    if (++count === 3) hook.enable();
    if (count === 7) hook.disable();
    depths.push(executionAsyncId() > 0);
    res.write(req.url);
    process.nextTick(() => res.end());
  });
  const client = await way.connect(server);
  for (let n = 1; n <= 10; n++) {
    client.write(get(`/${n}`));
    await until(() => client.text.endsWith(`/${n}\r\n0\r\n\r\n`));
  }
  hook.disable();
  assert.ok(Number.isInteger(before));
  return [seen, depths, bodies(client.text).length];
});
