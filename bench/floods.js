'use strict';

// npm run bench:floods [-- --rounds 3] [--ms 3000] [--only REGEXP] [--connections N] [--json FILE]
// Runs each attack of __test__/security/attacks.js against ours (each transport) and against node:http twice: how long
// an honest client waits meanwhile, how much the server's memory grows, what stays open. Every round measures each arm
// once and begins with another one.
// With --connections an attack lasts until it has made that many, instead of --ms.

const fs = require('node:fs');
const path = require('node:path');
const { ATTACKS } = require('../__test__/security/attacks');
const { flood } = require('../__test__/security/flood');
const { median } = require('./stats');

const ours = path.join(__dirname, '..');
// The second node:http shows how far two measurements of the same thing differ.
const ARMS = [
  ['ours, native', ours, 'native'], ['ours, stream', ours, 'stream'], ['ours, offload', ours, 'offload'], ['node:http', 'http', undefined], ['node:http again', 'http', undefined],
];
const OURS = [0, 1, 2];
const NODE = [3, 4];
// Times are those of an honest client, in ms; memory is the peak of resident memory over that before the attack.
// Columns with `least` compare ours with node:http: a smaller difference counts as none.
const COLUMNS = [
  { title: 'median', key: 'median', digits: 1, least: 0.1 },
  { title: 'p99', key: 'p99', digits: 0, least: 1 },
  { title: 'worst', key: 'worst', digits: 0, least: 1 },
  { title: 'MiB more', key: 'grownMiB', digits: 0, least: 1 },
  { title: 'descriptors left', key: 'leftDescriptors', digits: 0, least: 0 },
  { title: 'connections', key: 'made', digits: 0 },
  { title: 'MiB sent', key: 'sentMiB', digits: 0 },
];

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

// Whether the median of an arm's rounds is above every round of both node:http: with three rounds this happens by
// chance once in twelve times, with five once in forty-five.
function isWorse(rows, { key, least }) {
  const highest = Math.max(...NODE.flatMap((arm) => rows[arm].map((round) => round[key])));
  return OURS.some((arm) => median(rows[arm].map((round) => round[key])) > highest + least);
}

async function measure(name, rounds, ms, connections) {
  const rows = ARMS.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < ARMS.length; n++) {
      const arm = (n + round) % ARMS.length;
      const [, module, transport] = ARMS[arm];
      rows[arm].push(await flood(module, transport, name, ms, connections));
    }
  }
  return rows;
}

async function main() {
  const ms = Number(option('ms', 3000));
  const rounds = Number(option('rounds', 3));
  const connections = option('connections') && Number(option('connections'));
  const only = new RegExp(option('only', ''));
  const length = connections === undefined ? `${ms} ms` : `${connections} connections`;
  const json = option('json');
  console.log(`Node ${process.version}, medians of ${rounds} rounds of ${length}; in each column: ${ARMS.map(([label]) => label).join(' / ')}\n`);
  console.log(`| attack | ${COLUMNS.map(({ title }) => title).join(' | ')} | worse than every round of node:http |`);
  console.log(`|---|${COLUMNS.map(() => '---:').join('|')}|---|`);
  for (const name of Object.keys(ATTACKS).filter((name) => only.test(name))) {
    const rows = await measure(name, rounds, ms, connections);
    const cells = COLUMNS.map(({ key, digits }) => rows.map((arm) => median(arm.map((round) => round[key])).toFixed(digits)).join(' / '));
    const worse = COLUMNS.filter((column) => column.least !== undefined && isWorse(rows, column)).map(({ title }) => title);
    console.log(`| ${name} | ${cells.join(' | ')} | ${worse.join(', ') || '-'} |`);
    if (json) fs.appendFileSync(json, `${JSON.stringify({ name, rows })}\n`);
  }
}

main();
