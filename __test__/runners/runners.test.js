'use strict';

// The package, installed from its tarballs, under common program and test runners. Their reports must be the same as
// for the built-in http.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { Project } = require('../package/project');
const { freePort } = require('../support/port');
const { Running, plainEnv } = require('../support/process');
const { tooOld } = require('../docs/run');

const skip = process.platform === 'win32' ? 'npm is started without a shell' : tooOld;
const REGISTER = '-r rust-http/register';
const modules = path.join(__dirname, 'node_modules');
const tool = (file) => path.join(modules, file);

let project;
before(() => {
  if (skip) return;
  project = new Project('runners');
  // What the programs themselves require.
  for (const name of ['vitest', 'typescript', '@types/node']) {
    const at = [modules, path.join(__dirname, '../../node_modules')].map((dir) => path.join(dir, name)).find((dir) => fs.existsSync(dir));
    fs.mkdirSync(path.dirname(project.file(`node_modules/${name}`)), { recursive: true });
    fs.symlinkSync(at, project.file(`node_modules/${name}`));
  }
  fs.cpSync(path.join(__dirname, 'programs'), project.dir, { recursive: true });
  // Several files, which run in parallel.
  for (const file of ['jest/exchange.spec.js', 'vitest/exchange.spec.mjs']) for (const copy of ['again', 'once-more']) fs.copyFileSync(project.file(file), project.file(file.replace('exchange', copy)));
  fs.writeFileSync(project.file('tsconfig.json'), JSON.stringify({ compilerOptions: { module: 'commonjs', target: 'es2022', strict: true, types: ['node'] } }));
});
after(() => project?.remove());

// Runs a program to its end; returns what it prints.
function run(args, env = {}) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project.dir, env: { ...plainEnv(), ...env }, encoding: 'utf8' });
  return { status: signal ?? status, stdout: stdout.trim(), stderr };
}

// Starts a program that serves; it ends with the test.
function start(t, command, env = {}) {
  const running = new Running(command, { cwd: project.dir, env });
  t.after(() => running.kill());
  return running;
}

// Makes one request; returns the text of the answer.
function ask(port) {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, agent: false, signal: AbortSignal.timeout(30_000) }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      res.on('end', () => resolve(text)).on('error', reject);
    }).on('error', reject);
  });
}

/** Makes the serving program say something else: a watcher sees a change. */
function rewrite(file, text) {
  const source = fs.readFileSync(path.join(__dirname, 'programs/server.js'), 'utf8');
  assert.ok(source.includes("'first'"));
  fs.writeFileSync(project.file(file), source.replace("'first'", `'${text}'`));
}

// What jest and vitest report for each test, by its name.
function resultsOf({ status, stdout, stderr }) {
  assert.ok(stdout.startsWith('{'), stdout + stderr);
  const tests = JSON.parse(stdout).testResults.flatMap(({ name, message, assertionResults }) => {
    assert.notEqual(assertionResults.length, 0, `${name}: ${message}`);
    return assertionResults.map(({ fullName, status: outcome, failureMessages }) => [`${path.basename(name)}: ${fullName}`, outcome, ...failureMessages]);
  });
  return { status, tests: tests.sort(), stderr };
}

function allPass({ status, tests, stderr }, count) {
  assert.deepEqual(tests.filter(([, outcome]) => outcome !== 'passed'), []);
  assert.equal(tests.length, count);
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /did not exit|open handle|failed to exit|after the Jest environment/i);
}

const jest = (args, env) => resultsOf(run([tool('jest/bin/jest.js'), '--rootDir', 'jest', '--json', '--ci', ...args], env));

for (const [name, args] of [['in one process', ['--runInBand']], ['in processes', ['--maxWorkers=2']], ['in threads', ['--maxWorkers=2', '--workerThreads']]]) {
  test(`jest, ${name}: files of tests on the built-in, and the same with NODE_OPTIONS`, { skip }, () => {
    const files = ['--testPathIgnorePatterns=registry|mocked', ...args];
    allPass(jest(files, { EXPECTED_STATS: 'undefined' }), 15);
    allPass(jest(files, { EXPECTED_STATS: 'function', NODE_OPTIONS: REGISTER }), 15);
  });

  test(`jest, ${name}: each file's own registry, emptied ones, and a mock`, { skip }, () => allPass(jest(['--testPathPatterns=registry|mocked', ...args]), 4));
}

test('jest: http is mapped to ours by moduleNameMapper', { skip }, () => {
  const config = JSON.stringify({ moduleNameMapper: { '^(node:)?http$': 'rust-http', '^(node:)?https$': 'rust-http/https' } });
  allPass(jest(['--config', config, '--testPathIgnorePatterns=registry|mocked'], { EXPECTED_STATS: 'function' }), 15);
});

const vitest = (args, env) => resultsOf(run([tool('vitest/vitest.mjs'), 'run', '--dir', 'vitest', '--reporter=json', ...args], env));

for (const pool of ['forks', 'threads', 'vmThreads']) {
  test(`vitest, in ${pool}: files of tests on the built-in, and the same with NODE_OPTIONS`, { skip }, () => {
    const args = ['--pool', pool, '--exclude', '**/registry*'];
    allPass(vitest(args, { EXPECTED_STATS: 'undefined' }), 15);
    allPass(vitest(args, { EXPECTED_STATS: 'function', NODE_OPTIONS: REGISTER }), 15);
  });

  test(`vitest, in ${pool}: registries that are emptied, and a mock`, { skip }, () => allPass(vitest(['--pool', pool, 'registry']), 2));
}

test('ts-node runs a TypeScript program, and one that registers', { skip }, () => {
  const bin = tool('ts-node/dist/bin.js');
  assert.deepEqual(run([bin, 'program.ts']), { status: 0, stdout: '200 GET /ts', stderr: '' });
  assert.deepEqual(run([bin, '-r', 'rust-http/register', 'registered.js']), { status: 0, stdout: '200 GET /register true', stderr: '' });
  assert.deepEqual(run(['-r', tool('ts-node/register'), '-r', 'rust-http/register', 'program.ts']), { status: 0, stdout: '200 GET /ts', stderr: '' });
});

test('tsx runs a TypeScript program, a module, and one that registers', { skip }, () => {
  const bin = tool('tsx/dist/cli.mjs');
  assert.deepEqual(run([bin, 'program.ts']), { status: 0, stdout: '200 GET /ts', stderr: '' });
  assert.deepEqual(run([bin, 'program.mjs']), { status: 0, stdout: '200 GET /esm true Server', stderr: '' });
  assert.deepEqual(run([bin, '-r', 'rust-http/register', 'registered.js']), { status: 0, stdout: '200 GET /register true', stderr: '' });
  assert.deepEqual(run(['--import', tool('tsx/dist/loader.mjs'), '--import', 'rust-http/register', 'program.ts']), { status: 0, stdout: '200 GET /ts', stderr: '' });
});

// Tools that restart a server when its file changes, and how each of them gets the preload.
const WATCHERS = {
  'node --watch': (file) => ({ command: ['node', '--watch', '-r', 'rust-http/register', file] }),
  'node --watch, with NODE_OPTIONS,': (file) => ({ env: { NODE_OPTIONS: REGISTER }, command: ['node', '--watch', file] }),
  'nodemon': (file) => ({ command: ['node', tool('nodemon/bin/nodemon.js'), '-r', 'rust-http/register', file] }),
  'nodemon, with NODE_OPTIONS,': (file) => ({ env: { NODE_OPTIONS: REGISTER }, command: ['node', tool('nodemon/bin/nodemon.js'), file] }),
  'tsx watch': (file) => ({ command: ['node', tool('tsx/dist/cli.mjs'), 'watch', '-r', 'rust-http/register', file] }),
};

for (const [name, watcherOf] of Object.entries(WATCHERS)) {
  test(`${name} restarts a server that changes, on the same port`, { skip }, async (t) => {
    const file = `${name.replace(/\W+/g, '-')}.js`;
    rewrite(file, 'first');
    const port = await freePort();
    const { env, command } = watcherOf(file);
    const running = start(t, command, { ...env, PORT: String(port) });
    const pids = new Set();
    for (const [n, text] of ['first', 'second', 'third'].entries()) {
      if (n > 0) rewrite(file, text);
      const [, at, pid] = await running.said(/listens on (\d+) as (\d+)/, n + 1);
      assert.equal(Number(at), port);
      assert.equal(await ask(port), `${text} ${pid} true`);
      pids.add(pid);
    }
    assert.equal(pids.size, 3);
  });
}

const pm2 = (args) => {
  const { status, stdout, stderr } = run([tool('pm2/bin/pm2'), ...args], { PM2_HOME: project.file('pm2'), PM2_DISABLE_VERSION_CHECK: 'true' });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
};

// The processes of pm2: { pid, status, restarts } each.
const pm2List = () => JSON.parse(pm2(['jlist']).replace(/^[^[]*(?=\[\{|\[\])/, '')).map(({ pid, pm2_env: { status, restart_time: restarts } }) => ({ pid, status, restarts }));

for (const [mode, instances] of [['fork', 1], ['cluster', 2]]) {
  test(`pm2 starts, reloads and ends a server in ${mode} mode${mode === 'cluster' ? ', and no request is lost' : ''}`, { skip }, async (t) => {
    t.after(() => pm2(['kill']));
    rewrite('pm2.js', 'first');
    const port = await freePort();
    fs.writeFileSync(project.file('pm2.json'), JSON.stringify({
      apps: [{ name: 'server', script: 'pm2.js', node_args: REGISTER, env: { PORT: String(port) }, exec_mode: mode, instances, listen_timeout: 30000 }],
    }));
    pm2(['start', 'pm2.json']);
    const answered = async (text) => {
      for (;;) {
        const answer = await ask(port).catch((error) => error.code);
        if (answer.startsWith(text)) return answer;
        assert.ok(answer === 'ECONNREFUSED' || answer === 'ECONNRESET', answer);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const pids = new Set(pm2List().map(({ pid }) => pid));
    const [, pid, ours] = (await answered('first')).split(' ');
    assert.ok(pids.has(Number(pid)));
    assert.equal(ours, 'true');
    assert.equal(pids.size, instances);

    rewrite('pm2.js', 'second');
    let over = false;
    const answers = [];
    const failed = [];
    const asking = mode === 'cluster' && (async () => {
      while (!over) await ask(port).then((text) => answers.push(text), (error) => failed.push(error.code));
    })();
    const reloading = new Running(['node', tool('pm2/bin/pm2'), 'reload', 'server'], { cwd: project.dir, env: { PM2_HOME: project.file('pm2') } });
    assert.equal(await reloading.closed, 0, reloading.output);
    const [, newPid] = (await answered('second')).split(' ');
    over = true;
    await asking;
    assert.deepEqual(failed, []);
    if (mode === 'cluster') assert.ok(answers.some((text) => text.startsWith('first')) && answers.every((text) => text.endsWith('true')), answers.join());
    assert.ok(!pids.has(Number(newPid)));
    assert.deepEqual(pm2List().map(({ status, restarts }) => [status, restarts]), Array(instances).fill(['online', 1]));
    pm2(['delete', 'server']);
    assert.deepEqual(pm2List(), []);
  });
}
