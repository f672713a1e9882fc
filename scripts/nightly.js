'use strict';

// npm run test:nightly -- miri|thread [--list]: runs tests of the core under Miri, which finds undefined behaviour, or under
// ThreadSanitizer, which finds races of the threads of offload. --list only prints the runs.
// They need a nightly toolchain:   rustup toolchain install nightly --component miri --component rust-src
// NIGHTLY names it (default: nightly).

const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const { NIGHTLY = 'nightly' } = process.env;

// They need unix sockets, or two of TCP at one port; `pace` counts to a million, without unsafe code.
const NOT_IN_MIRI = ['peek', 'preface', 'shared_port', 'pace'].flatMap((part) => ['--skip', part]);

// Of the tests of offload. Others have two connections read in one batch: they wait for that longer than it takes Miri to read one.
const IN_MIRI = ['requests_are', 'the_threads', 'what_is_queued'];

// Miri has no clock and no sockets in its isolation; the tests never give back the memory of their frames. Each kind builds into its own directory, since the flags differ.
const KINDS = {
  miri: {
    cargo: ['miri', 'test'],
    env: { MIRIFLAGS: '-Zmiri-disable-isolation -Zmiri-ignore-leaks' },
    runs: [['--lib', '--', ...NOT_IN_MIRI], ['--test', 'offload_hang_up'], ['--test', 'transport_native'], ['--test', 'transport_offload', '--', ...IN_MIRI]],
  },
  // The standard library is built with it, too, so that its locks are seen.
  thread: {
    cargo: ['test', '-Zbuild-std', '--target', host()],
    env: { RUSTFLAGS: '-Zsanitizer=thread' },
    runs: [['--test', 'offload_threads', '--test', 'transport_offload', '--test', 'offload_hang_up', '--test', 'transport_native']],
  },
};

function host() {
  return /host: (\S+)/.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1];
}

const [name] = process.argv.slice(2);
if (!Object.hasOwn(KINDS, name)) {
  console.error('npm run test:nightly -- miri|thread [--list]');
  process.exit(1);
}
const { cargo, env, runs } = KINDS[name];
const commands = runs.map((tests) => [`+${NIGHTLY}`, ...cargo, '--target-dir', path.join('target', name), ...tests]);
if (process.argv.includes('--list')) {
  for (const args of commands) console.log(`cargo ${args.join(' ')}`);
  process.exit();
}
let failed = 0;
for (const args of commands) {
  console.log(`cargo ${args.join(' ')}`);
  const { status } = spawnSync('cargo', args, { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' });
  if (status !== 0) failed++;
}
console.log(`${runs.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
