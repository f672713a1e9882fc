'use strict';
// What requests and workers leave behind: measured here, limited by leaks.test.js, printed by bench/leaks.js.

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');

const LOAD = path.join(__dirname, 'load.js');
const WORKER = path.join(__dirname, 'worker.js');
const PIPELINED = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5);
const AT_ONCE = 5;

/**
 * Runs load.js.
 * @param {string} module 'node:http' or a path
 * @param {number} requests
 * @param {string} [transport]
 * @returns {Promise<{start: object, looks: object[], end: object}>} see load.js
 */
async function load(module, requests, transport) {
  const child = spawn(process.execPath, ['--expose-gc', LOAD, module, String(requests), ...(transport ? [transport] : [])],
                      { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data) => { text += data; });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`load.js ended with ${code}`);
  return JSON.parse(text);
}

/**
 * How much memory grew, from after half of the requests to after the last.
 * @param {{looks: object[]}} seen
 * @param {string} what a property of process.memoryUsage()
 * @returns {number} bytes
 */
function growth({ looks }, what) {
  return looks.at(-1)[what] - looks[looks.length / 2 - 1][what];
}

function descriptors() {
  return process.platform !== 'win32' && fs.existsSync('/proc/self/fd') ? fs.readdirSync('/proc/self/fd').length : 0;
}

// Five pipelined requests, as far as they are answered.
async function ask(port, input) {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
  let text = '';
  socket.on('data', (data) => {
    text += data;
    if (text.split('HTTP/1.1 200').length > 5) socket.destroy();
  });
  socket.on('error', () => {});
  socket.write(input);
  await new Promise((resolve) => { socket.on('close', resolve); });
  return text.split('HTTP/1.1 200').length - 1;
}

// One worker: it answers everything, or is ended in the middle, or ends itself in a handler.
async function round(n, module, transport) {
  const worker = new Worker(WORKER, { argv: [module, ...(transport ? [transport] : [])] });
  const [{ port }] = await once(worker, 'message');
  const answers = Array.from({ length: 4 }, () => ask(port, PIPELINED));
  if (n % 3 === 0) {
    for (const count of await Promise.all(answers)) if (count !== 5) throw new Error(`${count} of 5 answers`);
  }
  const exit = once(worker, 'exit');
  if (n % 3 === 1) await ask(port, 'GET /exit HTTP/1.1\r\nHost: a\r\n\r\n');
  else worker.terminate();
  await exit;
  await Promise.all(answers);
}

/**
 * Starts and ends workers, each of which serves connections.
 * @param {string} module 'node:http' or a path
 * @param {number} count
 * @param {string} [transport]
 * @returns {Promise<{descriptors: number, growth: number}>} descriptors more than after the first few workers; resident
 *   bytes more than after the first half
 */
async function workers(module, count, transport) {
  const some = async (from, to) => {
    for (let n = from; n < to; n += AT_ONCE) await Promise.all(Array.from({ length: Math.min(AT_ONCE, to - n) }, (_, each) => round(n + each, module, transport)));
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  };
  await some(0, AT_ONCE);
  const before = descriptors();
  await some(0, count / 2);
  const half = process.memoryUsage.rss();
  await some(count / 2, count);
  return { descriptors: descriptors() - before, growth: process.memoryUsage.rss() - half };
}

module.exports = { growth, load, workers };
