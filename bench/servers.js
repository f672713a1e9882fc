'use strict';

// npm run bench: our server against node:http (twice, to show the noise), and Bun's and Deno's node:http, under wrk.
//   npm run bench -- [--only REGEX] [--rounds N] [--seconds S] [--json FILE] [--module PATH]... [--transport stream|native|offload]... [--spread] [--node BINARY]
//                    [--node-only] [--frameworks] [--report [--report-to DIR]]
// --report also measures the clients (client.js), with the same options, and writes the tables and plots of README.md
// and docs/PERFORMANCE.md.
// --frameworks measures Express, Fastify, Koa, Hono and Nest instead, each with 12 browser headers; register loads
// ours.
// Servers run on core 0, wrk on core 1; with --spread both have all cores, so that a server can use several threads.
// Every round measures each arm once; a ratio compares an arm with node:http in the same round.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { parseArgs } = require('node:util');
const nodeHttp = require('node:http');
const nodeHttps = require('node:https');
const { scenarios, pathOf } = require('./scenarios');
const { bareArm, serverArms } = require('./arms');
const { startServer } = require('./server-process');
const { cpuTimes, cpuPerRequest, onCore, pinned } = require('./cpu');
const { summarize, table } = require('./stats');
const { runLocked } = require('./lock');
const { writeReport } = require('./report');
const { runLoad, wrkCommand } = require('./wrk-run');

const serverCore = 0;
const loadCore = 1;
const warmUpSeconds = 1;

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      json: { type: 'string' },
      module: { type: 'string', multiple: true, default: [path.join(__dirname, '..', 'lib', 'index.js')] },
      'transport': { type: 'string', multiple: true, default: [] },
      'node': { type: 'string', default: process.execPath },
      'spread': { type: 'boolean', default: false },
      'node-only': { type: 'boolean', default: false },
      'frameworks': { type: 'boolean', default: false },
      'report': { type: 'boolean', default: false },
      'report-to': { type: 'string', default: path.join(__dirname, '..') },
    },
  });
  return { ...values, rounds: Number(values.rounds), seconds: Number(values.seconds) };
}

function loadCommand(scenario, port, seconds) {
  if (scenario.load === 'ws') return [process.execPath, path.join(__dirname, 'ws-load.js'), String(port), String(scenario.connections), String(seconds)];
  const url = `${scenario.tls ? 'https' : 'http'}://127.0.0.1:${port}${pathOf(scenario)}`;
  return wrkCommand(url, { connections: scenario.connections, load: scenario.load, seconds });
}

// Takes a scenario, a port and seconds; returns a promise of the load's result line.
function wrk(scenario, port, seconds, core) {
  return runLoad(onCore(core, loadCommand(scenario, port, seconds)));
}

// One plain request per arm before any load: all arms must answer the same.
function ask(scenario, port) {
  const isJson = scenario.load === 'post-json';
  const method = isJson || scenario.load === 'post' || scenario.load === 'upload' ? 'POST' : 'GET';
  const body = isJson ? '{"a":[1]}' : 'x'.repeat(1024);
  const headers = isJson ? { 'Content-Type': 'application/json' } : scenario.handler === 'headers' ? { 'User-Agent': 'bench', 'Cookie': 'a=b' } : {};
  return new Promise((resolve, reject) => {
    const { request } = scenario.tls ? nodeHttps : nodeHttp;
    const req = request({ port, host: '127.0.0.1', path: pathOf(scenario), method, headers, agent: false, rejectUnauthorized: false }, (res) => {
      const parts = [];
      res.on('data', (part) => parts.push(part));
      res.on('end', () => resolve(`${res.statusCode} ${Buffer.concat(parts).toString('latin1')}`));
      res.on('error', reject);
    });
    req.on('error', reject);
    req.end(method === 'POST' ? body : undefined);
  });
}

async function measure(scenario, arm, seconds, core) {
  const before = cpuTimes(arm.server.child.pid);
  const result = await wrk(scenario, arm.server.port, seconds, core);
  const after = cpuTimes(arm.server.child.pid);
  return {
    rate: result.requests / (result.us / 1e6),
    // wrk prints 0 if it has no sample
    p50: result.p50 || null,
    p99: result.p99 || null,
    cpu: cpuPerRequest(before, after, result.requests),
    errors: result.status + result.connect + result.read + result.write + result.timeout,
  };
}

// The module of an arm, or the https module next to it.
function moduleOf({ module }, { tls }) {
  if (!tls) return module;
  return module.startsWith('node:') ? 'node:https' : path.join(path.dirname(module), 'https.js');
}

// Another runtime's server: its failures become a row with errors, and do not end the run.
function isForeign(arm) {
  return arm.module === 'node:http' && !arm.label.startsWith('node:http');
}

const FAILED_ROUND = { rate: 0, p50: null, p99: null, cpu: { process: null, js: null }, errors: 1 };

async function orFailed(arm, work) {
  if (arm.hasFailed) return FAILED_ROUND;
  try {
    return await work();
  } catch (error) {
    if (!isForeign(arm)) throw error;
    arm.hasFailed = true;
    console.log(`${arm.label} has failed: ${error.message}`);
    return FAILED_ROUND;
  }
}

async function startArms(scenario, arms, spread, origin) {
  const started = [];
  const env = { ...process.env, ...(scenario.tls && { BENCH_TLS: '1' }), ...(origin && { BENCH_ORIGIN: String(origin.port) }) };
  for (const arm of arms) {
    try {
      const command = [...arm.command, path.join(__dirname, 'app.js'), moduleOf(arm, scenario), scenario.handler];
      const server = await startServer(spread ? null : serverCore, command, { ...env, ...arm.env });
      started.push({ ...arm, server, rounds: [] });
    } catch (error) {
      if (!isForeign(arm)) throw error;
      console.log(`${arm.label} left out: ${error.message}`);
    }
  }
  return started;
}

async function runScenario(scenario, others, { rounds, seconds, spread }) {
  const dir = scenario.bare ? fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-bench-')) : undefined;
  try {
    return await runArms(scenario, dir === undefined ? others : [...others, ...bareArm(dir)], { rounds, seconds, spread });
  } finally {
    if (dir !== undefined) fs.rmSync(dir, { recursive: true, force: true });
  }
}

async function runArms(scenario, arms, { rounds, seconds, spread }) {
  const origin = scenario.origin && await startServer(spread ? null : loadCore, [process.execPath, path.join(__dirname, 'raw-server.js')]);
  const started = await startArms(scenario, arms, spread, origin);
  try {
    const answers = scenario.load === 'ws' ? [] : await Promise.all(started.map((arm) => orFailed(arm, () => ask(scenario, arm.server.port))));
    const odd = answers.findIndex((answer) => answer !== FAILED_ROUND && answer !== answers[0]);
    if (odd >= 0) throw new Error(`${scenario.name}: ${started[odd].label} answers ${answers[odd].slice(0, 200)}, not ${answers[0].slice(0, 200)}`);
    const core = spread ? null : loadCore;
    for (const arm of started) await orFailed(arm, () => wrk(scenario, arm.server.port, warmUpSeconds, core));
    for (let round = 0; round < rounds; round++) {
      // each round begins with another arm, so that none is always first
      for (let i = 0; i < started.length; i++) {
        const arm = started[(i + round) % started.length];
        arm.rounds.push(await orFailed(arm, () => measure(scenario, arm, seconds, core)));
      }
    }
  } finally {
    await Promise.all([...started.map((arm) => arm.server), ...(origin ? [origin] : [])].map((server) => server.stop()));
  }
  return summarize(started);
}

// Runs client.js with the options of this run; returns what it measured.
function measureClients({ only, rounds, seconds }) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-bench-'));
  const file = path.join(dir, 'client.json');
  const args = [path.join(__dirname, 'client.js'), '--json', file, '--rounds', String(rounds), '--seconds', String(seconds), ...(only ? ['--only', only] : [])];
  try {
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (status !== 0) throw new Error('no report: the clients could not be measured');
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

function commandOf({ only, rounds, seconds, 'node-only': nodeOnly }) {
  return `npm run bench -- --report --rounds ${rounds} --seconds ${seconds}${only ? ` --only '${only}'` : ''}${nodeOnly ? ' --node-only' : ''}`;
}

function versionOf(node) {
  if (node === process.execPath) return process.versions.node;
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1);
}

function isPossible({ name, needs }) {
  try {
    if (needs !== undefined) require.resolve(needs);
    return true;
  } catch {
    console.log(`${name} left out: the package ${needs} is not installed`);
    return false;
  }
}

async function main() {
  const opts = options();
  if (opts.report && opts.module.length > 1) throw new Error('--report takes one module');
  if (spawnSync('wrk', ['--version'], { stdio: 'ignore' }).error) {
    console.error('wrk is missing: install the Debian package wrk (apt-get install wrk)');
    process.exitCode = 2;
    return;
  }
  if (runLocked()) return;
  if (opts.spread) console.log('not pinned: servers and wrk share all cores');
  else if (!pinned) console.log('not pinned to cores (taskset is missing, or there is one core): expect noise');

  if (opts.report && opts.frameworks) throw new Error('--report does not take --frameworks');
  const isAsked = (s) => Boolean(s.framework) === opts.frameworks && (opts.only ? new RegExp(opts.only).test(s.name) : opts.frameworks || !s.extra);
  const wanted = scenarios.filter((s) => isAsked(s) && isPossible(s));
  const arms = serverArms(opts.module, !opts['node-only'], opts.transport, opts.node, opts.frameworks);
  const version = versionOf(opts.node);
  console.log(`Node ${version}, ${opts.rounds} rounds of ${opts.seconds} s; ratio: req/s against node:http in the same round, median (min..max)`);
  const results = [];
  for (const scenario of wanted) {
    const rows = await runScenario(scenario, arms, opts);
    results.push({ scenario: scenario.name, about: scenario.about, connections: scenario.connections, rows });
    console.log(`\n${scenario.name}: ${scenario.about}, ${scenario.connections} connection${scenario.connections === 1 ? '' : 's'}\n${table(rows)}`);
  }
  const run = { node: version, rounds: opts.rounds, seconds: opts.seconds, results };
  if (opts.json) fs.writeFileSync(opts.json, `${JSON.stringify(run, null, 1)}\n`);
  if (opts.report) {
    const client = measureClients(opts);
    const files = writeReport({ ...run, command: commandOf(opts) }, client, opts['report-to']);
    console.log(`\nwritten: ${files.map((file) => path.relative('.', file)).join(', ')}`);
  }
}

main().catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
