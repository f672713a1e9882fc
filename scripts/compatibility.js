'use strict';

// Writes the counts of Node's own tests into docs/COMPATIBILITY.md, from the output of their runner.
//   node scripts/compatibility.js FILE...            adds runs (npm run test:node -- --group all --json FILE), one per Node, transport and built-in, replacing earlier ones
//   node scripts/compatibility.js --check FILE...    writes nothing; fails if a run is worse than the recorded one
// The counts of all runs are kept in __test__/node-suite/counts.json, so that each line of Node can be run on a
// different machine.

const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const recorded = path.join(root, '__test__/node-suite/counts.json');
const page = path.join(root, 'docs/COMPATIBILITY.md');
const begin = '<!-- counts: written by scripts/compatibility.js -->';
const end = '<!-- end of counts -->';
const ways = ['native', 'stream', 'offload', 'built-in'];

// Takes the JSON of a run; returns its row: what was run, and the count of each result.
function rowOf({ node, tests, builtin, transport, groups, totals, results }, file) {
  const way = builtin ? 'built-in' : transport;
  if (!ways.includes(way)) throw new Error(`${file} does not tell its transport`);
  const { pass, fail, skip, excluded, 'builtin-fails': builtinFails } = totals;
  if (pass + fail + skip + excluded + builtinFails !== results.length) throw new Error(`${file}: the counts do not sum up to its ${results.length} tests`);
  return { node, tests, groups: [...groups].sort().join(', '), way, pass, fail, skip, excluded, builtinFails };
}

function same(a, b) {
  return ['node', 'tests', 'groups', 'way'].every((key) => a[key] === b[key]);
}

function byVersion(a, b) {
  return a.node.localeCompare(b.node, 'en', { numeric: true }) || a.groups.localeCompare(b.groups) || ways.indexOf(a.way) - ways.indexOf(b.way);
}

// Takes rows; returns a table with one line per Node and selection of tests.
function table(rows) {
  const columns = ['Node', 'tests of', 'groups', 'http', 'pass', 'fail', 'skip themselves', 'not run', 'fail on the built-in too'];
  const cells = rows.map((row) => [row.node, row.tests, row.groups, row.way, row.pass, row.fail, row.skip, row.excluded, row.way === 'built-in' ? '' : row.builtinFails]);
  return [columns, columns.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

// Takes the text of the page and rows; returns the text with their table.
function pageWith(text, rows) {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${page} has no marks for the counts`);
  return `${text.slice(0, from + begin.length)}\n\n${table(rows)}\n\n${text.slice(to)}`;
}

function readRows() {
  return JSON.parse(fs.readFileSync(recorded, 'utf8'));
}

function isWorse(run, known) {
  return run.fail > known.fail || run.pass < known.pass;
}

function main(args) {
  const check = args[0] === '--check';
  const files = check ? args.slice(1) : args;
  const runs = files.map((file) => rowOf(JSON.parse(fs.readFileSync(file, 'utf8')), file));
  const rows = readRows();
  if (check) {
    for (const run of runs) {
      const known = rows.find((row) => same(row, run));
      if (!known) console.log(`Node ${run.node}, ${run.groups}, ${run.way}: nothing is recorded`);
      else if (isWorse(run, known)) {
        console.error(`Node ${run.node}, ${run.groups}, ${run.way}: ${run.pass} pass and ${run.fail} fail, recorded are ${known.pass} and ${known.fail}`);
        process.exitCode = 1;
      }
    }
    return;
  }
  const merged = [...rows.filter((row) => !runs.some((run) => same(row, run))), ...runs].sort(byVersion);
  fs.writeFileSync(recorded, `[\n${merged.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`);
  fs.writeFileSync(page, pageWith(fs.readFileSync(page, 'utf8'), merged));
}

if (require.main === module) main(process.argv.slice(2));

module.exports = { rowOf, table, pageWith, readRows, page };
