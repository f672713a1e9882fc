'use strict';

// npm run bench:floods [-- --ms 3000] [--only REGEXP] [--connections N]: each attack of __test__/security/attacks.js on ours (both transports)
// and on node:http: what an honest client waits meanwhile, how much the server's memory grows, what stays open.
// With --connections an attack lasts until it has made so many, instead of --ms.

const path = require('node:path');
const { ATTACKS } = require('../__test__/security/attacks');
const { flood } = require('../__test__/security/flood');

const ours = path.join(__dirname, '..');
const ARMS = [['ours, native', ours, 'native'], ['ours, stream', ours, 'stream'], ['node:http', 'http', undefined]];
// Times are those of an honest client, in ms; memory is resident, at its highest over that before the attack.
const COLUMNS = [
  ['median', (row) => row.median.toFixed(1)],
  ['p99', (row) => row.p99.toFixed(0)],
  ['worst', (row) => row.worst.toFixed(0)],
  ['MiB more', (row) => row.grownMiB.toFixed(0)],
  ['descriptors left', (row) => row.leftDescriptors],
  ['connections', (row) => row.made],
  ['MiB sent', (row) => row.sentMiB.toFixed(0)],
];

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

async function main() {
  const ms = Number(option('ms', 3000));
  const connections = option('connections') && Number(option('connections'));
  const only = new RegExp(option('only', ''));
  const length = connections === undefined ? `${ms} ms` : `${connections} connections`;
  console.log(`Node ${process.version}, ${length} each; in each column: ${ARMS.map(([label]) => label).join(' / ')}\n`);
  console.log(`| attack | ${COLUMNS.map(([title]) => title).join(' | ')} |`);
  console.log(`|---|${COLUMNS.map(() => '---:').join('|')}|`);
  for (const name of Object.keys(ATTACKS).filter((name) => only.test(name))) {
    const rows = [];
    for (const [, module, transport] of ARMS) rows.push(await flood(module, transport, name, ms, connections));
    console.log(`| ${name} | ${COLUMNS.map(([, show]) => rows.map(show).join(' / ')).join(' | ')} |`);
  }
}

main();
