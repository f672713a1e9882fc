'use strict';

// The code that V8 compiled of the bundle, stored next to it by the first process.

const { test, before, after, beforeEach, afterEach } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFile, execFileSync, spawnSync } = require('node:child_process');
const { root } = require('./pack');
const { tooOld } = require('../docs/run');

// Set when the bundle runs, so that it is part of the stored code.
const NAME = 'setMaxIdleHTTPParsers';
const OTHER_NAME = 'setMaxIdleHTTPparsers';
const PROGRAM = `console.log(require('./dist').${NAME}.name)`;

const skip = tooOld;
const built = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-bundle-'));
let dir;
let code;

before(() => {
  if (skip) return;
  execFileSync(process.execPath, ['-e', `require(${JSON.stringify(path.join(root, 'scripts/bundle'))}).bundle(${JSON.stringify(path.join(built, 'dist'))})`]);
  for (const file of ['package.json', ...fs.readdirSync(root).filter((name) => name.endsWith('.node'))]) fs.copyFileSync(path.join(root, file), path.join(built, file));
});

after(() => fs.rmSync(built, { recursive: true, force: true }));

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-code-'));
  code = path.join(dir, 'dist/bundle');
  fs.cpSync(built, dir, { recursive: true });
});

afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const sources = ['load.js', 'rust-http.js', 'rust-http.js.map'];
// The second part has a file beside that of the first.
const OF_SECOND = '-second';
const files = () => fs.readdirSync(code).filter((name) => !sources.includes(name));
const kept = () => files().filter((name) => !name.endsWith(OF_SECOND));

function run(args, env = {}) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^NODE_(DISABLE_COMPILE_CACHE|V8_COVERAGE|OPTIONS)$/.test(name)));
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: dir, env: { ...clean, ...env }, encoding: 'utf8', timeout: 60000 });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout.trim();
}

// V8 compares only the length of the source: what runs shows whether it was compiled again.
function changeSource() {
  const file = path.join(code, 'rust-http.js');
  const text = fs.readFileSync(file, 'utf8');
  assert.equal(text.split(`"${NAME}"`).length, 2);
  fs.writeFileSync(file, text.replace(`"${NAME}"`, `"${OTHER_NAME}"`));
}

test('the first process stores the code of the bundle, and later ones run it', { skip }, () => {
  assert.equal(run(['-e', PROGRAM]), NAME);
  const [file, ...more] = kept();
  assert.match(file, new RegExp(`^[0-9a-f]{16}-${process.version}-${process.arch}$`));
  assert.deepEqual(more, []);
  assert.deepEqual(files(), [file, `${file}${OF_SECOND}`]);
  const before = fs.statSync(path.join(code, file));
  changeSource();
  assert.equal(run(['-e', PROGRAM]), NAME);
  const { ino, mtimeMs } = fs.statSync(path.join(code, file));
  assert.deepEqual({ ino, mtimeMs }, { ino: before.ino, mtimeMs: before.mtimeMs });
});

test('preloads, workers and https also run it', { skip }, () => {
  run(['-e', PROGRAM]);
  changeSource();
  assert.equal(run(['-r', './dist/register.js', '-p', `require('http').${NAME}.name`]), NAME);
  assert.equal(run(['-e', `new (require('worker_threads').Worker)(${JSON.stringify(PROGRAM)}, { eval: true })`]), NAME);
  assert.equal(run(['-p', `require('./dist/https').request.name + require('./dist').${NAME}.name`]), `request${NAME}`);
  assert.equal(kept().length, 1);
});

test('with NODE_DISABLE_COMPILE_CACHE nothing is stored, and nothing stored is used', { skip }, () => {
  const off = { NODE_DISABLE_COMPILE_CACHE: '1' };
  assert.equal(run(['-e', PROGRAM], off), NAME);
  assert.deepEqual(kept(), []);
  run(['-e', PROGRAM]);
  changeSource();
  assert.equal(run(['-e', PROGRAM], off), OTHER_NAME);
});

test('code that is damaged, of other flags or of another bundle is not run', { skip }, () => {
  run(['-e', PROGRAM]);
  const [file] = kept();
  const whole = fs.readFileSync(path.join(code, file));
  changeSource();
  for (const damaged of [Buffer.alloc(0), Buffer.from('code'), whole.subarray(0, 4096), Buffer.alloc(whole.length)]) {
    fs.writeFileSync(path.join(code, file), damaged);
    assert.equal(run(['-e', PROGRAM]), OTHER_NAME);
    for (const name of kept()) if (name !== file) fs.unlinkSync(path.join(code, name));
  }
  fs.writeFileSync(path.join(code, file), whole);
  assert.equal(run(['--no-opt', '-e', PROGRAM]), OTHER_NAME);
  assert.equal(kept().length, 2);
  assert.equal(run(['-e', PROGRAM]), NAME);
  fs.writeFileSync(path.join(code, 'load.js'), fs.readFileSync(path.join(code, 'load.js'), 'utf8').replace(/"[0-9a-f]{16}"/, '"0123456789abcdef"'));
  assert.equal(run(['-e', PROGRAM]), OTHER_NAME);
});

test('if nothing can be written, nothing is stored, left behind or printed', { skip }, () => {
  const [file] = (run(['-e', PROGRAM]), kept());
  fs.unlinkSync(path.join(code, file));
  fs.mkdirSync(path.join(code, file));
  fs.writeFileSync(path.join(code, file, 'full'), '');
  assert.equal(run(['-e', PROGRAM]), NAME);
  assert.deepEqual(kept(), [file]);
});

test('the code of at most eight sets of flags is kept', { skip }, () => {
  const [file] = (run(['-e', PROGRAM]), kept());
  const [digest] = file.split('-');
  for (let n = kept().length; n < 8; n++) fs.writeFileSync(path.join(code, `${digest}-v0.0.${n}-x64`), '');
  assert.equal(run(['--no-opt', '-e', PROGRAM]), NAME);
  assert.equal(kept().length, 8);
});

test('processes that start together leave one complete file', { skip }, async () => {
  const one = () => new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', PROGRAM], { cwd: dir }, (error, stdout) => (error ? reject(error) : resolve(stdout.trim())));
  });
  assert.deepEqual(await Promise.all(Array.from({ length: 6 }, one)), Array(6).fill(NAME));
  assert.equal(kept().length, 1);
  changeSource();
  assert.equal(run(['-e', PROGRAM]), NAME);
});
