'use strict';

// `npm start`, and the line that it prints.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { spawn, execFileSync, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { root } = require('./extract');
const { commandMs, env, tooOld } = require('./run');

const missing = process.platform === 'win32' ? 'the commands are for a POSIX shell' : spawnSync('curl', ['--version']).error ? 'curl is not installed' : tooOld;

test('npm start builds, serves a page and prints the curl line that gets it', { skip: missing }, async () => {
  const child = spawn('npm', ['start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true, timeout: commandMs });
  let output = '';
  try {
    await new Promise((resolve, reject) => {
      child.stdout.on('data', (data) => {
        output += data;
        if (output.includes('Ctrl-C')) resolve();
      });
      child.on('close', () => reject(new Error(`ended: ${output}`)));
    });
    const line = /^ {2}(curl .*)$/m.exec(output)[1];
    const answer = execFileSync('bash', ['-c', line], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    const promised = /answers 200 and: (.*)$/m.exec(output)[1];
    assert.ok(answer.endsWith(`\r\n\r\n${promised}\n`), answer);
  } finally {
    if (child.exitCode === null) {
      const closed = once(child, 'close');
      process.kill(-child.pid, 'SIGINT');
      await closed;
    }
  }
});
