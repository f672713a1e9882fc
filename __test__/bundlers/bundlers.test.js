'use strict';

// Programs that common bundlers build into single files, run where neither the project nor the package is.

const { test, before, beforeEach, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { promisify } = require('node:util');
const esbuild = require('esbuild');
const { Project } = require('../package/project');
const { tooOld } = require('../docs/run');

const skip = process.platform === 'win32' ? 'npm is started without a shell' : tooOld;
/** What the programs print. */
const COMMONJS = '200 GET /cjs false Server';
const MODULE = '200 GET /esm true Server';
/** A program in which all dependencies get our http. */
const REGISTERED = "require('rust-http/register');\nrequire('./registered.js');\n";

let project;
before(() => {
  if (skip) return;
  project = new Project('bundlers');
  fs.writeFileSync(project.file('registering.js'), REGISTERED);
});
beforeEach(() => {
  if (!skip) fs.rmSync(project.file('out'), { recursive: true, force: true });
});
after(async () => {
  project?.remove();
  // esbuild runs in its own process.
  await esbuild.stop();
});

function addonsOf(dir) {
  return fs.readdirSync(project.file(dir), { recursive: true }).filter((file) => file.endsWith('.node'));
}

async function withEsbuild(file, options) {
  fs.mkdirSync(project.file('out'));
  const { errors } = await esbuild.build({
    absWorkingDir: project.dir, entryPoints: [file], outfile: project.file('out/main.js'), bundle: true, platform: 'node', loader: { '.node': 'copy' }, logLevel: 'silent', ...options,
  });
  assert.deepEqual(errors, []);
  assert.equal(addonsOf('out').length, 1);
}

test('esbuild, with addons copied, builds a CommonJS program', { skip }, async () => {
  await withEsbuild('program.js');
  assert.equal(project.run('out', ['node', 'main.js']), COMMONJS);
});

test('esbuild builds it without the names of its functions, and minified', { skip }, async () => {
  await withEsbuild('program.js', { minify: true });
  assert.match(project.run('out', ['node', 'main.js']), /^200 GET \/cjs false /);
});

test('esbuild builds an ES module that has a require() for what is CommonJS', { skip }, async () => {
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  await withEsbuild('program.mjs', { format: 'esm', keepNames: true, outfile: project.file('out/main.mjs'), banner });
  assert.equal(project.run('out', ['node', 'main.mjs']), MODULE);
});

test('esbuild builds a program that registers', { skip }, async () => {
  await withEsbuild('registering.js');
  assert.equal(project.run('out', ['node', 'main.js']), '200 GET /register true');
});

for (const [file, expected] of [['program.js', COMMONJS], ['program.mjs', MODULE], ['registering.js', '200 GET /register true']]) {
  test(`webpack, with node-loader, builds ${file}`, { skip }, async () => {
    const { webpack } = require('webpack');
    const stats = await promisify(webpack)({
      context: project.dir, entry: project.file(file), mode: 'production', target: 'node', output: { path: project.file('out'), filename: 'main.js' }, node: { __dirname: false },
      module: { rules: [{ test: /\.node$/, loader: require.resolve('node-loader') }] }, optimization: { minimize: false },
    });
    const { errors, warnings } = stats.toJson();
    assert.deepEqual(errors.map(({ message }) => message), []);
    // The packages of other platforms are not installed.
    for (const { message } of warnings) assert.match(message, /Can't resolve 'rust-http-/);
    assert.equal(project.run('out', ['node', 'main.js']), expected);
  });
}

for (const [file, expected, main = 'index.js'] of [['program.js', COMMONJS], ['program.mjs', MODULE, 'index.mjs'], ['registering.js', '200 GET /register true']]) {
  test(`ncc builds ${file}`, { skip }, () => {
    execFileSync(process.execPath, [require.resolve('@vercel/ncc/dist/ncc/cli.js'), 'build', file, '-o', 'out'], { cwd: project.dir, stdio: 'pipe' });
    assert.equal(addonsOf('out').length, 1);
    assert.equal(project.run('out', ['node', main]), expected);
  });
}

for (const [file, expected] of [['program.js', COMMONJS], ['program.mjs', MODULE]]) {
  test(`the tracer of Next and Vercel finds all files of ${file}`, { skip }, async () => {
    const { nodeFileTrace } = require('@vercel/nft');
    const { fileList } = await nodeFileTrace([project.file(file)], { base: project.dir });
    for (const name of fileList) fs.cpSync(project.file(name), project.file(path.join('out', name)), { recursive: true });
    assert.equal(addonsOf('out').length, 1);
    assert.equal(project.run('out', ['node', file]), expected);
  });
}

// In a single executable, require() finds only built-in modules: the addon is next to it.
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const noExecutable = skip || (!fs.readFileSync(process.execPath).includes(FUSE) && 'this Node makes no executables');

for (const [file, expected] of [['program.js', COMMONJS], ['registering.js', '200 GET /register true']]) {
  test(`a single executable of ${file} runs with the addon next to it`, { skip: noExecutable }, async () => {
    const { inject } = require('postject');
    const banner = { js: "require = require('node:module').createRequire(process.execPath);" };
    await withEsbuild(file, { banner });
    fs.writeFileSync(project.file('sea.json'), JSON.stringify({ main: 'out/main.js', output: 'sea.blob', disableExperimentalSEAWarning: true }));
    execFileSync(process.execPath, ['--experimental-sea-config', 'sea.json'], { cwd: project.dir, stdio: 'pipe' });
    const executable = project.file('out/program');
    fs.copyFileSync(process.execPath, executable);
    const macho = process.platform === 'darwin' ? { machoSegmentName: 'NODE_SEA' } : {};
    await inject(executable, 'NODE_SEA_BLOB', fs.readFileSync(project.file('sea.blob')), { sentinelFuse: FUSE, ...macho });
    fs.rmSync(project.file('out/main.js'));
    assert.equal(project.run('out', ['./program']), expected);
  });
}
