'use strict';

// What the runner prints and writes.

const fs = require('node:fs');
const path = require('node:path');

const tailLines = 25;

function tail(text) {
  return text.trimEnd().split('\n').slice(-tailLines).map((line) => `    ${line}`).join('\n');
}

function baselineFile(nodeVersion) {
  return path.join(__dirname, `baseline-${nodeVersion}.json`);
}

// Returns what the built-in of that Node fails and skips on that test tree, or null if it was not recorded.
function readBaseline(nodeVersion, treeVersion) {
  const file = baselineFile(nodeVersion);
  if (!fs.existsSync(file)) return null;
  const baseline = JSON.parse(fs.readFileSync(file, 'utf8'));
  return baseline.tests === treeVersion ? baseline : null;
}

function writeBaseline(nodeVersion, treeVersion, groups, results) {
  const names = (status) => results.filter((r) => r.status === status).map((r) => r.name).sort();
  const baseline = {
    about: 'What the built-in http of this Node fails and skips on this test tree; written by run.js --builtin --write-baseline',
    node: nodeVersion,
    tests: treeVersion,
    groups,
    passed: names('pass').length,
    fails: names('fail'),
    skips: names('skip'),
  };
  fs.writeFileSync(baselineFile(nodeVersion), `${JSON.stringify(baseline, null, 2)}\n`);
}

function printFailure({ name, why, ms, output }) {
  console.log(`FAIL ${name} (${why}, ${(ms / 1000).toFixed(1)} s)\n${tail(output)}`);
}

function printList(title, lines) {
  if (lines.length === 0) return;
  console.log(`${title}:`);
  for (const line of lines) console.log(`  ${line}`);
}

// Takes the results with status 'pass', 'fail', 'skip', 'excluded' or 'builtin-fails'; returns the number of failures.
function printSummary(results) {
  const of = (status) => results.filter((r) => r.status === status);
  printList('Skipped by the test itself', of('skip').map((r) => `${r.name}: ${r.why}`));
  printList('Fails on the built-in of this Node too, not counted', of('builtin-fails').map((r) => `${r.name} (${r.why})`));
  printList('Excluded, not run', of('excluded').map((r) => `${r.name}: ${r.why}`));
  printList('Failed', of('fail').map((r) => `${r.name} (${r.why})`));
  const failed = of('fail').length;
  const skipped = of('skip').length + of('excluded').length + of('builtin-fails').length;
  console.log(`${of('pass').length} passed, ${failed} failed, ${skipped} skipped`);
  return failed;
}

function writeJson(file, run, results) {
  const count = (status) => results.filter((r) => r.status === status).length;
  const totals = Object.fromEntries(['pass', 'fail', 'skip', 'excluded', 'builtin-fails'].map((s) => [s, count(s)]));
  const rows = results.map(({ output, ...row }) => (row.status === 'fail' ? { ...row, output: tail(output) } : row));
  fs.writeFileSync(file, `${JSON.stringify({ ...run, totals, results: rows }, null, 1)}\n`);
}

module.exports = { readBaseline, writeBaseline, printFailure, printSummary, writeJson };
