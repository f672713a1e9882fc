'use strict';

// Runs Node's own tests with rust-http instead of http.
//   npm run test:node -- [--group NAME]... [--filter REGEX] [--source DIR] [--node BIN] [--builtin] [-j N] [--json FILE]

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { parseArgs } = require('node:util');
const { findSource } = require('./find-source');
const { selectTests, groupNames } = require('./select');
const { runOne } = require('./run-one');
const report = require('./report');
const exclusions = require('./exclusions.json');

const usage = `usage: npm run test:node -- [options]
  --source DIR      a checkout of Node, or what fetch-node-tests unpacked (default: RUST_HTTP_NODE_TESTS, the cache, or fetched)
  --node BIN        the Node that runs the tests (default: this one)
  --group NAME      ${groupNames.join(', ')}; may be repeated (default: http)
  --filter REGEX    only tests whose name, such as parallel/test-http-x.js, matches
  --builtin         the same run on the built-in http: the baseline
  --write-baseline  with --builtin: records what the built-in fails and skips, beside the runner
  --preload FILE    what is loaded first (default: lib/register.js)
  -j, --jobs N      tests at a time (default: the number of cores)
  --timeout S       seconds after which a test has failed (default: 120)
  --again           a test that fails beside others runs once more, alone, and has failed only where it fails then, too
  --repeat N        the selection N times; a test must pass every time (default: 1)
  --json FILE       the results as JSON
  --list            prints the selection and runs nothing`;

function options() {
  const { values } = parseArgs({
    options: {
      source: { type: 'string' },
      node: { type: 'string', default: process.execPath },
      group: { type: 'string', multiple: true, default: ['http'] },
      filter: { type: 'string' },
      builtin: { type: 'boolean', default: false },
      'write-baseline': { type: 'boolean', default: false },
      preload: { type: 'string', default: path.resolve(__dirname, '../../lib/register.js') },
      jobs: { type: 'string', short: 'j', default: String(os.availableParallelism?.() ?? os.cpus().length) },
      timeout: { type: 'string', default: '120' },
      again: { type: 'boolean', default: false },
      repeat: { type: 'string', default: '1' },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const unknown = values.group.filter((g) => !groupNames.includes(g));
  if (unknown.length) throw new Error(`no group ${unknown.join(', ')}; there are ${groupNames.join(', ')}`);
  if (values['write-baseline'] && (!values.builtin || values.filter)) throw new Error('--write-baseline goes with --builtin and without --filter');
  return values;
}

// Runs the tests on `jobs` workers, each with its own slot; calls done(result) as they finish.
async function runAll(tests, jobs, settings, done) {
  let next = 0;
  const worker = async (slot) => {
    while (next < tests.length) done(await runOne(tests[next++], { ...settings, slot }));
  };
  await Promise.all(Array.from({ length: Math.min(jobs, tests.length) }, (_, slot) => worker(slot)));
}

async function main() {
  const opts = options();
  if (opts.help) return console.log(usage);

  const node = path.resolve(opts.node);
  const nodeVersion = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } }).trim();
  const { dir: source, version: treeVersion } = findSource(opts.source, parseInt(nodeVersion, 10));
  const selected = selectTests(source, opts.group, opts.filter && new RegExp(opts.filter));
  if (opts.list) return selected.forEach((test) => console.log(test.name));
  if (selected.length === 0) throw new Error('no test selected');

  const preload = opts.builtin ? null : path.resolve(opts.preload);
  if (preload && !fs.existsSync(preload)) throw new Error(`no ${preload}`);
  const baseline = opts.builtin ? null : report.readBaseline(nodeVersion, treeVersion);
  const excluded = opts.builtin ? [] : selected.filter((test) => exclusions[test.name]);
  const tests = selected.filter((test) => !excluded.includes(test));
  console.log(`${tests.length} tests of Node ${treeVersion} on Node ${nodeVersion}, ${opts.builtin ? 'built-in http' : `with ${path.relative(process.cwd(), preload)}`}`);

  const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'nt-'));
  const settings = { source, node, preload, tmp, timeout: Number(opts.timeout) * 1000 };
  const results = new Map(excluded.map((test) => [test.name, { name: test.name, status: 'excluded', why: exclusions[test.name] }]));
  const doubtful = [];
  const done = (result) => {
    if (result.status === 'fail') {
      if (baseline?.fails.includes(result.name)) result.status = 'builtin-fails';
      else if (!opts.builtin && (opts.again || !baseline)) doubtful.push(result);
      else report.printFailure(result);
    }
    const earlier = results.get(result.name);
    if (!earlier || earlier.status === 'pass') results.set(result.name, result);
  };

  try {
    for (let round = 0; round < Number(opts.repeat); round++) {
      await runAll(tests.filter((test) => !test.alone), Number(opts.jobs), settings, done);
      await runAll(tests.filter((test) => test.alone), 1, settings, done);
    }
    // Without a recorded baseline, check whether the built-in itself passes what we failed.
    for (const failure of doubtful) {
      const test = tests.find(({ name }) => name === failure.name);
      const alone = opts.again ? await runOne(test, { ...settings, slot: 0 }) : failure;
      if (alone.status !== 'fail') {
        console.log(`${failure.name}: ${failure.why} beside others; passes alone`);
        failure.status = alone.status;
      } else if (!baseline && (await runOne(test, { ...settings, preload: null, slot: 0 })).status === 'fail') failure.status = 'builtin-fails';
      else report.printFailure(failure);
    }
  } finally {
    fs.rmSync(tmp, { recursive: true, force: true, maxRetries: 3 });
  }

  const rows = [...results.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (opts['write-baseline']) report.writeBaseline(nodeVersion, treeVersion, opts.group, rows);
  if (opts.json) report.writeJson(opts.json, { node: nodeVersion, tests: treeVersion, builtin: opts.builtin, transport: process.env.RUST_HTTP_TRANSPORT ?? 'native', groups: opts.group }, rows);
  if (report.printSummary(rows) > 0) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 2;
});
