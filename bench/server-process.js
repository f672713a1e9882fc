'use strict';

// Starts and ends the processes being measured.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const readline = require('node:readline');
const { onCore } = require('./cpu');

const startMs = 15000;

// Takes a core, a command and its environment; returns a promise of { child, port, stop } once the process has printed 'port N'.
async function startServer(core, command, env = process.env) {
  const [file, ...args] = onCore(core, command);
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
  child.stdin.on('error', () => {});
  const lines = readline.createInterface({ input: child.stdout });
  const port = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no port from ${command.join(' ')}`)), startMs);
    lines.on('line', (line) => {
      const match = /^port (\d+)$/.exec(line);
      if (match) {
        clearTimeout(timer);
        resolve(Number(match[1]));
      }
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`${command.join(' ')} ended (${signal ?? code})`)));
  });
  return { child, port, stop: () => stop(child) };
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.stdin.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
  await exited;
  clearTimeout(timer);
}

module.exports = { startServer };
