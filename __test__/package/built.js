'use strict';

// The bundle, built once for a file of tests and copied for each of its tests.

const { before, after, beforeEach, afterEach } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');
const { root } = require('./pack');
const { tooOld } = require('../docs/run');

/** Why these tests are left out, or false. */
const skip = tooOld;

/** The copy that the running test has. */
class Copy {
  constructor() {
    // Directories: of the package, and of the files of its bundle.
    this.dir = '';
    this.bundle = '';
  }

  /**
   * Runs a process there that must end well and print no error.
   * @param {string[]} args for Node
   * @param {NodeJS.ProcessEnv} [env]
   * @returns {string} what it has printed
   */
  run(args, env = {}) {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^NODE_(DISABLE_COMPILE_CACHE|V8_COVERAGE|OPTIONS)$/.test(name)));
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: this.dir, env: { ...clean, ...env }, encoding: 'utf8', timeout: 60000 });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, '');
    return stdout.trim();
  }
}

/** @returns {Copy} which changes with each test of the file that calls this */
function copies() {
  const built = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-built-'));
  const copy = new Copy();
  before(() => {
    if (skip) return;
    execFileSync(process.execPath, ['-e', `require(${JSON.stringify(path.join(root, 'scripts/bundle'))}).bundle(${JSON.stringify(path.join(built, 'dist'))})`]);
    for (const file of ['package.json', ...fs.readdirSync(root).filter((name) => name.endsWith('.node'))]) fs.copyFileSync(path.join(root, file), path.join(built, file));
  });
  after(() => fs.rmSync(built, { recursive: true, force: true }));
  beforeEach(() => {
    copy.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-copy-'));
    copy.bundle = path.join(copy.dir, 'dist/bundle');
    fs.cpSync(built, copy.dir, { recursive: true });
  });
  afterEach(() => fs.rmSync(copy.dir, { recursive: true, force: true }));
  return copy;
}

module.exports = { copies, skip };
