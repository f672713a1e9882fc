'use strict';
// System calls that tests need and JavaScript cannot make (see native/). Built when a test first needs it. If that
// fails, `unavailable` says why, and tests that need it are skipped. RUST_HTTP_TEST_SUPPORT names a library that was
// built for this platform elsewhere.

const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.resolve(__dirname, '../..');
const target = path.join(root, 'target/test-support');

const { RUST_HTTP_TEST_SUPPORT: built } = process.env;

function build() {
  if (process.platform === 'win32') return 'not for Windows';
  if (built) return undefined;
  const { status, stderr, error } = spawnSync('cargo', ['build', '--quiet', '--offline', '--manifest-path', path.join(__dirname, 'native/Cargo.toml'), '--target-dir', target], { encoding: 'utf8' });
  return status === 0 ? undefined : `cargo: ${error?.message ?? stderr}`;
}

const unavailable = build();
const file = built ?? path.join(target, 'debug', process.platform === 'darwin' ? 'libtest_support.dylib' : 'libtest_support.so');
const loaded = { exports: {} };
if (unavailable === undefined) process.dlopen(loaded, file);
const { runOnce, sendUrgent } = loaded.exports;

/**
 * Runs the event loop until a condition holds, as packages do that make a program wait. Ticks run before each turn.
 * @param {function(): boolean} condition
 * @param {number} [milliseconds] after which it throws
 */
function runLoopUntil(condition, milliseconds = 5000) {
  const { _tickCallback: runTicks } = process;
  const until = Date.now() + milliseconds;
  // So that a turn of the loop ends.
  const timer = setInterval(() => {}, 20);
  try {
    while (!condition()) {
      if (Date.now() > until) throw new Error(`the loop ran in vain: ${condition}`);
      runTicks.call(process);
      runOnce();
    }
  } finally {
    clearInterval(timer);
  }
}

module.exports = { runLoopUntil, sendUrgent, unavailable };
