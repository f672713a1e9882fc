'use strict';

// npm run bench:syscalls: the system calls of a server under load, per request, for node:http and for ours (Debian:
// strace, wrk). strace slows a server down so much that more requests than usual wait in each turn of its loop: this
// affects only epoll_wait.

const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { startServer } = require('./server-process');

const SECONDS = 3;
const CONNECTIONS = 64;
const CALLS = ['read', 'write', 'writev', 'recvfrom', 'sendto', 'sendmsg', 'epoll_ctl', 'epoll_wait', 'epoll_pwait', 'futex'];

// The counts of strace's summary, by call.
function summaryOf(text) {
  return Object.fromEntries([...text.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +\d+)? +(\w+)$/gm)].map(([, count, name]) => [name, Number(count)]));
}

async function outputOf(child, stream) {
  let text = '';
  child[stream].setEncoding('utf8').on('data', (piece) => { text += piece; });
  await once(child, 'close');
  return text;
}

async function measure(label, module) {
  const server = await startServer(0, [process.execPath, path.join(__dirname, 'app.js'), module, 'hello']);
  try {
    const { pid } = server.child;
    const tracer = spawn('strace', ['-c', '-U', 'time,total-time,avg-time,calls,errors,name', '-e', `trace=${CALLS}`, '-p', String(pid)]);
    const traced = outputOf(tracer, 'stderr');
    await once(tracer.stderr, 'data');
    const load = spawn('wrk', ['-t', '1', '-c', String(CONNECTIONS), '-d', `${SECONDS}s`, `http://127.0.0.1:${server.port}/`]);
    const said = await outputOf(load, 'stdout');
    tracer.kill('SIGINT');
    const calls = summaryOf(await traced);
    const requests = Number(/(\d+) requests in/.exec(said)?.[1]);
    if (!(requests > 0)) throw new Error(`wrk said: ${said}`);
    const each = CALLS.filter((name) => calls[name] > 0).map((name) => `${name} ${(calls[name] / requests).toFixed(3)}`);
    console.log(`${label}: ${each.join(', ')} per request (${requests} requests)`);
  } finally {
    await server.stop();
  }
}

async function main() {
  await measure('node:http', 'node:http');
  await measure('rust-http', path.resolve(__dirname, '..'));
}

main();
