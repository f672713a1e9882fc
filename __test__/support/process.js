'use strict';

// A running program: its output and its end.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');

/** How long a program may take to print what is waited for, on a busy machine. */
const patienceMs = 120000;

/** The environment of the tests without the variables meant for them. */
function plainEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_|RUST_HTTP_|npm_|INIT_CWD)/i.test(name)));
}

/** A running program. Everything that it prints, on both streams, is in `output`. */
class Running {
  /**
   * @param {string[]} command a file and its arguments, `node` for this Node
   * @param {{ cwd?: string, env?: object }} [where] `env` is added to a plain environment
   */
  constructor([file, ...args], { cwd, env } = {}) {
    // In its own process group: what it starts ends with it.
    this.child = spawn(file === 'node' ? process.execPath : file, args, { cwd, env: { ...plainEnv(), ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.output = '';
    this.closed = once(this.child, 'close').then(([code, signal]) => {
      this.child.emit('said');
      return signal ?? code;
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
        this.child.emit('said');
      });
    }
  }

  /** Waits until its output has matched `count` times. @returns {Promise<RegExpExecArray>} the last match */
  async said(pattern, count = 1) {
    const all = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`);
    const signal = AbortSignal.timeout(patienceMs);
    for (;;) {

      const found = [...this.output.replace(/\x1b\[[\d;]*m/g, '').matchAll(all)];
      if (found.length >= count) return found[count - 1];
      assert.equal(this.child.exitCode ?? this.child.signalCode, null, `it ended without ${pattern}: ${this.output}`);
      await once(this.child, 'said', { signal }).catch(() => assert.fail(`it does not say ${pattern}: ${this.output}`));
    }
  }

  /** Signals it, and what it has started, to end. @returns {Promise<number|string>} the exit code or the signal */
  stop(signal = 'SIGTERM') {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.closed;
  }

  /** Kills it and everything it has started. */
  async kill() {
    try {
      process.kill(-this.child.pid, 'SIGKILL');
    } catch {
      // All of them have ended.
    }
    await this.closed;
  }
}

module.exports = { Running, plainEnv };
