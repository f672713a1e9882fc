'use strict';

// The ways by which a program comes to our http, and the start of such a program in a process of its own.

const path = require('node:path');
const { fork } = require('node:child_process');
const { once } = require('node:events');

const lib = path.resolve(__dirname, '../../lib');
const index = path.join(lib, 'index.js');

// RUST_HTTP_ECOSYSTEM=builtin runs the same tests on the built-in http: what fails there is wrong in the test.
const ways = process.env.RUST_HTTP_ECOSYSTEM === 'builtin'
  ? [{ name: 'built-in', module: 'node:http', preload: [], ours: false }]
  : [
    { name: 'rust-http/register', module: 'node:http', preload: ['--require', path.join(lib, 'register.js')], ours: true },
    { name: "require('rust-http')", module: index, preload: [], ours: true },
  ];

const startMs = 20000;

// Takes a way, a file of apps/ and further arguments; returns a promise of { child, ready, stop }.
// `ready` is the first message of the program.
async function start(way, app, ...args) {
  const child = fork(path.join(__dirname, 'apps', app), [way.module, ...args], {
    execArgv: [...way.preload, '--unhandled-rejections=strict'],
    env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', NODE_ENV: 'test' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [ready] = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(startMs) }),
    once(child, 'exit').then(([code, signal]) => {
      throw new Error(`${app} ended before it was ready (${signal ?? code})`);
    }),
  ]);
  return { child, ready, stop: () => stop(child) };
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

module.exports = { ways, start };
