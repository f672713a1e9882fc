'use strict';

// Runs commands and programs of the documents.

const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync, execFileSync } = require('node:child_process');
const { once } = require('node:events');
const { install } = require('../api/package');
const { root } = require('./extract');
const { SLOWNESS } = require('../support/slowness');

// A command that hangs has failed. Its time on a busy machine says nothing: builds and benchmarks may wait for one
// another.
const commandMs = 3600000;
const programMs = 10000 * SLOWNESS;

// Without what Node's test runner passes to its children: a runner among them would report to ours.
const env = { ...process.env, FORCE_COLOR: '0' };
delete env.NODE_TEST_CONTEXT;
// The pages say what happens if no transport is set.
delete env.RUST_HTTP_TRANSPORT;
// Here a benchmark only has to run. It does not wait for other benchmarks on this machine.
env.BENCH_LOCK = path.join(os.tmpdir(), `rust-http-bench-${process.pid}.lock`);
process.on('exit', () => fs.rmSync(env.BENCH_LOCK, { force: true }));

const [major, minor] = process.versions.node.split('.').map(Number);
// Why nothing can be built, packed or linted here; false if it can.
const tooOld = (major < 20 || (major === 20 && minor < 19)) && 'development needs Node 20.19';

// Takes a command for the shell and a directory; returns { status, output }.
function runCommand(command, cwd) {
  // bash takes a pipe of Node at its input for a remote shell, and reads startup files that may change PATH
  const options = { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: commandMs, killSignal: 'SIGKILL', maxBuffer: 1 << 26 };
  const { status, signal, stdout, stderr } = spawnSync('bash', ['--norc', '-o', 'pipefail', '-c', command], options);
  return { status: signal ?? status, output: `${stdout}${stderr}` };
}

// Takes an empty directory; makes it a repository with the current files, committed. `linked`: links the installed
// packages, so nothing may be installed there.
function copyRepository(dir, linked) {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  for (const file of files) if (fs.existsSync(path.join(root, file))) fs.cpSync(path.join(root, file), path.join(dir, file));
  const git = (...args) => execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], { cwd: dir, stdio: 'pipe' });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'copy');
  if (linked) fs.symlinkSync(fs.realpathSync(path.join(root, 'node_modules')), path.join(dir, 'node_modules'));
  return dir;
}

// Takes a program's text; runs it where `require('rust-http')` finds this package. Returns { port, output(), ended,
// stop() } once it listens or has ended.
async function startProgram(code, module) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-docs-'));
  const file = path.join(dir, module ? 'program.mjs' : 'program.js');
  fs.writeFileSync(file, code);
  install(dir);
  const child = spawn(process.execPath, ['-r', path.join(__dirname, 'free-port.js'), file], { env, cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], timeout: programMs });
  const ended = once(child, 'close');
  let output = '';
  let port;
  const started = new Promise((resolve) => {
    const listen = (data) => {
      output += data;
      port ??= /^port (\d+)$/m.exec(output)?.[1];
      if (port !== undefined) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('close', resolve);
  });
  await started;
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await ended;
    }
    fs.rmSync(dir, { recursive: true, force: true });
  };
  return { port, output: () => output, ended, child, stop };
}

// Takes a port; returns a promise of status and body of a GET of /.
function ask(port) {
  return new Promise((resolve, reject) => {
    http.get({ port, host: '127.0.0.1', agent: false }, (res) => {
      let body = '';
      res.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      res.on('end', () => resolve(`${res.statusCode} ${body}`));
    }).on('error', reject);
  });
}

module.exports = { runCommand, copyRepository, startProgram, ask, commandMs, env, tooOld };
