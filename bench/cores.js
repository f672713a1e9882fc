'use strict';

// npm run bench:cores -- [--rounds N] [--seconds S] [--count N] [--node BINARY]
// Requests a second of servers on one core and on several, under wrk on the same machine: one process; node's cluster, whose primary accepts and hands on; processes
// and threads that share the port (listen({ reusePort: true })). Rounds alternate; a ratio is to the one process of the same module in the same round.

const path = require('node:path');
const { spawn } = require('node:child_process');
const { parseArgs } = require('node:util');
const { startServer } = require('./server-process');
const { runLocked } = require('./lock');

const OURS = path.join(__dirname, '..', 'lib', 'index.js');
const CONNECTIONS = 64;
const ARMS = [
  ['node:http', 'one'], ['node:http', 'cluster'], [OURS, 'one'], [OURS, 'cluster'], [OURS, 'shared processes'], [OURS, 'shared threads'],
];
const WAYS = { 'one': 'one process', 'cluster': 'cluster', 'shared processes': 'cluster, port shared', 'shared threads': 'threads, port shared' };
const HANDLERS = { hello: 'hello', hash: 'a hash of 64 KiB' };

function wrk(port, seconds) {
  const args = ['-t', '1', '-c', String(CONNECTIONS), '-d', `${seconds}s`, '--latency', '-s', path.join(__dirname, 'wrk', 'load.lua'), `http://127.0.0.1:${port}/`, '--', 'get'];
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output += data; });
    child.on('error', reject).on('close', () => {
      const line = /^result (.*)$/m.exec(output);
      if (line) resolve(JSON.parse(line[1]).requests / seconds);
      else reject(new Error(`wrk said: ${output}`));
    });
  });
}

const median = (values) => [...values].sort((one, other) => one - other)[values.length >> 1];

async function measure(handler, { rounds, seconds, count, node }) {
  const servers = [];
  for (const [module_, way] of ARMS) servers.push(await startServer(null, [node, path.join(__dirname, 'cores-server.js'), module_, handler, way, count]));
  const rates = ARMS.map(() => []);
  try {
    for (const { port } of servers) await wrk(port, 1);
    for (let round = 0; round < rounds; round++) {
      const order = [...ARMS.keys()];
      for (const n of round % 2 ? order.reverse() : order) rates[n].push(await wrk(servers[n].port, seconds));
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  for (const [n, [module_, way]] of ARMS.entries()) {
    const one = ARMS.findIndex(([other, its]) => other === module_ && its === 'one');
    const ratio = median(rates[n].map((rate, round) => rate / rates[one][round]));
    console.log(`| ${HANDLERS[handler]} | ${module_ === OURS ? 'rust-http' : module_} | ${WAYS[way]} | ${Math.round(median(rates[n])).toLocaleString('en')} | ${ratio.toFixed(2)} |`);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '2' }, count: { type: 'string', default: '2' }, node: { type: 'string', default: process.execPath },
    },
  });
  console.log(`| handler | module | on ${values.count} cores | requests/s | to one |\n| --- | --- | --- | --- | --- |`);
  for (const handler of Object.keys(HANDLERS)) await measure(handler, { ...values, rounds: Number(values.rounds), seconds: Number(values.seconds) });
}

if (!runLocked()) main();
