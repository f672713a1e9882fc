'use strict';

// The code that V8 compiled of the bundle, stored next to it by the first process.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFile } = require('node:child_process');
const { copies, skip } = require('./built');

// Set when the bundle runs, so that it is part of the stored code.
const NAME = 'setMaxIdleHTTPParsers';
const OTHER_NAME = 'setMaxIdleHTTPparsers';
const PROGRAM = `console.log(require('./dist').${NAME}.name)`;

const copy = copies();

const sources = ['load.js', 'rust-http.js', 'rust-http.js.map'];
// The second part has a file beside that of the first.
const OF_SECOND = '-second';
const files = () => fs.readdirSync(copy.bundle).filter((name) => !sources.includes(name));
const kept = () => files().filter((name) => !name.endsWith(OF_SECOND));

// V8 compares only the length of the source: what runs shows whether it was compiled again.
function changeSource() {
  const file = path.join(copy.bundle, 'rust-http.js');
  const text = fs.readFileSync(file, 'utf8');
  assert.equal(text.split(`"${NAME}"`).length, 2);
  fs.writeFileSync(file, text.replace(`"${NAME}"`, `"${OTHER_NAME}"`));
}

test('the first process stores the code of the bundle, and later ones run it', { skip }, () => {
  assert.equal(copy.run(['-e', PROGRAM]), NAME);
  const [file, ...more] = kept();
  assert.match(file, new RegExp(`^[0-9a-f]{16}-${process.version}-${process.arch}$`));
  assert.deepEqual(more, []);
  assert.deepEqual(files(), [file, `${file}${OF_SECOND}`]);
  const before = fs.statSync(path.join(copy.bundle, file));
  changeSource();
  assert.equal(copy.run(['-e', PROGRAM]), NAME);
  const { ino, mtimeMs } = fs.statSync(path.join(copy.bundle, file));
  assert.deepEqual({ ino, mtimeMs }, { ino: before.ino, mtimeMs: before.mtimeMs });
});

test('preloads, workers and https also run it', { skip }, () => {
  copy.run(['-e', PROGRAM]);
  changeSource();
  assert.equal(copy.run(['-r', './dist/register.js', '-p', `require('http').${NAME}.name`]), NAME);
  assert.equal(copy.run(['-e', `new (require('worker_threads').Worker)(${JSON.stringify(PROGRAM)}, { eval: true })`]), NAME);
  assert.equal(copy.run(['-p', `require('./dist/https').request.name + require('./dist').${NAME}.name`]), `request${NAME}`);
  assert.equal(kept().length, 1);
});

test('with NODE_DISABLE_COMPILE_CACHE nothing is stored, and nothing stored is used', { skip }, () => {
  const off = { NODE_DISABLE_COMPILE_CACHE: '1' };
  assert.equal(copy.run(['-e', PROGRAM], off), NAME);
  assert.deepEqual(kept(), []);
  copy.run(['-e', PROGRAM]);
  changeSource();
  assert.equal(copy.run(['-e', PROGRAM], off), OTHER_NAME);
});

test('code that is damaged, of other flags or of another bundle is not run', { skip }, () => {
  copy.run(['-e', PROGRAM]);
  const [file] = kept();
  const whole = fs.readFileSync(path.join(copy.bundle, file));
  changeSource();
  for (const damaged of [Buffer.alloc(0), Buffer.from('code'), whole.subarray(0, 4096), Buffer.alloc(whole.length)]) {
    fs.writeFileSync(path.join(copy.bundle, file), damaged);
    assert.equal(copy.run(['-e', PROGRAM]), OTHER_NAME);
    for (const name of kept()) if (name !== file) fs.unlinkSync(path.join(copy.bundle, name));
  }
  fs.writeFileSync(path.join(copy.bundle, file), whole);
  assert.equal(copy.run(['--no-opt', '-e', PROGRAM]), OTHER_NAME);
  assert.equal(kept().length, 2);
  assert.equal(copy.run(['-e', PROGRAM]), NAME);
  fs.writeFileSync(path.join(copy.bundle, 'load.js'), fs.readFileSync(path.join(copy.bundle, 'load.js'), 'utf8').replace(/"[0-9a-f]{16}"/, '"0123456789abcdef"'));
  assert.equal(copy.run(['-e', PROGRAM]), OTHER_NAME);
});

test('if nothing can be written, nothing is stored, left behind or printed', { skip }, () => {
  const [file] = (copy.run(['-e', PROGRAM]), kept());
  fs.unlinkSync(path.join(copy.bundle, file));
  fs.mkdirSync(path.join(copy.bundle, file));
  fs.writeFileSync(path.join(copy.bundle, file, 'full'), '');
  assert.equal(copy.run(['-e', PROGRAM]), NAME);
  assert.deepEqual(kept(), [file]);
});

test('the code of at most eight sets of flags is kept', { skip }, () => {
  const [file] = (copy.run(['-e', PROGRAM]), kept());
  const [digest] = file.split('-');
  for (let n = kept().length; n < 8; n++) fs.writeFileSync(path.join(copy.bundle, `${digest}-v0.0.${n}-x64`), '');
  assert.equal(copy.run(['--no-opt', '-e', PROGRAM]), NAME);
  assert.equal(kept().length, 8);
});

test('processes that start together leave one complete file', { skip }, async () => {
  const one = () => new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', PROGRAM], { cwd: copy.dir }, (error, stdout) => (error ? reject(error) : resolve(stdout.trim())));
  });
  assert.deepEqual(await Promise.all(Array.from({ length: 6 }, one)), Array(6).fill(NAME));
  assert.equal(kept().length, 1);
  changeSource();
  assert.equal(copy.run(['-e', PROGRAM]), NAME);
});
