'use strict';

// The cost of loading: processes that do nothing else, in turn with nothing loaded, the built-in, this package as
// published, and its preload.
//   npm run bench:start -- [--processes 30] [--workers 10] [--node BIN] [--sources]
// Prints the medians of a process's wall time and CPU time, of the life of a worker in a process that has not loaded
// the package, and the resident memory of a server that has listened for a second. --sources loads lib/ instead of the
// bundle.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { parseArgs } = require('node:util');
const { bundle, pointedAt } = require('../scripts/bundle');
const { runLocked } = require('./lock');
const { median } = require('./stats');

const root = path.resolve(__dirname, '..');
const SERVERS = 5;
const REPORT = `{ const { user, system } = process.cpuUsage(); require('fs').writeSync(1, String((user + system) / 1000)); }\n`;
const WORKERS = `
const { Worker } = require('worker_threads');
(async () => {
  const times = [];
  for (let n = 0; n < 2; n++) {
    const start = performance.now();
    const before = process.cpuUsage();
    const worker = new Worker(FILE, { execArgv: FLAGS });
    await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
    const { user, system } = process.cpuUsage(before);
    times.push({ wall: performance.now() - start, cpu: (user + system) / 1000 });
  }
  // The first one of a process finds more to do.
  console.log(JSON.stringify(times[1]));
})();
`;
const SERVER = `
require(MODULE).createServer((req, res) => res.end()).listen(0, '127.0.0.1', () => setTimeout(() => {
  console.log(process.memoryUsage.rss() / 2 ** 20);
  process.exit();
}, 1000));
`;

// Puts the package and its platform package where npm installs them.
function install(dir) {
  const addon = fs.readdirSync(root).find((name) => name.endsWith('.node'));
  const platform = addon.slice('rust-http.'.length, -'.node'.length);
  const [main, binary] = ['rust-http', `rust-http-${platform}`].map((name) => path.join(dir, 'node_modules', name));
  for (const made of [main, binary]) fs.mkdirSync(made, { recursive: true });
  bundle(path.join(main, 'dist'));
  fs.writeFileSync(path.join(main, 'package.json'), pointedAt('dist', 'lib'));
  fs.copyFileSync(path.join(root, 'npm', platform, 'package.json'), path.join(binary, 'package.json'));
  fs.copyFileSync(path.join(root, addon), path.join(binary, addon));
}

// The directory from which `rust-http` is found.
let cwd;

function output(node, args) {
  const { status, signal, stdout, stderr } = spawnSync(node, args, { cwd, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${signal ?? status}: ${stderr}`);
  return stdout;
}

function row(label, cells, base) {
  return `| ${[label, ...cells.flatMap((value, n) => [value.toFixed(1), `${value >= base[n] ? '+' : ''}${(value - base[n]).toFixed(1)}`])].join(' | ')} |`;
}

function main() {
  const { values } = parseArgs({ options: {
    'processes': { type: 'string', default: '30' }, 'workers': { type: 'string', default: '10' }, 'node': { type: 'string', default: process.execPath }, 'sources': { type: 'boolean' },
  } });
  const { node } = values;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-start-'));
  const script = (name, text) => {
    fs.writeFileSync(path.join(dir, name), text);
    return path.join(dir, name);
  };
  try {
    cwd = dir;
    if (!values.sources) install(dir);
    const [main, preload] = values.sources ? ['index.js', 'register.js'].map((name) => path.join(root, 'lib', name)) : ['rust-http', 'rust-http/register'];
    const index = JSON.stringify(main);
    const register = ['-r', preload];
    const bare = script('bare.js', REPORT);
    const arms = [
      { label: 'nothing', flags: [], file: bare },
      { label: "require('node:http')", flags: [], file: script('built-in.js', `require('node:http');\n${REPORT}`), module: "'node:http'" },
      { label: "require('rust-http')", flags: [], file: script('ours.js', `require(${index});\n${REPORT}`), module: index },
      { label: '-r rust-http/register', flags: register, file: bare },
    ].map((arm) => ({ ...arm, wall: [], cpu: [], workerWall: [], workerCpu: [], memory: [] }));

    for (let n = 0; n < Number(values.processes); n++) {
      for (const { flags, file, wall, cpu } of arms) {
        const start = performance.now();
        cpu.push(Number(output(node, [...flags, file])));
        wall.push(performance.now() - start);
      }
    }
    for (let n = 0; n < Number(values.workers); n++) {
      for (const { flags, file, workerWall, workerCpu } of arms) {
        const text = WORKERS.replace('FILE', () => JSON.stringify(file)).replace('FLAGS', () => JSON.stringify(flags));
        // Output of the worker's script comes before it.
        const { wall, cpu } = JSON.parse(output(node, [script('workers.js', text)]).replace(/^[^{]*/, ''));
        workerWall.push(wall);
        workerCpu.push(cpu);
      }
    }
    for (let n = 0; n < SERVERS; n++) {
      for (const { module, memory } of arms) if (module) memory.push(Number(output(node, [script('server.js', SERVER.replace('MODULE', () => module))])));
    }

    console.log(`Node ${output(node, ['-p', 'process.version']).trim()}, ${values.processes} processes each, medians in milliseconds, with what is added to a process that loads nothing.\n`);
    console.log('| loaded | wall | | CPU | | a worker, wall | | CPU | |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
    const cells = ({ wall, cpu, workerWall, workerCpu }) => [wall, cpu, workerWall, workerCpu].map(median);
    for (const arm of arms) console.log(row(arm.label, cells(arm), cells(arms[0])));
    const [builtIn, own] = arms.filter(({ module }) => module).map(({ memory }) => median(memory));
    console.log(`\nAn idle server: ${builtIn.toFixed(1)} MiB resident with node:http, ${own.toFixed(1)} with rust-http (${(own - builtIn).toFixed(1)} more).`);
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

if (!runLocked()) main();
