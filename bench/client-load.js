'use strict';

// A client being measured:  node client-load.js KIND MODULE PORT METHOD PATH SOCKETS     KIND is 'request'
// (MODULE.request) or 'undici'
// On { seconds } over IPC it keeps SOCKETS requests in flight for that long and replies { requests, us, p50, p99, cpu,
// js, errors }.

const { cpuTimes } = require('./cpu');

const [kind, module_, port, method, path, sockets] = process.argv.slice(2);
const host = '127.0.0.1';
const body = method === 'POST' ? Buffer.alloc(1024, 'x') : null;

let requests = 0;
let errors = 0;
let deadline = 0;
let running = 0;
let latencies = [];
let report = null;

function percentile(sorted, part) {
  return sorted.length ? Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] * 1000) : 0;
}

function settled(started, failed) {
  const now = performance.now();
  if (failed) errors++;
  else requests++;
  latencies.push(now - started);
  if (now < deadline) send();
  else if (--running === 0) report();
}

function requestSender() {
  const http = require(module_);
  const agent = new http.Agent({ keepAlive: true, maxSockets: Number(sockets) });
  const options = { host, port: Number(port), method, path, agent };
  if (body) options.headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length };
  return () => {
    const started = performance.now();
    const req = http.request(options, (res) => {
      res.on('data', () => {});
      res.on('end', () => settled(started, res.statusCode !== 200));
    });
    req.on('error', () => settled(started, true));
    req.end(body ?? undefined);
  };
}

function undiciSender() {
  const { Pool } = require('undici');
  const pool = new Pool(`http://${host}:${port}`, { connections: Number(sockets), pipelining: 1 });
  const options = { method, path, body };
  if (body) options.headers = { 'Content-Type': 'application/octet-stream' };
  return () => {
    const started = performance.now();
    pool.request(options).then((res) => {
      res.body.on('data', () => {});
      res.body.on('end', () => settled(started, res.statusCode !== 200));
      res.body.on('error', () => settled(started, true));
    }, () => settled(started, true));
  };
}

const send = kind === 'undici' ? undiciSender() : requestSender();

function run(seconds) {
  requests = 0;
  errors = 0;
  latencies = [];
  const started = performance.now();
  const before = cpuTimes(process.pid);
  deadline = started + seconds * 1000;
  report = () => {
    const us = (performance.now() - started) * 1000;
    const after = cpuTimes(process.pid);
    const sorted = Float64Array.from(latencies).sort();
    process.send({ requests, errors, us, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), before, after });
  };
  running = Number(sockets);
  for (let i = 0; i < Number(sockets); i++) send();
}

process.on('message', ({ seconds }) => run(seconds));
process.on('disconnect', () => process.exit(0));
process.send('ready');
