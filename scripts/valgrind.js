'use strict';

// node scripts/valgrind.js [TRANSPORT]...: runs __test__/security/exercise.js under valgrind's memcheck, by default in
// both transports. Fails if it reports an error with the addon in its stack, or if the program does not finish.

const path = require('node:path');
const { spawnSync } = require('node:child_process');

const program = path.join(__dirname, '../__test__/security/exercise.js');
// V8 writes the code that it executes.
const OPTIONS = ['--smc-check=all-non-file', '--error-limit=no', '--num-callers=20'];

let failed = 0;
const transports = process.argv.length > 2 ? process.argv.slice(2) : ['native', 'stream'];
for (const transport of transports) {
  const { stdout, stderr, error } = spawnSync('valgrind', [...OPTIONS, process.execPath, program, transport], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error) throw error;
  const ours = stderr.split(/\n==\d+== \n/).filter((block) => block.includes('rust-http.') && block.includes('   at 0x'));
  const ended = stdout.trim() === 'done';
  if (ours.length > 0 || !ended) failed++;
  console.log(`${transport}: ${ended ? 'ended' : 'did not end'}, ${ours.length} errors of the addon; ${/ERROR SUMMARY: .*/.exec(stderr)?.[0]}`);
  for (const block of ours.slice(0, 5)) console.log(block);
}
console.log(`${transports.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
