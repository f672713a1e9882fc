'use strict';
// Starts an example as its reader would, on a free port.

const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { createInterface } = require('node:readline');

const examples = path.resolve(__dirname, '../../examples');
const startMs = 20_000;

/** A running example: its output and its end. */
class Example {
  constructor(child) {
    this.child = child;
    this.lines = [];
    this.exited = once(child, 'close');
    createInterface(child.stdout).on('line', (line) => {
      this.lines.push(line);
      child.emit('printed');
    });
  }

  /**
   * Waits until matching lines are printed.
   * @param {RegExp} pattern
   * @param {number} [count] how many of them
   * @returns {Promise<RegExpExecArray[]>} their matches
   */
  async printed(pattern, count = 1) {
    const limit = AbortSignal.timeout(startMs);
    for (;;) {
      const found = this.lines.map((line) => pattern.exec(line)).filter((match) => match !== null);
      if (found.length >= count) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended (${this.child.exitCode}) having printed: ${this.lines.join('\n')}`);
      await once(this.child, 'printed', { signal: limit });
    }
  }

  /** Ends it, if it still runs. */
  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}

/**
 * Starts an example, waits until it has printed its address, and stops it after the test.
 * @param {TestContext} t of the test
 * @param {string} name of a file in examples/
 * @param {{args?: string[], options?: string[], env?: object}} [how] arguments, options of node, additions to the
 *   environment
 * @returns {Promise<Example>} with `url` and `port`
 */
async function start(t, name, { args = [], options = [], env = {} } = {}) {
  const child = spawn(process.execPath, [...options, path.join(examples, name), ...args], {
    cwd: path.resolve(examples, '..'),
    env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', NODE_ENV: 'test', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const example = new Example(child);
  t.after(() => example.stop());
  const [[, url]] = await example.printed(/^(http:\S+)/);
  example.url = url;
  example.port = Number(new URL(url).port);
  return example;
}

module.exports = { examples, start };
