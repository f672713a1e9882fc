'use strict';

// npm run bench:floods [-- --ms 3000] [--only REGEXP] [--connections N]: each attack of __test__/security/attacks.js on ours (both transports)
// and on node:http: what an honest client waits meanwhile, how much the server's memory grows, what stays open.
// With --connections an attack lasts until it has made so many, instead of --ms.

const path = require('node:path');
const { ATTACKS } = require('../__test__/security/attacks');
const { flood } = require('../__test__/security/flood');

const ours = path.join(__dirname, '..');
const ARMS = [['ours, native', ours, 'native'], ['ours, stream', ours, 'stream'], ['node:http', 'http', undefined]];

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

async function main() {
  const ms = Number(option('ms', 3000));
  const connections = option('connections') && Number(option('connections'));
  const only = new RegExp(option('only', ''));
  console.log(`Node ${process.version}, ${connections === undefined ? `${ms} ms` : `${connections} connections`} each; times of an honest client in ms\n`);
  console.log('| attack | server | median | p99 | worst | memory grew by MiB | descriptors left | connections made | MiB sent |');
  console.log('|---|---|---:|---:|---:|---:|---:|---:|---:|');
  for (const name of Object.keys(ATTACKS).filter((name) => only.test(name))) {
    for (const [label, module, transport] of ARMS) {
      const row = await flood(module, transport, name, ms, connections);
      const numbers = [row.median.toFixed(2), row.p99.toFixed(1), row.worst.toFixed(1), row.grownMiB.toFixed(1), row.leftDescriptors, row.made, row.sentMiB.toFixed(1)];
      console.log(`| ${name} | ${label} | ${numbers.join(' | ')} |`);
    }
  }
}

main();
