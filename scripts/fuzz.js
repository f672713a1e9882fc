'use strict';

// npm run fuzz -- TARGET SECONDS [-- options of libFuzzer]: builds the targets of fuzz/ and runs one of them, or `all`,
// from its seeds. Findings are left in fuzz/artifacts/TARGET.
//
// The directory has the layout of cargo-fuzz, but does not need it: the build is plain cargo with cargo-fuzz's flags,
// on a stable toolchain (RUSTC_BOOTSTRAP makes it accept -Zsanitizer). Coverage, AddressSanitizer, debug assertions and
// overflow checks are on.

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');
const { writeSeeds } = require('../fuzz/seeds');

const fuzz = path.resolve(__dirname, '../fuzz');
const TARGETS = ['request', 'response', 'chunked', 'split', 'serialize_roundtrip', 'events', 'pool', 'proxy_protocol', 'hand_over'];
const FLAGS = [
  '--cfg', 'fuzzing', '-Cpasses=sancov-module', '-Cllvm-args=-sanitizer-coverage-level=4', '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table', '-Cllvm-args=-sanitizer-coverage-trace-compares', '-Ccodegen-units=1', '-Zsanitizer=address',
];
// Longer inputs find no more states, and make each run slower.
const LONGEST_INPUT = 4096;
// Seconds and MiB that no input may exceed.
const LIMITS = ['-timeout=5', '-rss_limit_mb=1024', `-max_len=${LONGEST_INPUT}`];

function build() {
  const host = /host: (\S+)/.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1];
  const env = { ...process.env, RUSTC_BOOTSTRAP: '1', RUSTFLAGS: FLAGS.join(' ') };
  const { status } = spawnSync('cargo', ['build', '--locked', '--release', '--quiet', '--bins', '--target', host], { cwd: fuzz, env, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  return path.join(process.env.CARGO_TARGET_DIR ?? path.join(fuzz, 'target'), host, 'release');
}

function run(binaries, target, seconds, options) {
  const corpus = path.join(fuzz, 'corpus', target);
  const seeds = path.join(fuzz, 'target/seeds', target);
  const artifacts = path.join(fuzz, 'artifacts', target);
  for (const dir of [corpus, artifacts]) fs.mkdirSync(dir, { recursive: true });
  writeSeeds(target, seeds);
  const args = [`-max_total_time=${seconds}`, ...LIMITS, `-artifact_prefix=${artifacts}/`, '-print_final_stats=1', `-dict=${fuzz}/http.dict`, ...options, corpus, seeds];
  const start = Date.now();
  const { status, stderr } = spawnSync(path.join(binaries, target), args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const runs = /number_of_executed_units:\s+(\d+)/.exec(stderr)?.[1] ?? '?';
  const edges = [...stderr.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? '?';
  const ok = status === 0;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${target}: ${runs} inputs in ${Math.round((Date.now() - start) / 1000)} s, ${edges} edges covered`);
  if (!ok) console.log(stderr.slice(-6000));
  return ok;
}

const args = process.argv.slice(2);
const cut = args.includes('--') ? args.indexOf('--') : args.length;
const [wanted = 'all', seconds = '30'] = args.slice(0, cut);
const targets = wanted === 'all' ? TARGETS : wanted.split(',');
if (targets.some((target) => !TARGETS.includes(target)) || !(Number(seconds) > 0)) {
  console.error(`npm run fuzz -- TARGET SECONDS, with TARGET one of all, ${TARGETS.join(', ')}`);
  process.exit(1);
}
const binaries = build();
let passed = 0;
for (const target of targets) passed += run(binaries, target, Number(seconds), args.slice(cut + 1)) ? 1 : 0;
console.log(`${passed} passed, ${targets.length - passed} failed`);
process.exitCode = passed === targets.length ? 0 : 1;
