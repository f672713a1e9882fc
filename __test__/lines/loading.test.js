'use strict';
// What loading the package leaves alone.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const root = path.resolve(__dirname, '../..');
const WATCH = `
for (const name of ['stdin', 'stdout', 'stderr']) {
  const { get } = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get() {
    require('fs').writeSync(2, name + ' was opened\\n' + new Error().stack + '\\n');
    return get.call(this);
  } });
}
`;

// A file as standard input becomes a stream that opens it, and has a tick to say so: async hooks of a program see both.
for (const name of ['lib/index.js', 'lib/https.js', 'lib/register.js']) {
  test(`${name} opens none of the streams of the process`, () => {
    const stdin = fs.openSync(__filename);
    const { stderr, status } = spawnSync(process.execPath, ['-e', `${WATCH}require(${JSON.stringify(path.join(root, name))})`], { stdio: [stdin, 'pipe', 'pipe'], encoding: 'utf8' });
    fs.closeSync(stdin);
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });
}
