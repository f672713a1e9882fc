'use strict';

// CPU time of a process and of its JavaScript thread, and pinning to cores. Linux only; elsewhere the times are null.

const fs = require('node:fs');
const os = require('node:os');
const { spawnSync } = require('node:child_process');

const cores = os.cpus().length;
const hasTaskset = spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;
const pinned = hasTaskset && cores > 1;

// Nanoseconds that a thread was on a core.
function threadNs(pid, tid) {
  try {
    return Number(fs.readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    return null;
  }
}

// Returns { process, js } in ns: all threads together, and the first thread, which runs JavaScript. null where /proc has no schedstat.
function cpuTimes(pid) {
  const js = threadNs(pid, pid);
  if (js === null) return { process: null, js: null };
  const all = fs.readdirSync(`/proc/${pid}/task`).reduce((sum, tid) => sum + (threadNs(pid, tid) ?? 0), 0);
  return { process: all, js };
}

// Takes two readings and a count; returns { process, js } in microseconds per request.
function cpuPerRequest(before, after, requests) {
  const per = (key) => (before[key] === null || after[key] === null || !requests ? null : (after[key] - before[key]) / 1000 / requests);
  return { process: per('process'), js: per('js') };
}

// Takes a core number (null for any) and a command; returns the command, pinned to that core if possible.
function onCore(core, command) {
  return pinned && core !== null ? ['taskset', '-c', String(core), ...command] : command;
}

module.exports = { cpuTimes, cpuPerRequest, onCore, pinned };
