'use strict';

// npm run bench:client: our client against node:http's (twice, to show the noise) and undici.request, all against one
// plain server.
//   npm run bench:client -- [--only REGEX] [--rounds N] [--seconds S] [--json FILE] [--transport stream|native]... [--module PATH]...
// Clients run on core 0, the server on core 1. Every round measures each arm once; a ratio compares an arm with
// node:http in the same round.

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { parseArgs } = require('node:util');
const { labelOf } = require('./arms');
const { startServer } = require('./server-process');
const { cpuPerRequest, onCore, pinned } = require('./cpu');
const { summarize, table } = require('./stats');
const { runLocked } = require('./lock');

const clientCore = 0;
const serverCore = 1;
const warmUpSeconds = 1;

const scenarios = [
  { name: 'get-50', method: 'GET', path: '/small', sockets: 50, about: 'GET, 12 byte answer' },
  { name: 'get-1', method: 'GET', path: '/small', sockets: 1, about: 'GET, 12 byte answer' },
  { name: 'post-50', method: 'POST', path: '/', sockets: 50, about: 'POST of 1 KiB' },
  { name: 'post-1', method: 'POST', path: '/', sockets: 1, about: 'POST of 1 KiB' },
  { name: 'download-50', method: 'GET', path: '/large', sockets: 50, about: 'GET, 1 MiB answer' },
  { name: 'download-1', method: 'GET', path: '/large', sockets: 1, about: 'GET, 1 MiB answer' },
];

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      json: { type: 'string' },
      transport: { type: 'string', multiple: true, default: [] },
      module: { type: 'string', multiple: true, default: [path.join(__dirname, '..', 'lib', 'index.js')] },
    },
  });
  return { ...values, rounds: Number(values.rounds), seconds: Number(values.seconds) };
}

function clientArms(modules, transports) {
  const arms = [
    { label: 'node:http', kind: 'request', module: 'node:http' },
    { label: 'node:http again', kind: 'request', module: 'node:http' },
  ];
  for (const file of modules) {
    const arm = { label: labelOf(file, modules), kind: 'request', module: file.startsWith('node:') ? file : path.resolve(file) };
    if (transports.length === 0) arms.push(arm);
    for (const transport of transports) arms.push({ ...arm, label: `${arm.label} ${transport}`, env: { RUST_HTTP_TRANSPORT: transport } });
  }
  try {
    require.resolve('undici');
    arms.push({ label: 'undici.request', kind: 'undici', module: '-' });
  } catch {
    console.log('undici is not installed (npm install --prefix bench)');
  }
  return arms;
}

async function startClient(scenario, arm, port) {
  const script = path.join(__dirname, 'client-load.js');
  const [file, ...args] = onCore(clientCore, [process.execPath, script, arm.kind, arm.module, String(port), scenario.method, scenario.path, String(scenario.sockets)]);
  const child = spawn(file, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, ...arm.env },
  });
  await answerOf(child, arm);
  return { ...arm, child, rounds: [] };
}

async function answerOf(child, arm) {
  const ended = new AbortController();
  const onExit = (code, signal) => ended.abort(new Error(`${arm.label} ended (${signal ?? code})`));
  child.once('exit', onExit);
  try {
    const [message] = await once(child, 'message', { signal: ended.signal });
    return message;
  } catch (error) {
    throw ended.signal.reason ?? error;
  } finally {
    child.off('exit', onExit);
  }
}

async function measure(arm, seconds) {
  arm.child.send({ seconds });
  const { requests, us, p50, p99, errors, before, after } = await answerOf(arm.child, arm);
  return { rate: requests / (us / 1e6), p50, p99, errors, cpu: cpuPerRequest(before, after, requests) };
}

async function runScenario(scenario, arms, port, { rounds, seconds }) {
  const started = [];
  try {
    for (const arm of arms) started.push(await startClient(scenario, arm, port));
    for (const arm of started) await measure(arm, warmUpSeconds);
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < started.length; i++) {
        const arm = started[(i + round) % started.length];
        arm.rounds.push(await measure(arm, seconds));
      }
    }
  } finally {
    for (const arm of started) if (arm.child.connected) arm.child.disconnect();
  }
  return summarize(started);
}

async function main() {
  const opts = options();
  if (runLocked()) return;
  if (!pinned) console.log('not pinned to cores (taskset is missing, or there is one core): expect noise');

  const wanted = scenarios.filter((s) => !opts.only || new RegExp(opts.only).test(s.name));
  const arms = clientArms(opts.module, opts.transport);
  const server = await startServer(serverCore, [process.execPath, path.join(__dirname, 'raw-server.js')]);
  console.log(`Node ${process.versions.node}, ${opts.rounds} rounds of ${opts.seconds} s; ratio: req/s against node:http in the same round, median (min..max)`);
  const results = [];
  try {
    for (const scenario of wanted) {
      const rows = await runScenario(scenario, arms, server.port, opts);
      results.push({ scenario: scenario.name, about: scenario.about, sockets: scenario.sockets, rows });
      console.log(`\n${scenario.name}: ${scenario.about}, ${scenario.sockets} keep-alive socket${scenario.sockets === 1 ? '' : 's'}\n${table(rows)}`);
    }
  } finally {
    await server.stop();
  }
  if (opts.json) fs.writeFileSync(opts.json, `${JSON.stringify({ node: process.versions.node, rounds: opts.rounds, seconds: opts.seconds, results }, null, 1)}\n`);
}

main().catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
