'use strict';

// Runs wrk with wrk/load.lua, or a program with the same output.

const path = require('node:path');
const { spawn } = require('node:child_process');

// Returns the command that requests a URL for that many seconds; `load` names a request of wrk/load.lua.
function wrkCommand(url, { connections, load, seconds }) {
  return ['wrk', '-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', '-s', path.join(__dirname, 'wrk', 'load.lua'), url, '--', load];
}

// Takes a command; returns a promise of the contents of its `result` line.
function runLoad([file, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        output += data;
      });
    }
    child.on('error', reject);
    child.on('close', () => {
      const line = /^result (.*)$/m.exec(output);
      if (line) resolve(JSON.parse(line[1]));
      else reject(new Error(`wrk said: ${output}`));
    });
  });
}

module.exports = { runLoad, wrkCommand };
