'use strict';

// npm run bench:cores -- [--rounds N] [--seconds S] [--count N] [--node BINARY]
// Servers on one core and on several, under wrk on the same machine: one process; node's cluster, whose primary accepts
// and hands on; processes and threads that share the port (listen({ reusePort: true })). Rounds alternate. When wrk and
// others use the cores too, requests a second say little. CPU time does: what all threads of a server need for a
// request, and what the busiest needs, which is the limit if each has its own core. Linux only.

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { startServer } = require('./server-process');
const { runLocked } = require('./lock');
const { median } = require('./stats');
const { runLoad, wrkCommand } = require('./wrk-run');

const OURS = path.join(__dirname, '..', 'lib', 'index.js');
const CONNECTIONS = 64;
const ARMS = [
  ['node:http', 'one'], ['node:http', 'cluster'], [OURS, 'one'], [OURS, 'cluster'], [OURS, 'shared processes'], [OURS, 'shared threads'],
];
const WAYS = { 'one': 'one process alone', 'cluster': 'cluster', 'shared processes': 'cluster, port shared', 'shared threads': 'threads, port shared' };
// By the names of requests in wrk/load.lua.
const LOADS = { get: 'kept connections', close: 'a connection each' };

// Nanoseconds of each thread of a process and of its children.
function threadTimes(pid, times = new Map()) {
  for (const tid of fs.readdirSync(`/proc/${pid}/task`)) {
    times.set(tid, Number(fs.readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]));
    for (const child of fs.readFileSync(`/proc/${pid}/task/${tid}/children`, 'utf8').split(' ').filter(Boolean)) threadTimes(child, times);
  }
  return times;
}

async function wrk(port, seconds, load) {
  return (await runLoad(wrkCommand(`http://127.0.0.1:${port}/`, { connections: CONNECTIONS, load, seconds }))).requests;
}

// Takes a running server; returns requests a second, and microseconds of CPU for each: of all threads, and of the
// busiest one.
async function round({ child: { pid }, port }, seconds, load) {
  const before = threadTimes(pid);
  const requests = await wrk(port, seconds, load);
  const spent = [...threadTimes(pid)].map(([tid, time]) => (time - (before.get(tid) ?? 0)) / 1000 / requests);
  return { rate: requests / seconds, all: spent.reduce((sum, time) => sum + time, 0), busiest: Math.max(...spent) };
}

async function measure(load, { rounds, seconds, count, node }) {
  const servers = [];
  for (const [module_, way] of ARMS) servers.push(await startServer(null, [node, path.join(__dirname, 'cores-server.js'), module_, way, count]));
  const results = ARMS.map(() => []);
  try {
    for (const { port } of servers) await wrk(port, 1, load);
    for (let n = 0; n < rounds; n++) {
      const order = [...ARMS.keys()];
      for (const arm of n % 2 ? order.reverse() : order) results[arm].push(await round(servers[arm], seconds, load));
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  const of = (arm, kind) => median(results[arm].map(({ [kind]: value }) => value));
  for (const [arm, [module_, way]] of ARMS.entries()) {
    const one = ARMS.findIndex(([other, its]) => other === module_ && its === 'one');
    const cells = [LOADS[load], module_ === OURS ? 'rust-http' : module_, WAYS[way], Math.round(of(arm, 'rate')).toLocaleString('en'), of(arm, 'all').toFixed(1), of(arm, 'busiest').toFixed(1),
      (of(one, 'busiest') / of(arm, 'busiest')).toFixed(2)];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '1' }, count: { type: 'string', default: '2' }, node: { type: 'string', default: process.execPath },
    },
  });
  console.log(`| load | module | ${values.count} of | requests/s | us of CPU a request | of the busiest thread | limit, to one |\n| --- | --- | --- | --- | --- | --- | --- |`);
  for (const load of Object.keys(LOADS)) await measure(load, { ...values, rounds: Number(values.rounds), seconds: Number(values.seconds) });
}

if (!runLocked()) main();
