'use strict';

// Tests the judge of random programs, and runs programs that it once found, in each transport.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { execFile } = require('node:child_process');
const { test } = require('node:test');
const { Judge } = require('./judge');
const { shrink } = require('./shrink');
const { generateServer } = require('./generate-server');
const { generateClient } = require('./generate-client');

const fixture = (name) => path.join(__dirname, 'fixtures', name);
const found = path.join(__dirname, 'found');

async function verdicts(options, programs, then) {
  const judge = new Judge({ transport: 'native', ...options });
  try {
    const all = await judge.judge(programs);
    return then === undefined ? all.map(({ outcome }) => outcome) : await then(judge, all);
  } finally {
    judge.stop();
  }
}

function run(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(__dirname, 'run.js'), ...args], (error, stdout) => resolve({ code: error === null ? 0 : error.code, stdout }));
  });
}

const made = (generate, count) => Array.from({ length: count }, (_, n) => generate(9000000 + n));

test('the built-in does not differ from itself', async () => {
  const outcomes = await verdicts({ ours: {} }, [...made(generateServer, 60), ...made(generateClient, 30)]);
  assert.ok(!outcomes.includes('differs'), outcomes.join(' '));
  // On a busy machine a program run with others may behave differently; this is not taken for a difference.
  assert.ok(outcomes.filter((outcome) => outcome === 'same').length > 80, outcomes.join(' '));
});

test('a program is the same whenever it is made from the same number', () => {
  assert.deepStrictEqual(generateServer(5), generateServer(5));
  assert.deepStrictEqual(generateClient(5), generateClient(5));
  assert.notDeepStrictEqual(generateServer(5), generateServer(6));
});

test('a fault of a server is found, and reduced to the call that has it', async () => {
  await verdicts({ ours: { preload: fixture('broken.js') } }, made(generateServer, 60), async (judge, all) => {
    const differing = all.filter(({ outcome }) => outcome === 'differs');
    assert.ok(differing.length > 5, `${differing.length} of 60 differ`);
    const { program, differing: shown } = await shrink(judge, differing[0].program, differing[0].differing);
    assert.match(JSON.stringify(program.handlers), /res\.write/);
    assert.ok(JSON.stringify(program).length < 300, JSON.stringify(program));
    assert.match(shown[0].ours.join('\n'), /write#\S+ -> false/);
    assert.match(shown[0].builtin.join('\n'), /write#\S+ -> true/);
  });
});

test('a fault of a client is found', async () => {
  const outcomes = await verdicts({ ours: { preload: fixture('broken.js') } }, made(generateClient, 100));
  assert.ok(outcomes.includes('differs'), outcomes.join(' '));
});

test('what the built-in does not repeat is not compared', async () => {
  const program = { kind: 'server', handlers: [[['res.write', 'a']]], script: [['send', 0, 'GET /0-0-1 HTTP/1.1\r\nHost: a\r\n\r\n']] };
  assert.deepStrictEqual(await verdicts({ ours: {}, builtin: { preload: fixture('moody.js') } }, [program]), ['unstable']);
});

test('a program that ends its process differs, and later ones are still compared', async () => {
  const request = ['send', 0, 'GET /0-0-1 HTTP/1.1\r\nHost: a\r\n\r\n'];
  const plain = { kind: 'server', handlers: [[['res.end', 'a']]], script: [request] };
  const preload = path.join(__dirname, 'fixtures', 'ending.js');
  assert.deepStrictEqual(await verdicts({ ours: { preload } }, [plain, { ...plain, handlers: [[['res.writeProcessing'], ['res.end']]] }, plain]), ['same', 'differs', 'same']);
});

test('a run in which nothing is compared fails, and so does one with a difference', async () => {
  const nothing = await run('0', '1', '--transport', 'native');
  assert.deepStrictEqual([nothing.code, nothing.stdout.trim().split('\n').pop()], [1, '0 passed, 1 failed']);
  const few = await run('4', '1', '--transport', 'native', '--builtin');
  assert.deepStrictEqual([few.code, few.stdout.trim().split('\n').pop()], [0, '4 passed, 0 failed']);
});

for (const transport of ['native', 'stream', 'offload']) {
  test(`programs that once differed do what they do with the built-in, in ${transport}`, async () => {
    const names = fs.readdirSync(found).filter((name) => name.endsWith('.json')).sort();
    assert.ok(names.length > 0);
    const programs = names.map((name) => JSON.parse(fs.readFileSync(path.join(found, name), 'utf8')));
    const outcomes = await verdicts({ transport }, programs);
    assert.deepStrictEqual(names.filter((_, n) => outcomes[n] === 'differs'), []);
  });
}
