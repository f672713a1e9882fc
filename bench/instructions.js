'use strict';

// npm run bench:instructions: the instructions that the core executes for one message, counted by valgrind (Debian:
// valgrind). The rest of the process takes the same number for any count of messages, so two runs, of COUNT and of
// twice as many, separate it.

const path = require('node:path');
const { spawnSync } = require('node:child_process');

const COUNT = 2000;
const CASES = {
  'read hello': 'a request of one field: bytes to events',
  'read browser': 'a request of 12 fields as browsers send them',
  'read post': 'a request with a body of 5 bytes',
  'read response': 'a response of 5 fields with a body of 5 bytes',
  'write head': 'a response head of 4 fields, Date and Connection (once a second where heads are alike)',
};

// Builds the program; returns its path.
function build() {
  const { status, stdout } = spawnSync('cargo', ['bench', '--quiet', '--no-run', '--bench', 'instructions', '--message-format', 'json'],
    { cwd: path.resolve(__dirname, '..'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error('cargo could not build it');
  return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line))
    .find(({ executable, target }) => executable && target.name === 'instructions').executable;
}

function count(program, name, messages) {
  const { error, status, stderr } = spawnSync('valgrind', ['--tool=callgrind', '--callgrind-out-file=/dev/null', program, name, String(messages)], { encoding: 'utf8' });
  if (error) throw error;
  const found = /Collected : (\d+)/.exec(stderr);
  if (status !== 0 || !found) throw new Error(stderr);
  return Number(found[1]);
}

const program = build();
for (const [name, about] of Object.entries(CASES)) {
  const each = (count(program, name, 2 * COUNT) - count(program, name, COUNT)) / COUNT;
  console.log(`${name.padEnd(14)} ${each.toFixed(0).padStart(6)} instructions: ${about}`);
}
