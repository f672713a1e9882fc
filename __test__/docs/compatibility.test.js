'use strict';

// scripts/compatibility.js, and that it wrote the table of docs/COMPATIBILITY.md.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { rowOf, table, pageWith, readRows, page } = require('../../scripts/compatibility');
const { root } = require('./extract');

// A run as the runner writes it.
function run(way, pass, fail = 0) {
  const totals = { pass, fail, 'skip': 1, 'excluded': 1, 'builtin-fails': 0 };
  return { node: '9.9.9', tests: '9.9.9', builtin: way === 'built-in', transport: way === 'stream' ? 'stream' : 'native', groups: ['http'], totals, results: Array(pass + fail + 2).fill({}) };
}

test('the table of the page is that of the recorded runs', () => {
  const text = fs.readFileSync(page, 'utf8');
  assert.equal(pageWith(text, readRows()), text);
  assert.ok(readRows().length > 0);
});

test('a run becomes one line with its counts', () => {
  const row = rowOf(run('stream', 10), 'stream.json');
  assert.equal(table([row]).split('\n').at(-1), '| 9.9.9 | 9.9.9 | http | stream | 10 | 0 | 1 | 1 | 0 |');
  assert.throws(() => rowOf({ ...run('stream', 10), transport: undefined }, 'x.json'), /x\.json does not tell its transport/);
  assert.throws(() => rowOf({ ...run('stream', 10), results: [] }, 'x.json'), /do not sum up/);
});

test('several runs are taken at once, replace those of the same Node and way, and are checked against what is recorded', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-counts-'));
  try {
    for (const file of ['scripts/compatibility.js', '__test__/node-suite/counts.json', 'docs/COMPATIBILITY.md']) {
      fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
      fs.copyFileSync(path.join(root, file), path.join(dir, file));
    }
    const write = (name, json) => fs.writeFileSync(path.join(dir, name), JSON.stringify(json));
    const call = (...args) => spawnSync(process.execPath, ['scripts/compatibility.js', ...args], { cwd: dir, encoding: 'utf8' });
    write('native.json', run('native', 9));
    write('stream.json', run('stream', 9));
    write('built-in.json', run('built-in', 10));
    assert.match(call('--check', 'native.json').stdout, /nothing is recorded/);
    assert.equal(call('native.json', 'stream.json', 'built-in.json').status, 0);
    write('native.json', run('native', 10));
    assert.equal(call('native.json').status, 0);
    const lines = fs.readFileSync(path.join(dir, 'docs/COMPATIBILITY.md'), 'utf8').split('\n').filter((line) => line.startsWith('| 9.9.9'));
    assert.deepEqual(lines, [
      '| 9.9.9 | 9.9.9 | http | native | 10 | 0 | 1 | 1 | 0 |', '| 9.9.9 | 9.9.9 | http | stream | 9 | 0 | 1 | 1 | 0 |', '| 9.9.9 | 9.9.9 | http | built-in | 10 | 0 | 1 | 1 |  |',
    ]);
    assert.equal(call('--check', 'native.json').status, 0);
    write('native.json', run('native', 9, 1));
    const worse = call('--check', 'native.json');
    assert.equal(worse.status, 1);
    assert.match(worse.stderr, /9 pass and 1 fail, recorded are 10 and 0/);
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
});
