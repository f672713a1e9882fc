'use strict';
// Programs that replace methods of one object (loggers, tracers): each replaced method is called when node calls it, with the same
// arguments, and never otherwise.

const assert = require('node:assert');
const path = require('node:path');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { test } = require('node:test');
const { NAMES } = require('../transport/ways');

const PROGRAM = path.join(__dirname, 'watched.js');
const OBJECTS = { server: ['server', 'socket', 'request', 'response'], client: ['agent', 'socket', 'request', 'response'] };

async function calls(way, side, object) {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, way, side, object], { env: { ...process.env, RUST_HTTP_TRANSPORT: way } });
  return stdout.trim().split('\n').map((line) => {
    const [, exchange, list] = /^(.*?): (.*)$/.exec(line);
    return [exchange, JSON.parse(list)];
  });
}

for (const [side, objects] of Object.entries(OBJECTS)) {
  for (const object of objects) {
    test(`replaced methods of a ${side}'s ${object} are called as with node, whichever way`, { timeout: 120_000 }, async () => {
      const [expected, ...others] = await Promise.all(NAMES.map((way) => calls(way, side, object)));
      assert.ok(expected.length > 5 && expected.every(([, list]) => list.length > 0));
      others.forEach((seen, n) => assert.deepStrictEqual(seen, expected, NAMES[n + 1]));
    });
  }
}
