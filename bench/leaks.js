'use strict';

// npm run bench:leaks -- [REQUESTS=200000] [WORKERS=200]: what that many requests and workers leave behind, ours in
// both transports and node:http. Exits 1 if ours leaves anything.

const path = require('node:path');
const { growth, load, workers } = require('../__test__/leaks/measure');

const ours = path.join(__dirname, '../lib/index.js');
const ARMS = [['ours, native', ours, 'native'], ['ours, stream', ours, 'stream'], ['node:http', 'node:http']];
/** Bytes of heap that a request of the second half may leave; resident bytes that come and go with the allocator. */
const HEAP_PER_REQUEST = 8;
const MOST_RSS = 16 << 20;

const mib = (bytes) => (bytes / 2 ** 20).toFixed(2);

async function main() {
  const [requests = 200_000, count = 200] = process.argv.slice(2).map(Number);
  let leaks = 0;
  console.log(`Node ${process.version}, ${requests} requests; MiB after an eighth, a half, all of them; what is left with all closed\n`);
  console.log('| server and client | heap | heap grew in the second half by bytes a request | resident | descriptors | parsers | connections |');
  console.log('|---|---|---:|---|---:|---:|---:|');
  for (const [label, module, transport] of ARMS) {
    const seen = await load(module, requests, transport);
    const { looks, start, end } = seen;
    const course = (what) => [looks[0], looks[looks.length / 2 - 1], looks.at(-1)].map((look) => mib(look[what])).join(', ');
    const heap = growth(seen, 'heapUsed') / (requests / 2);
    const open = end.descriptors - start.descriptors;
    console.log(`| ${label} | ${course('heapUsed')} | ${heap.toFixed(1)} | ${course('rss')} | ${open} | ${end.parsers} | ${end.attached} |`);
    const clean = heap < HEAP_PER_REQUEST && growth(seen, 'rss') < MOST_RSS && open <= 3 && end.parsers === 0 && end.attached === 0;
    if (module === ours && !clean) leaks++;
  }
  console.log(`\n${count} workers\n`);
  console.log('| server | descriptors more | resident MiB more than after the first half |');
  console.log('|---|---:|---:|');
  for (const [label, module] of [['ours', ours], ['node:http', 'node:http']]) {
    const seen = await workers(module, count);
    console.log(`| ${label} | ${seen.descriptors} | ${mib(seen.growth)} |`);
    if (module === ours && (seen.descriptors > 2 || seen.growth > MOST_RSS)) leaks++;
  }
  console.log(`\n${leaks} leaks`);
  process.exitCode = leaks > 0 ? 1 : 0;
}

main();
