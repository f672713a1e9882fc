'use strict';

// The ways in which a program gets our http, and how to start such a program in a separate process.

const path = require('node:path');
const { fork } = require('node:child_process');
const { once } = require('node:events');

const lib = path.resolve(__dirname, '../../lib');
const index = path.join(lib, 'index.js');

// RUST_HTTP_ECOSYSTEM=builtin runs the same tests on the built-in http: a failure there is an error in the test.
const ways = process.env.RUST_HTTP_ECOSYSTEM === 'builtin'
  ? [{ name: 'built-in', module: 'node:http', preload: [], ours: false }]
  : [
    { name: 'rust-http/register', module: 'node:http', preload: ['--require', path.join(lib, 'register.js')], ours: true },
    { name: "require('rust-http')", module: index, preload: [], ours: true },
  ];

const startMs = 20000;

// Takes a way, a file of apps/ and further arguments; returns a promise of { child, ready, call, stop }. `ready` is the first
// message of the program; call(task, ...args) runs a task of it (apps/clients/serve.js) and returns a promise of its value.
async function start(way, app, ...args) {
  const child = fork(path.join(__dirname, 'apps', app), [way.module, ...args], {
    execArgv: [...way.preload, '--expose-gc', '--unhandled-rejections=strict'],
    env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', NODE_ENV: 'test' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [ready] = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(startMs) }),
    once(child, 'exit').then(([code, signal]) => {
      throw new Error(`${app} ended before it was ready (${signal ?? code})`);
    }),
  ]);
  return { child, ready, call: caller(child), stop: () => stop(child) };
}

function caller(child) {
  const waiting = new Map();
  let lastId = 0;
  child.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(Object.assign(new Error(error.message), error));
    else resolve(value);
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the program ended (${signal ?? code})`));
  });
  return (task, ...args) => new Promise((resolve, reject) => {
    const id = ++lastId;
    waiting.set(id, { resolve, reject });
    child.send({ id, task, args });
  });
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

module.exports = { ways, start };
