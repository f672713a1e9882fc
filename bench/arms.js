'use strict';

// The sides of a comparison. The first is the baseline; its twin shows how much two equal arms differ in this run.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const bin = path.join(__dirname, 'node_modules', '.bin');

function runnable(file) {
  return fs.existsSync(file) && spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 10000 }).status === 0;
}

// Takes paths of modules to measure, transports of ours (each is then an arm of its own), and the Node that runs them. Returns [{ label, command, module, env }]:
// `command` starts a script, `module` is what it loads.
function serverArms(modules, others, transports = [], binary = process.execPath) {
  const node = [binary];
  const arms = [
    { label: 'node:http', command: node, module: 'node:http' },
    { label: 'node:http again', command: node, module: 'node:http' },
    ...modules.flatMap((file) => {
      const arm = { label: labelOf(file, modules), command: node, module: file.startsWith('node:') ? file : path.resolve(file) };
      if (transports.length === 0) return [arm];
      return transports.map((transport) => ({ ...arm, label: `${arm.label} ${transport}`, env: { RUST_HTTP_TRANSPORT: transport } }));
    }),
  ];
  if (!others) return arms;
  const bun = path.join(bin, 'bun');
  if (runnable(bun)) arms.push({ label: 'bun', command: [bun, 'run'], module: 'node:http' });
  const deno = path.join(bin, 'deno');
  if (runnable(deno)) arms.push({ label: 'deno', command: [deno, 'run', '--quiet', '--no-check', '--allow-all'], module: 'node:http' });
  return arms;
}

function labelOf(file, modules) {
  return modules.length === 1 ? 'rust-http' : `rust-http ${path.relative('.', file)}`;
}

module.exports = { serverArms, labelOf };
