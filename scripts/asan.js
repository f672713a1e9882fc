'use strict';

// npm run test:asan [-- -- COMMAND ARG...]: builds the addon with AddressSanitizer and runs programs on it, in a copy
// of the files tracked by git, with the sanitizer's library (gcc's) preloaded over Node's allocator. Fails if it has
// written a report, whatever the programs themselves return: other tests check that.
// Without a command it runs the exercise of scripts/valgrind.js in each transport, 1,500 random programs of servers and
// 500 of clients, and Node's tests of http (half an hour). With --list it only prints these. Needs gcc's libasan and rustc.

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');
const { copyRepository } = require('../__test__/docs/run');

const root = path.join(__dirname, '..');
const target = path.join(root, 'target/asan');
const tree = path.join(target, 'tree');
const reports = path.join(target, 'reports');
const TRIPLE = 'x86_64-unknown-linux-gnu';
const LIBRARY = execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();

const CORES = ['--transport', 'native', '--transport', 'offload', '--shrink', '0'];
const COMMANDS = [
  ...['native', 'stream', 'offload'].map((transport) => [['__test__/security/exercise.js', transport]]),
  [['__test__/programs/run.js', '1500', '1', '--kind', 'server', ...CORES]],
  [['__test__/programs/run.js', '500', '1', '--kind', 'client', ...CORES]],
  ...['native', 'offload'].map((transport) => [['__test__/node-suite/run.js', '-j', '2'], { RUST_HTTP_TRANSPORT: transport }]),
].map(([args, env]) => [[process.execPath, ...args], env]);

function build() {
  // These flags are unstable in the compiler.
  const env = { ...process.env, RUSTC_BOOTSTRAP: '1', RUSTFLAGS: '-Zsanitizer=address -Zexternal-clangrt' };
  execFileSync('cargo', ['build', '--lib', '--release', '--target', TRIPLE, '--target-dir', target], { cwd: root, env, stdio: 'inherit' });
  fs.rmSync(tree, { recursive: true, force: true });
  copyRepository(tree, true);
  // Node's tests, if they were downloaded.
  const cache = path.join(root, '.cache');
  if (fs.existsSync(cache)) fs.symlinkSync(fs.realpathSync(cache), path.join(tree, '.cache'));
  fs.copyFileSync(path.join(target, TRIPLE, 'release/librust_http.so'), path.join(tree, 'rust-http.linux-x64-gnu.node'));
}

if (process.argv[2] === '--list') {
  for (const [command, env] of COMMANDS) console.log([...Object.entries(env ?? {}).map((pair) => pair.join('=')), ...command.slice(1)].join(' '));
  process.exit();
}
build();
fs.rmSync(reports, { recursive: true, force: true });
fs.mkdirSync(reports, { recursive: true });
// What V8 keeps until its end is no leak of ours: __test__/leaks counts those.
const sanitized = { LD_PRELOAD: LIBRARY, ASAN_OPTIONS: `detect_leaks=0:log_path=${path.join(reports, 'report')}` };
const own = process.argv.indexOf('--');
const commands = own < 0 ? COMMANDS : [[process.argv.slice(own + 1), {}]];
let failed = 0;
for (const [[command, ...args], env] of commands) {
  const before = fs.readdirSync(reports).length;
  const { status, signal, stdout, stderr } = spawnSync(command, args, { cwd: tree, env: { ...process.env, ...env, ...sanitized }, encoding: 'utf8', maxBuffer: 1 << 28 });
  const found = fs.readdirSync(reports).length - before;
  const ran = status !== null && stdout.trim() !== '';
  if (found > 0 || !ran) failed++;
  console.log(`${args.join(' ')}${env?.RUST_HTTP_TRANSPORT ? ` (${env.RUST_HTTP_TRANSPORT})` : ''}: ${found} reports; ${ran ? stdout.trim().split('\n').pop() : `did not run: ${signal ?? status} ${stderr}`}`);
}
for (const file of fs.readdirSync(reports).slice(0, 5)) console.log(fs.readFileSync(path.join(reports, file), 'utf8'));
console.log(`${commands.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
