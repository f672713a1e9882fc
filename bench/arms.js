'use strict';

// The arms of a comparison. The first is the baseline; its twin shows how much two equal arms differ in this run.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const bin = path.join(__dirname, 'node_modules', '.bin');

function runnable(file) {
  return fs.existsSync(file) && spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 10000 }).status === 0;
}

// Takes paths of modules to measure, transports of ours (each becomes an arm), the Node that runs them, and whether
// ours replaces node:http through the register.js next to it, for frameworks that load node:http themselves. Returns [{
// label, command, module, env }]: `command` starts a script, `module` is what the script loads.
function serverArms(modules, others, transports = [], binary = process.execPath, registers = false) {
  const node = [binary];
  const arms = [
    { label: 'node:http', command: node, module: 'node:http' },
    { label: 'node:http again', command: node, module: 'node:http' },
    ...modules.flatMap((file) => {
      const arm = armOf(file, labelOf(file, modules), node, registers);
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

function armOf(file, label, node, registers) {
  if (file.startsWith('node:')) return { label, command: node, module: file };
  if (!registers) return { label, command: node, module: path.resolve(file) };
  return { label, command: [...node, '--require', path.resolve(path.dirname(file), 'register.js')], module: 'node:http' };
}

function labelOf(file, modules) {
  return modules.length === 1 ? 'rust-http' : `rust-http ${path.relative('.', file)}`;
}

// Compiles the loop of bare-loop.c into a directory; nothing without a compiler or epoll. Its command takes no module.
function bareArm(dir) {
  const binary = path.join(dir, 'bare-loop');
  const { status, error } = spawnSync('cc', ['-O2', '-o', binary, path.join(__dirname, 'bare-loop.c')], { stdio: 'ignore' });
  if (error || status !== 0) return [];
  return [{ label: 'a loop in C', command: [binary], module: '' }];
}

module.exports = { bareArm, serverArms, labelOf };
