'use strict';
// Preloaded into every test file (see scripts/test.js): everything that the file opened must be closed when it ends. It
// counts open sockets of the process, connections that the core reads, and parsers that were not returned. Handles that
// keep the event loop alive need no count: a file that leaves one does not end. Leftovers are printed, and the file
// fails.

const fs = require('node:fs');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');
const { isMainThread } = require('node:worker_threads');

/** Milliseconds that sockets may take to close after the last test. */
const PATIENCE = 2000;

function openSockets() {
  let count = 0;
  for (const name of fs.readdirSync('/proc/self/fd')) {
    try {
      if (fs.readlinkSync(`/proc/self/fd/${name}`).startsWith('socket:')) count++;
    } catch {
      // The directory's own descriptor is closed by now.
    }
  }
  return count;
}

// One of our modules if the file has loaded it, otherwise undefined.
function loaded(name) {
  return require.cache[path.join(__dirname, '../lib', name)]?.exports;
}

function leftOver(socketsBefore) {
  const found = [];
  const sockets = socketsBefore === undefined ? 0 : openSockets() - socketsBefore;
  if (sockets > 0) found.push(`${sockets} open sockets`);
  const attached = loaded('transport/drivers.js')?.attachedCount() ?? 0;
  if (attached > 0) found.push(`${attached} connections of the native transport`);
  const common = loaded('message/parsers.js');
  const parsers = common === undefined ? 0 : loaded('native/addon.js').parserCount() - common.parsers.list.length;
  if (parsers > 0) found.push(`${parsers} parsers`);
  return found;
}

function watch() {
  const socketsBefore = process.platform !== 'win32' && fs.existsSync('/proc/self/fd') ? openSockets() : undefined;
  let until;
  // Collected parsers return their native part in a separate task, and closing sockets take a turn or two.
  process.on('beforeExit', () => {
    until ??= Date.now() + PATIENCE;
    if (Date.now() > until || leftOver(socketsBefore).length === 0) return;
    global.gc();
    setTimeout(() => {}, 10);
  });
  process.on('exit', function onTestFileExit(code) {
    const found = leftOver(socketsBefore);
    if (code !== 0 || found.length === 0) return;
    console.error(`${path.basename(process.argv[1])} left behind: ${found.join(', ')}`);
    process.exitCode = 1;
  });
}

// The runner of 24.12 passes Node's options to the files, but not V8's: --expose-gc does not reach them.
if (global.gc === undefined) {
  v8.setFlagsFromString('--expose-gc');
  global.gc = vm.runInNewContext('gc');
}

// The runner process also has a test file as its first argument.
if (isMainThread && !process.execArgv.includes('--test') && /\.test\.m?js$/.test(process.argv[1] ?? '')) watch();
