'use strict';
// One measured flood: a target, an attacker and an honest client, each in its own process.

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');

const PAGE = 4096;
/** Milliseconds between two requests of the honest client, and between two looks at the memory. */
const EVERY = 10;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function residentBytes(pid) {
  return Number(fs.readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE;
}

function descriptors(pid) {
  return fs.readdirSync(`/proc/${pid}/fd`).length;
}

function get(port, agent) {
  return new Promise((resolve, reject) => {
    const req = http.get({ port, host: '127.0.0.1', agent, timeout: 10_000 }, (res) => {
      res.resume();
      res.on('end', resolve);
      res.on('error', reject);
    });
    req.on('timeout', () => req.destroy(new Error('no answer in 10 s')));
    req.on('error', reject);
  });
}

// Sends a request every EVERY ms on the connection of each agent, until `until` is true; returns the times they took, in ms,
// ascending. An answer that takes longer counts once for each request that others would have sent meanwhile: a client that
// only counts its own sees one of the seconds in which a server stands still, and none of the others that waited.
async function honest(port, agents, until) {
  const times = [];
  let over = false;
  until.then(() => { over = true; });
  await Promise.all(agents.map(async (agent) => { while (!over) await askOnce(port, agent, times); }));
  return times.sort((a, b) => a - b);
}

async function askOnce(port, agent, times) {
  const start = performance.now();
  await get(port, agent);
  const time = performance.now() - start;
  for (let left = time; left > 0; left -= EVERY) times.push(left);
  if (time < EVERY) await pause(EVERY - time);
}

/**
 * Floods a server, and sends it honest requests meanwhile. Linux only: the numbers come from /proc.
 * @param {string} module 'http' or the path of ours
 * @param {string|undefined} transport
 * @param {string} name of attacks.js
 * @param {number} ms how long
 * @param {number} [connections] instead of `ms`: until the attacker has made this many
 * @param {number} [ioThreads] of the server; an honest client asks each
 * @returns {Promise<{median: number, p99: number, worst: number, grownMiB: number, leftDescriptors: number, made:
 *   number, sentMiB: number}>} times in ms; the peak of memory over that before the attack; descriptors after it minus
 *   those before
 */
async function flood(module, transport, name, ms, connections, ioThreads = 1) {
  const choice = transport ? [transport, String(ioThreads)] : [];
  const target = spawn(process.execPath, [path.join(__dirname, 'target.js'), module, ...choice], { stdio: ['ignore', 'pipe', 'inherit'] });
  // Connections go round the threads.
  const agents = Array.from({ length: ioThreads }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  let attacker;
  try {
    const [line] = await once(target.stdout, 'data');
    const port = Number(String(line));
    await honest(port, agents, pause(300));
    await pause(50);
    const before = residentBytes(target.pid);
    const openBefore = descriptors(target.pid);
    let highest = before;
    const most = connections === undefined ? [] : [String(connections)];
    attacker = spawn(process.execPath, [path.join(__dirname, 'attacks.js'), name, String(port), ...most], { stdio: ['pipe', 'pipe', 'inherit'] });
    const told = once(attacker.stdout, 'data');
    const watch = setInterval(() => { highest = Math.max(highest, residentBytes(target.pid)); }, EVERY);
    const times = await honest(port, agents, connections === undefined ? pause(ms) : told).finally(() => clearInterval(watch));
    attacker.stdin.end();
    const { made, sent } = JSON.parse(String((await told)[0]));
    // Sockets of the flood close, also those that the server keeps for others.
    let left = Infinity;
    for (let tries = 0; tries < 300 && left > 0; tries++) {
      await pause(50);
      left = descriptors(target.pid) - openBefore;
    }
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
    return { median: at(0.5), p99: at(0.99), worst: times.at(-1), grownMiB: (highest - before) / 2 ** 20, leftDescriptors: left, made, sentMiB: sent / 2 ** 20 };
  } finally {
    for (const agent of agents) agent.destroy();
    target.kill('SIGKILL');
    if (attacker !== undefined) attacker.kill('SIGKILL');
  }
}

module.exports = { flood };
