'use strict';

// Builds the addon for another platform, and runs our own tests there, as far as Linux x64 allows.
//   npm run test:platform -- musl|arm64|windows [part of a path]... [options]
//   --node VERSION  the release of Node (default: that in scripts/platforms/NAME.js)
//   --all           also the tests that `npm test` leaves to `npm run test:all`, and those that take too long under emulation (default: neither)
//   --without PART  leaves out files with PART in their path; may be repeated
//   --resume        runs only files that have not passed according to .ci/platforms/NAME.json
//   --jobs N        runs N files in parallel (default: 2)
//   --timeout N     seconds that a file may take (default: that in scripts/platforms/NAME.js)
//   --list          only prints the files
//   --record        keeps the result of each file in .ci/platforms/NAME.json, together with earlier results of other files, and writes the sum into README.md
//   npm run test:platform -- macos      only compiles the crate for both kinds of Mac
// It installs what it needs: Debian's packages by apt-get (as root), everything else into .cache/platforms.
// Each file runs in its own process. Prints a line for each, and why tests have failed. A failure counts unless the
// same release of Node fails the same test on this system, or scripts/platforms/exceptions.json has a reason. Logs are
// in .cache/platforms/NAME.
// Ctrl-C lets the running files finish, and reports what there is. `--record --resume` continues an interrupted run.

const fs = require('node:fs');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { parseArgs } = require('node:util');
const { cache, root } = require('./platforms/tools');
const { merge, record, recorded, say, unfinished } = require('./platforms/counts');

const PLATFORMS = ['musl', 'arm64', 'windows', 'macos'];
const EXCEPTIONS = require('./platforms/exceptions.json');

const { values, positionals: [name, ...parts] } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string' },
    all: { type: 'boolean', default: false },
    without: { type: 'string', multiple: true, default: [] },
    jobs: { type: 'string', default: '2' },
    timeout: { type: 'string' },
    list: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

// Test files, as scripts/test.js lists them, as paths relative to __test__.
function list(args) {
  const { stdout, status, stderr } = spawnSync(process.execPath, ['scripts/test.js', '--list', ...args], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim().split('\n').map((file) => file.slice('__test__/'.length));
}

// The files to run.
function testFiles({ slow = [] }) {
  const isWhole = values.all || parts.length > 0;
  return list([...(isWhole ? [] : ['--quick']), ...parts, ...[...values.without, ...(isWhole ? [] : slow)].flatMap((part) => ['--without', part])]);
}

// A count from tap's last lines; 0 for a file that did not finish.
function count(tap, what) {
  return Number(new RegExp(`^# ${what} (\\d+)`, 'm').exec(tap)?.[1] ?? 0);
}

// The names of a file's failed tests.
function failures(tap) {
  return [...tap.matchAll(/^not ok \d+ - (.*?)(?: # (?:SKIP|TODO).*)?$/gm)].map(([, test]) => test.replaceAll('\\#', '#').replaceAll('\\\\', '\\'));
}

/**
 * Runs a test file.
 * @param {string[]} node the command that runs Node
 * @param {string} file
 * @param {string} log the path for its output, relative and without extension
 * @param {{env?: NodeJS.ProcessEnv, timeout: number}} how environment, and seconds after which it has failed
 * @returns {Promise<{passed: number, skipped: number, failed: string[]}>}
 */
async function runFile([command, ...args], file, log, { env, timeout }) {
  const tap = path.join(root, `${log}.tap`);
  fs.mkdirSync(path.dirname(tap), { recursive: true });
  fs.rmSync(tap, { force: true });
  // Files, as wine's Node cannot open pipes of this system. They are read after it has ended.
  const outputs = ['out', 'err'].map((end) => fs.openSync(path.join(root, `${log}.${end}`), 'w'));
  const child = spawn(command, [
    ...args, '--test-reporter=tap', `--test-reporter-destination=${log}.tap`, '--expose-gc', '--require', './__test__/balance.js', `__test__/${file}`,
  ], { cwd: root, stdio: ['ignore', ...outputs], env: { ...process.env, ...env }, detached: true });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    // Together with everything it has started.
    process.kill(-child.pid, 'SIGKILL');
  }, timeout * 1000);
  const code = await new Promise((resolve) => { child.on('close', (status, signal) => resolve(status ?? signal)); });
  clearTimeout(timer);
  outputs.forEach((output) => fs.closeSync(output));
  const text = fs.existsSync(tap) ? fs.readFileSync(tap, 'utf8').replaceAll('\r\n', '\n') : '';
  const failed = failures(text);
  if (late) failed.push(`(no end within ${timeout} s)`);
  else if (code !== 0 && failed.length === 0) failed.push(`(the file ends with ${code})`);
  return { passed: count(text, 'pass'), skipped: count(text, 'skipped'), failed };
}

// The reason why a test may fail on this platform.
function exception(file, test) {
  return EXCEPTIONS.find(({ platform, tests }) => platform === name && (tests.includes(file) || tests.includes(`${file}: ${test}`)))?.why;
}

async function runAll(platform, release) {
  const { node, env, reference, referenceEnv, end } = platform.prepare(release);
  const known = list(['--quick']);
  const files = values.resume ? unfinished(recorded(name), release, testFiles(platform)) : testFiles(platform);
  const timeout = Number(values.timeout ?? platform.timeout);
  const sum = { passed: 0, failed: 0, excepted: 0, skipped: 0 };
  const log = path.relative(root, path.join(cache, name));
  console.log(`Node ${release}, ${name}: ${files.length} files`);
  const next = files.values();
  let isEnding = false;
  process.once('SIGINT', () => {
    isEnding = true;
    console.log('no more files are begun');
  });
  const run = async () => {
    for (const file of next) {
      if (isEnding) return;
      const started = Date.now();
      const { passed, skipped, failed } = await runFile(node, file, `${log}/${file}`, { timeout, env });
      // A test that fails on the usual platform with this release does not count here.
      const elsewhere = failed.length === 0 ? [] : (await runFile(reference, file, `${log}/reference/${file}`, { timeout, env: referenceEnv })).failed;
      const reasons = failed.map((test) => [test, elsewhere.includes(test) ? 'fails on glibc x64 with this release, too' : exception(file, test)]);
      const counted = reasons.filter(([, why]) => why === undefined).length;
      const counts = { passed, failed: counted, excepted: failed.length - counted, skipped };
      for (const what of Object.keys(sum)) sum[what] += counts[what];
      // At once, so that nothing is lost if this run is interrupted.
      if (values.record) record(name, merge(recorded(name), release, { [file]: counts }, known));
      console.log(`${counted > 0 ? 'FAIL' : 'ok  '}  ${file}: ${passed} passed, ${failed.length} failed, ${skipped} skipped (${Math.round((Date.now() - started) / 1000)} s)`);
      for (const [test, why] of reasons) console.log(`        ${test}${why === undefined ? '' : `\n          excepted: ${why}`}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: Number(values.jobs) }, run));
  } finally {
    end?.();
  }
  return sum;
}

async function main() {
  if (!PLATFORMS.includes(name)) throw new Error(`which platform? ${PLATFORMS.join(', ')}`);
  const platform = require(`./platforms/${name}`);
  if (values.list) return void console.log((platform.targets ?? testFiles(platform)).join('\n'));
  if (platform.check) return platform.check();
  const sum = await runAll(platform, values.node ?? platform.node);
  if (sum.excepted > 0) console.log(`${sum.excepted} more have failed with a reason`);
  if (values.record) console.log(`recorded: ${say(recorded(name))}`);
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  if (sum.failed > 0) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
