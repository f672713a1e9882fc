'use strict';

// npm run test:vectors: the parser oracle of the running Node, then every vector file whole and one byte per write,
// each on the built-in and on ours in separate processes; ours has to answer as the built-in did in the same run.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.resolve(__dirname, '../..');
const register = path.join(root, 'lib/register.js');
const ours = path.join(root, 'lib/index.js');
const fixtures = path.join(root, '__test__/fixtures');
const nodeMajor = parseInt(process.versions.node, 10);

// The second is an external collection: it runs if it is in a directory next to the project.
const vectorFiles = [
  path.join(fixtures, 'vectors-generated.json'),
  path.join(root, '../shared/conformance/vectors-upstream.json'),
];
const splits = [0, 1];
const GAP_MS = 5;
/** How many times as long to wait for an answer that was missing at first. */
const PATIENCE = 10;

let passed = 0;
let failed = 0;
const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-vectors-'));

function runVectors(module, file, split, only, gap = 0) {
  const out = path.join(tmp, 'out.json');
  fs.rmSync(out, { force: true });
  const env = { ...process.env, SPLIT: String(split), ONLY: only ?? '', GAP: String(gap), PATIENCE: gap === 0 ? '' : String(PATIENCE), NODE_OPTIONS: '' };
  const child = spawnSync(process.execPath, ['--no-warnings', path.join(__dirname, 'run-vectors.cjs'), module, file, out], { env, encoding: 'utf8' });
  if (!fs.existsSync(out)) throw new Error(`the runner ended early (${child.signal ?? child.status}): ${child.stderr}`);
  return JSON.parse(fs.readFileSync(out, 'utf8'));
}

function differing(want, got) {
  return Object.keys(want).filter((id) => want[id].verdict !== got[id].verdict || (want[id].code || null) !== (got[id].code || null));
}

// The runner detects silence by a short wait, so on a busy machine an answer may look late; and a byte sent before the
// answer to earlier ones may come too early or not. So what differs is repeated once, on both sides, with more time for
// everything.
function compare(file, split) {
  const want = runVectors('http', file, split);
  const got = runVectors(ours, file, split);
  let wrong = differing(want, got);
  if (wrong.length) {
    const only = `^(${wrong.map((id) => id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})$`;
    Object.assign(want, runVectors('http', file, split, only, GAP_MS));
    Object.assign(got, runVectors(ours, file, split, only, GAP_MS));
    wrong = differing(want, got);
  }
  for (const id of wrong) console.log(`FAIL ${id}: want ${want[id].verdict}/${want[id].code} got ${got[id].verdict}/${got[id].code}`);
  const all = Object.keys(want).length;
  console.log(`${path.basename(file)}${split ? ', one byte per write' : ''}: ${all - wrong.length} of ${all} as the built-in`);
  passed += all - wrong.length;
  failed += wrong.length;
}

function replayOracle() {
  const oracle = path.join(fixtures, `parser-oracle-${nodeMajor}.json`);
  if (!fs.existsSync(oracle)) {
    console.log(`no parser oracle of Node ${nodeMajor}`);
    return;
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', register, path.join(__dirname, 'run-oracle.cjs'), oracle], { encoding: 'utf8' });
  console.log((stdout + stderr).trim());
  if (status === 0) passed++;
  else failed++;
}

try {
  replayOracle();
  for (const file of vectorFiles) {
    if (!fs.existsSync(file)) continue;
    for (const split of splits) compare(file, split);
  }
} finally {
  fs.rmSync(tmp, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
