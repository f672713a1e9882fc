'use strict';

// A project with the package installed from its tarballs, in which a program is built, and an unrelated folder in which
// the result runs.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');
const { pack } = require('./pack');

const programs = path.join(__dirname, 'programs');

/** Packs the package, and installs it. Takes a part of its directory's name. */
class Project {
  constructor(name) {
    this.tmp = fs.mkdtempSync(path.join(os.tmpdir(), `rust-http-${name}-`));
    this.dir = path.join(this.tmp, 'project');
    this.away = path.join(this.tmp, 'away');
    this.runs = 0;
    const stage = path.join(this.tmp, 'stage');
    for (const dir of [stage, this.dir]) fs.mkdirSync(dir);
    const { main, platform } = pack(stage);
    /** The name of the platform's package. */
    this.platform = platform.name;
    fs.writeFileSync(path.join(this.dir, 'package.json'), '{ "name": "project", "version": "1.0.0", "private": true }\n');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', main.file, platform.file], { cwd: this.dir, stdio: 'pipe' });
    fs.rmSync(stage, { recursive: true });
    for (const file of fs.readdirSync(programs)) fs.copyFileSync(path.join(programs, file), path.join(this.dir, file));
  }

  /** @param {string} file @returns {string} its path in the project */
  file(file) {
    return path.join(this.dir, file);
  }

  /**
   * Moves the built files to a place without packages, moves the project away, and runs them there.
   * @param {string} out a folder of the project
   * @param {string[]} command the program and its arguments, `node` for this Node
   * @returns {string} what it prints
   */
  run(out, [program, ...args]) {
    const dir = path.join(this.tmp, `run-${this.runs++}`);
    fs.renameSync(this.file(out), dir);
    fs.renameSync(this.dir, this.away);
    try {
      const env = { ...process.env, NODE_OPTIONS: '', NODE_PATH: '', NODE_TEST_CONTEXT: '' };
      const { status, signal, stdout, stderr } = spawnSync(program === 'node' ? process.execPath : path.join(dir, program), args, { cwd: dir, env, encoding: 'utf8' });
      assert.equal(signal ?? status, 0, stdout + stderr);
      return stdout.trim();
    } finally {
      fs.renameSync(this.away, this.dir);
    }
  }

  remove() {
    fs.rmSync(this.tmp, { recursive: true, force: true });
  }
}

module.exports = { Project };
