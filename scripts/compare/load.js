'use strict';
// The load: wrk if it is installed, otherwise requests of node's own client in a separate process.

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const os = require('node:os');
const path = require('node:path');
const { fork, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');

const PERCENTILES = [50, 75, 90, 99];
const UNITS = { us: 1, ms: 1e3, s: 1e6, m: 6e7 };

const hasWrk = () => spawnSync('wrk', ['--version'], { stdio: 'ignore' }).error === undefined;

/** @param {string} text @returns {string} as a Lua string literal */
const lua = (text) => JSON.stringify(text).replace(/\\u(\w{4})/g, '\\u{$1}');

async function byWrk(url, { connections, seconds, method, headers, body }) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-wrk-'));
  try {
    const script = path.join(dir, 'request.lua');
    fs.writeFileSync(script, `wrk.method = ${lua(method)}\n${body === undefined ? '' : `wrk.body = ${lua(body)}\n`}`);
    const fields = headers.flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    const child = spawn('wrk', ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', '-s', script, ...fields, url], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    await once(child, 'close');
    const [, requests, took, unit] = /(\d+) requests in ([\d.]+)(us|ms|s|m),/.exec(text) ?? [];
    if (requests === undefined) throw new Error(`wrk has failed: ${text}`);
    const latency = Object.fromEntries(PERCENTILES.map((percent) => {
      const [, value, of] = new RegExp(`^ +${percent}% +([\\d.]+)(us|ms|s|m) *$`, 'm').exec(text) ?? [];
      if (of === undefined) throw new Error(`wrk tells no latency: ${text}`);
      return [percent, Number(value) * UNITS[of]];
    }));
    const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
    const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
    return { requests: Number(requests), seconds: Number(took) * UNITS[unit] / 1e6, latency, errors: refused + socketErrors.reduce((sum, n) => sum + Number(n), 0) };
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

async function byOurselves(url, options) {
  const child = fork(__filename, [OWN_LOAD], { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } });
  child.send({ url, options });
  const [result] = await once(child, 'message');
  child.disconnect();
  return result;
}

/** The first argument of a load process. */
const OWN_LOAD = '--own-load';

/** Keeps one request in flight on each of the connections. */
async function loadHere({ url, options: { connections, seconds, method, headers, body } }) {
  const { Agent, request } = url.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: connections, rejectUnauthorized: false });
  const fields = { ...Object.fromEntries(headers), ...(body !== undefined && { 'Content-Length': Buffer.byteLength(body) }) };
  const latencies = [];
  let errors = 0;
  const started = performance.now();
  const until = started + seconds * 1000;
  const one = () => new Promise((resolve) => {
    const sent = performance.now();
    const req = request(url, { agent, method, headers: fields }, (res) => {
      if (res.statusCode >= 400) errors++;
      res.resume().on('close', () => {
        latencies.push(performance.now() - sent);
        resolve();
      });
    });
    req.on('error', () => {
      errors++;
      resolve();
    });
    req.end(body);
  });
  await Promise.all(Array.from({ length: connections }, async () => {
    while (performance.now() < until) await one();
  }));
  const took = (performance.now() - started) / 1000;
  agent.destroy();
  const sorted = Float64Array.from(latencies).sort();
  const latency = Object.fromEntries(PERCENTILES.map((percent) => [percent, 1000 * (sorted[Math.floor(sorted.length * percent / 100)] ?? 0)]));
  return { requests: latencies.length, seconds: took, latency, errors };
}

if (process.argv[2] === OWN_LOAD) process.on('message', async (task) => process.send(await loadHere(task)));

/**
 * @param {string} url
 * @param {{ connections: number, seconds: number, method: string, headers: [string, string][], body?: string, wrk: boolean }} options
 * @returns {Promise<{ requests: number, seconds: number, latency: Record<number, number>, errors: number }>} latency in microseconds by percentile
 */
const load = (url, options) => (options.wrk ? byWrk(url, options) : byOurselves(url, options));

module.exports = { PERCENTILES, hasWrk, load };
