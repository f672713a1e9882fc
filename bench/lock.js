'use strict';

// Two benchmarks at once would measure each other: only one holds the lock file (BENCH_LOCK, by default in the
// directory for temporary files).

const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const held = 'RUST_HTTP_BENCH_HELD';

// Runs this program again under flock(1) and returns true when that is done. Returns false if this process holds the
// lock, or there is no flock.
function runLocked() {
  if (process.env[held]) return false;
  const file = process.env.BENCH_LOCK ?? path.join(os.tmpdir(), 'rust-http-bench.lock');
  const { status, error } = spawnSync('flock', [file, process.execPath, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, [held]: '1' } });
  if (error) return false;
  process.exitCode = status ?? 1;
  return true;
}

module.exports = { runLocked };
