'use strict';

// npm run bench:leaks -- [REQUESTS=200000] [WORKERS=200]: what that many requests and workers leave behind, ours in
// each transport and node:http. With 0 requests, the workers alone. Exits 1 if ours leaves anything.

const path = require('node:path');
const { growth, load, workers } = require('../__test__/leaks/measure');

const ours = path.join(__dirname, '../lib/index.js');
const ARMS = [['ours, native', ours, 'native'], ['ours, stream', ours, 'stream'], ['node:http', 'node:http']];
// The peers of a worker are sockets of the bench: its server alone has a transport.
const WORKER_ARMS = [ARMS[0], ARMS[1], ['ours, offload', ours, 'offload'], ARMS[2]];
/** Bytes of heap that a request of the second half may leave; resident bytes that come and go with the allocator. */
const HEAP_PER_REQUEST = 8;
const MOST_RSS = 16 << 20;

const mib = (bytes) => (bytes / 2 ** 20).toFixed(2);

async function main() {
  const [requests = 200_000, count = 200] = process.argv.slice(2).map(Number);
  let leaks = 0;
  if (requests > 0) leaks += await countRequests(requests);
  leaks += await countWorkers(count);
  console.log(`\n${leaks} leaks`);
  process.exitCode = leaks > 0 ? 1 : 0;
}

async function countRequests(requests) {
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
  return leaks;
}

async function countWorkers(count) {
  let leaks = 0;
  console.log(`\nNode ${process.version}, ${count} workers, two in three of them ended in the middle\n`);
  console.log('| server | seconds | descriptors more | resident MiB more than after the first half |');
  console.log('|---|---:|---:|---:|');
  for (const [label, module, transport] of WORKER_ARMS) {
    const start = performance.now();
    const seen = await workers(module, count, transport);
    console.log(`| ${label} | ${Math.round((performance.now() - start) / 1000)} | ${seen.descriptors} | ${mib(seen.growth)} |`);
    if (module === ours && (seen.descriptors > 2 || seen.growth > MOST_RSS)) leaks++;
  }
  return leaks;
}

main();
