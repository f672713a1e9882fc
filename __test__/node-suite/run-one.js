'use strict';

// Runs one test file of Node in its own process.

const path = require('node:path');
const { spawn } = require('node:child_process');

const maxOutput = 256 * 1024;
const skipLine = /^\s*1\.\.0\s+#\s*skip/im;
// How long children of a finished test may hold its output pipes before they are ended too.
const lingerMs = 1000;

// What a test must not inherit from the shell, from npm or from an outer test runner.
const dropped = /^(NODE_OPTIONS|NODE_DEBUG|NODE_PATH|NODE_TEST_CONTEXT|NODE_V8_COVERAGE|FORCE_COLOR|NO_COLOR|npm_.*|RUST_HTTP_NODE_TESTS)$/;

function baseEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !dropped.test(key)));
}

// NODE_OPTIONS is split at spaces unless they are quoted.
function preloadOption(file) {
  return `--require=${/[\s"\\]/.test(file) ? JSON.stringify(file) : file}`;
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone
  }
}

// Takes a test of select.js and { source, node, preload (absolute path or null), slot (number of the worker),
// tmp (directory for the tests' scratch files), timeout (ms) }.
// Returns a promise of { name, status: 'pass' | 'fail' | 'skip', why, ms, output }.
function runOne(test, { source, node, preload, slot, tmp, timeout }) {
  return new Promise((resolve) => {
    const env = Object.assign(baseEnv(), test.env, { TEST_THREAD_ID: String(slot), NODE_TEST_DIR: tmp });
    if (test.alone) delete env.TEST_PARALLEL;
    else env.TEST_PARALLEL = '1';
    if (preload) env.NODE_OPTIONS = preloadOption(preload);

    const file = path.join(source, 'test', test.name);
    const started = performance.now();
    const child = spawn(node, [...test.flags, file], { cwd: source, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    let size = 0;
    let late = false;
    let linger;

    const keep = (chunk) => {
      output.push(chunk);
      size += chunk.length;
      while (size > maxOutput && output.length > 1) size -= output.shift().length;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);

    const timer = setTimeout(() => {
      late = true;
      signalGroup(child, 'SIGKILL');
    }, timeout);

    child.on('error', (error) => keep(Buffer.from(`${error.stack}\n`)));
    child.on('exit', () => {
      linger = setTimeout(signalGroup, lingerMs, child, 'SIGKILL');
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(linger);
      if (child.pid) signalGroup(child, 'SIGKILL');
      const text = Buffer.concat(output).toString('utf8');
      const ms = Math.round(performance.now() - started);
      let status = 'pass';
      let why = '';
      if (late) [status, why] = ['fail', `timed out after ${timeout / 1000} s`];
      else if (code !== 0) [status, why] = ['fail', signal ? `signal ${signal}` : `exit code ${code}`];
      else if (skipLine.test(text)) [status, why] = ['skip', /#\s*skip\w*:?\s*(.*)/i.exec(text)?.[1] ?? ''];
      resolve({ name: test.name, status, why, ms, output: text });
    });
  });
}

module.exports = { runOne };
