'use strict';

// Runs every __test__/**/*.test.js with Node's own test runner.   node scripts/test.js [part of a path]... [--without PART] [--list] [-- options of node]
// --without leaves out files whose path holds PART; --list only prints the files.
// (The glob patterns of `node --test` came after Node 18.)

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { parseArgs } = require('node:util');

const root = path.resolve(__dirname, '..');
// A file that hangs has failed.
const fileTimeoutMs = 300000;

function testFiles(dir) {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(dir, entry.name);
    // The packages of the ecosystem's tests have tests of their own.
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : testFiles(full);
    return /\.test\.(js|mjs)$/.test(entry.name) ? [full] : [];
  });
}

// The frameworks and clients that are tested on ours: half of all packages, which only these tests need.
function installEcosystem() {
  const dir = path.join(root, '__test__/ecosystem');
  const names = Object.keys(require(path.join(dir, 'package.json')).devDependencies);
  if (names.every((name) => [dir, root].some((at) => fs.existsSync(path.join(at, 'node_modules', name))))) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: dir, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error('npm ci in __test__/ecosystem has failed');
}

const args = process.argv.slice(2);
const cut = args.includes('--') ? args.indexOf('--') : args.length;
const { values: { list, without }, positionals: wanted } = parseArgs({
  args: args.slice(0, cut), allowPositionals: true, options: { list: { type: 'boolean' }, without: { type: 'string', multiple: true, default: [] } },
});
const files = testFiles(path.join(root, '__test__'))
  .map((file) => path.relative(root, file))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .filter((file) => !without.some((part) => file.includes(part)))
  .sort();

const [major, minor] = process.versions.node.split('.').map(Number);
// Every file is held to leave nothing open.
const balance = ['--expose-gc', '--require', path.join(root, '__test__/balance.js')];
// The option came with 18.15; before that the runner prints what others call tap.
const reporter = major > 18 || (major === 18 && minor >= 15) ? ['--test-reporter=spec'] : [];
// Up to 18.12 it has no hooks of files, and none of single tests.
const hooks = major === 18 && minor < 13 ? ['--require', path.join(root, '__test__/early-runner.js')] : [];
const timeout = major > 20 || (major === 20 && minor >= 11) ? [`--test-timeout=${fileTimeoutMs}`] : [];

if (files.length === 0) {
  console.error('no test file matches');
  process.exitCode = 1;
} else if (list) {
  console.log(files.join('\n'));
} else {
  if (files.some((file) => file.startsWith(path.join('__test__', 'ecosystem')))) installEcosystem();
  const { status } = spawnSync(process.execPath, ['--test', ...reporter, ...balance, ...hooks, ...timeout, ...args.slice(cut + 1), ...files], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
