'use strict';

// Runs __test__/**/*.test.js with Node's own test runner.   node scripts/test.js [part of a path]... [options] [-- options of node]
//   --quick         the files of `npm test`; --rest: those left to `npm run test:all` (scripts/test-parts.js says which, and why)
//   --without PART  leaves out files with PART in their path
//   --jobs N        runs N files in parallel (default: two for each core, as most of them wait most of the time)
//   --list          only prints the files
// Files that need the machine for themselves run after the others.
// (`node --test` accepts glob patterns only after Node 18.)

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { parseArgs } = require('node:util');
const { REST, ALONE, isOf } = require('./test-parts');

const root = path.resolve(__dirname, '..');
// A file that hangs has failed. Those that build, install or measure take as long as the machine needs.
const fileTimeoutMs = 900000;
const restTimeoutMs = 1800000;

function testFiles(dir) {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(dir, entry.name);
    // Installed packages have their own tests.
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : testFiles(full);
    return /\.test\.(js|mjs)$/.test(entry.name) ? [full] : [];
  });
}

// Frameworks and clients tested on ours, bundlers, package managers, runners and applications: most of all packages,
// needed only by these tests.
const INSTALLED = ['ecosystem', 'bundlers', 'managers', 'runners', 'apps'];

function install(name) {
  const dir = path.join(root, '__test__', name);
  const names = Object.keys(require(path.join(dir, 'package.json')).devDependencies);
  if (names.every((one) => [dir, root].some((at) => fs.existsSync(path.join(at, 'node_modules', one))))) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: dir, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`npm ci in __test__/${name} has failed`);
}

const args = process.argv.slice(2);
const cut = args.includes('--') ? args.indexOf('--') : args.length;
const { values: { list, without, quick, rest, jobs }, positionals: wanted } = parseArgs({
  args: args.slice(0, cut),
  allowPositionals: true,
  options: {
    list: { type: 'boolean' },
    without: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    rest: { type: 'boolean', default: false },
    jobs: { type: 'string', default: String(2 * (os.availableParallelism?.() ?? os.cpus().length)) },
  },
});
const files = testFiles(path.join(root, '__test__'))
  .map((file) => path.relative(root, file).replaceAll(path.sep, '/'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .filter((file) => !without.some((part) => file.includes(part)))
  .filter((file) => quick === rest || isOf(file, REST) === rest)
  .sort();

const [major, minor] = process.versions.node.split('.').map(Number);
const since = (...releases) => releases.some(([line, first]) => major === line && minor >= first) || major > Math.max(...releases.map(([line]) => line));
const nodeOptions = [
  // The option exists since 18.15; before, the runner prints what others call tap.
  ...(since([18, 15]) ? ['--test-reporter=spec'] : []),
  // Every file must leave nothing open.
  '--expose-gc', '--require', path.join(root, '__test__/balance.js'),
  // Up to 18.12 it has no file hooks, and none for single tests.
  ...(since([18, 13]) ? [] : ['--require', path.join(root, '__test__/early-runner.js')]),
  ...(since([20, 11]) ? [`--test-timeout=${files.some((file) => isOf(file, REST)) ? restTimeoutMs : fileTimeoutMs}`] : []),
  ...args.slice(cut + 1),
];

// Returns whether all have passed. Without the option a runner runs one file less than there are cores: then several runners get a share each.
async function run(some, atOnce) {
  const hasOption = since([18, 19], [20, 10]);
  const concurrency = hasOption ? [`--test-concurrency=${atOnce}`] : [];
  const shares = hasOption ? [some] : Array.from({ length: Math.min(atOnce, some.length) }, (_, n) => some.filter((__, m) => m % atOnce === n));
  const codes = await Promise.all(shares.map(async (share) => {
    const [code] = await once(spawn(process.execPath, ['--test', ...concurrency, ...nodeOptions, ...share], { cwd: root, stdio: 'inherit' }), 'exit');
    return code;
  }));
  return codes.every((code) => code === 0);
}

async function main() {
  for (const name of INSTALLED) if (files.some((file) => file.startsWith(`__test__/${name}/`))) install(name);
  const alone = files.filter((file) => isOf(file, ALONE));
  const others = files.filter((file) => !isOf(file, ALONE));
  const passed = [];
  for (const [some, atOnce] of [[others, Number(jobs)], [alone, 1]]) if (some.length > 0) passed.push(await run(some, atOnce));
  if (!passed[0] && passed[1]) console.error('Tests that run side by side have failed: see their list further up.');
  if (passed.includes(false)) process.exitCode = 1;
}

if (files.length === 0) {
  console.error('no test file matches');
  process.exitCode = 1;
} else if (list) {
  console.log(files.join('\n'));
} else {
  void main();
}
