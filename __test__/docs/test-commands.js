'use strict';

// Makes a test of each command of the documents.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { root } = require('./extract');
const { COMMANDS } = require('./commands');
const { runCommand, copyRepository, tooOld } = require('./run');

const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-docs-'));
const skip = (process.platform === 'win32' && 'the commands are for a POSIX shell') || tooOld;

function found(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).error === undefined;
}

// What a command may need that a clone does not have: for each, why it cannot run here, or false.
const needs = {
  'wrk': () => !found('wrk', '--version') && 'wrk is not installed',
  'valgrind': () => !found('valgrind', '--version') && 'valgrind is not installed',
  'strace and wrk': () => !(found('strace', '--version') && found('wrk', '--version')) && 'strace or wrk is not installed',
  'rustup': () => !found('rustup', '--version') && 'Rust did not come by rustup',
  'cargo-zigbuild': () => !(found('cargo-zigbuild', '--version') && /aarch64-unknown-linux-gnu/.test(spawnSync('rustup', ['target', 'list', '--installed']).stdout)) && 'cargo-zigbuild or the target is not installed',
  'node tests': () => nodeTests() === null && 'the tests of Node cannot be had here',
};

let nodeTestsDir;

// Returns where Node's tests are, or null.
function nodeTests() {
  if (nodeTestsDir !== undefined) return nodeTestsDir;
  try {
    nodeTestsDir = require('../node-suite/find-source').findSource(undefined, parseInt(process.versions.node, 10)).dir;
  } catch {
    nodeTestsDir = null;
  }
  return nodeTestsDir;
}

// Separate files for commands that build, for those that need the machine for themselves (see scripts/test-parts.js),
// and for the others.
function partOf(command) {
  if (/build|cargo/.test(command)) return 'building';
  if (/bench|valgrind/.test(command)) return 'measuring';
  return 'others';
}

/** Takes the part of the commands to test: 'building', 'measuring' or 'others'. */
function testCommands(part) {
  before(() => fs.mkdirSync(path.join(root, 'target'), { recursive: true }));
  after(() => fs.rmSync(tmp, { recursive: true, force: true }));
  for (const command of Object.keys(COMMANDS).filter((name) => partOf(name) === part)) testCommand(command);
}

function testCommand(command) {
  const { run, in: where, expect, needs: need, ci, test: file, text } = COMMANDS[command];
  const how = run ? `run as: ${run}` : ci ? `a line of .ci/run: ${ci}` : `run by ${file}`;
  test(`${command}: ${how}`, { skip }, (t) => {
    const missing = need && needs[need]();
    if (missing) return t.skip(missing);
    if (ci) return assert.ok(fs.readFileSync(path.join(root, '.ci/run'), 'utf8').includes(ci), `.ci/run has no ${ci}`);
    if (file) return assert.ok(fs.readFileSync(path.join(__dirname, '..', file), 'utf8').includes(text), `${file} has no ${text}`);
    const dir = fs.mkdtempSync(path.join(tmp, 'run-'));
    const line = run.replaceAll('{tmp}', dir).replaceAll('{node tests}', () => nodeTests());
    const cwd = where ? copyRepository(fs.mkdtempSync(path.join(tmp, 'copy-')), where === 'copy') : root;
    const { status, output } = runCommand(line, cwd);
    assert.equal(status, 0, output.slice(-4000));
    if (expect) assert.match(output, expect);
  });
}

module.exports = { testCommands };
