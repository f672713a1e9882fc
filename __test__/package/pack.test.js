'use strict';

// The package as published, in an empty project, with only node and npm on PATH.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { pack, root } = require('./pack');
const { tooOld } = require('../docs/run');

const programs = path.join(__dirname, 'programs');
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
// Processes per arm for the time of a cold require; each takes about 40 ms.
const COLD_STARTS = 15;

const skip = process.platform === 'win32' ? 'PATH is made of symbolic links' : tooOld;
const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-pack-'));
const project = path.join(tmp, 'project');
const bin = path.join(tmp, 'bin');
let packed;

function which(name) {
  return process.env.PATH.split(path.delimiter).map((dir) => path.join(dir, name)).find((file) => fs.existsSync(file));
}

// Runs a command of the project; fails with its output when it fails.
function run(command, args) {
  const { status, signal, stdout, stderr } = spawnSync(path.join(bin, command), args, { cwd: project, env: environment(), encoding: 'utf8', timeout: 120000 });
  assert.equal(status, 0, `${command} ${args.join(' ')} ended with ${signal ?? status}: ${stdout}${stderr}`);
  return stdout.trim();
}

function environment() {
  const kept = Object.entries(process.env).filter(([name]) => /^(HOME|npm_config_.*|.*_proxy|NODE_EXTRA_CA_CERTS|SSL_.*)$/i.test(name) && name !== 'npm_config_prefix');
  return { ...Object.fromEntries(kept), PATH: bin };
}

before(() => {
  if (skip) return;
  fs.mkdirSync(path.join(tmp, 'stage'));
  packed = pack(path.join(tmp, 'stage'));
  fs.mkdirSync(bin);
  fs.symlinkSync(process.execPath, path.join(bin, 'node'));
  fs.symlinkSync(fs.realpathSync(which('npm')), path.join(bin, 'npm'));
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "empty", "version": "1.0.0", "private": true }\n');
  for (const file of fs.readdirSync(programs)) fs.copyFileSync(path.join(programs, file), path.join(project, file));
});

after(() => fs.rmSync(tmp, { recursive: true, force: true }));

test('the tarball of the package holds the library, its types, the licence and the readme, and nothing else', { skip }, (t) => {
  const files = packed.main.files.map((file) => file.path).sort();
  const types = ['https.d.mts', 'https.d.ts', 'index.d.mts', 'index.d.ts', 'register.d.ts'];
  const lib = ['bundle/load.js', 'bundle/rust-http.js', 'bundle/rust-http.js.map', 'compare/cli.js', 'compare/load.js', 'compare/preload.js', 'https.js', 'https.mjs', 'index.js', 'index.mjs', 'register.js'].map((file) => `dist/${file}`);
  assert.deepEqual(files, ['LICENSE', 'README.md', 'package.json', ...types, ...lib].sort());
  t.diagnostic(`${packed.main.filename}: ${files.length} files, ${packed.main.size} bytes, ${packed.main.unpackedSize} unpacked`);
});

test('the tarball of the platform contains only the addon', { skip }, (t) => {
  const { name, files, filename, size, unpackedSize } = packed.platform;
  const addon = name.replace(/^rust-http-/, 'rust-http.');
  assert.deepEqual(files.map((file) => file.path).sort(), ['README.md', 'package.json', `${addon}.node`]);
  t.diagnostic(`${filename}: ${size} bytes, ${unpackedSize} unpacked`);
});

test('the package asks for the platform package in exactly its own version, and for nothing else', { skip }, () => {
  const { manifest } = packed.main;
  assert.deepEqual(manifest.optionalDependencies, { [packed.platform.name]: manifest.version });
  assert.equal(packed.platform.version, manifest.version);
  assert.equal(manifest.dependencies, undefined);
});

test('npm installs both into an empty project, without a script and without Rust', { skip }, () => {
  const start = performance.now();
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', packed.main.file, packed.platform.file]);
  const seconds = (performance.now() - start) / 1000;
  const tree = JSON.parse(run('npm', ['ls', '--all', '--json']));
  const names = Object.keys(tree.dependencies).sort();
  assert.deepEqual(names, ['rust-http', packed.platform.name]);
  assert.ok(seconds < 60, `${seconds} s`);
  assert.equal(spawnSync('cargo', ['--version'], { env: environment() }).error?.code, 'ENOENT');
  assert.equal(packed.main.manifest.scripts.install ?? packed.main.manifest.scripts.postinstall, undefined);
});

test('the library is one file, with a map to its sources, and the functions that a program gets have their names', { skip }, () => {
  const bundle = path.join(project, 'node_modules/rust-http/dist/bundle/rust-http.js');
  assert.match(fs.readFileSync(bundle, 'utf8'), /\n\/\/# sourceMappingURL=rust-http\.js\.map\n$/);
  const { sources, sourcesContent } = JSON.parse(fs.readFileSync(`${bundle}.map`, 'utf8'));
  for (const [n, source] of sources.entries()) {
    const file = path.resolve(path.dirname(bundle), source).slice(path.resolve(bundle, '../../..').length + 1);
    if (file !== 'lib/entries.js') assert.equal(sourcesContent[n], fs.readFileSync(path.join(root, file), 'utf8'), file);
  }
  const inBundle = fs.readdirSync(path.join(root, 'lib'), { recursive: true }).filter((file) => file.endsWith('.js'));
  assert.deepEqual(inBundle.filter((file) => !sources.some((source) => source.endsWith(`/lib/${file}`))), []);
  assert.equal(run('node', ['names.js', 'rust-http', 'rust-http/https']), run('node', ['names.js', path.join(root, 'lib/index.js'), path.join(root, 'lib/https.js')]));
});

test('with source maps enabled, the exception of a program names the sources', { skip }, () => {
  const stack = run('node', ['--enable-source-maps', '-p', 'try { require("rust-http").request("a b:c"); } catch (error) { error.stack; }']);
  assert.match(stack, /at .*lib\/client\/request\.js:\d+:\d+/);
});

test('a CommonJS program runs', { skip }, () => {
  assert.equal(run('node', ['program.js']), '200 GET /cjs false Server');
});

test('an ES module runs', { skip }, () => {
  assert.equal(run('node', ['program.mjs']), '200 GET /esm true Server');
});

test('a TypeScript program compiles under strict and runs', { skip }, () => {
  const types = path.join(project, 'node_modules/@types/node');
  fs.cpSync(path.join(root, 'node_modules/@types/node'), types, { recursive: true });
  fs.cpSync(path.join(root, 'node_modules/undici-types'), path.join(project, 'node_modules/undici-types'), { recursive: true });
  run('node', [tsc, '--strict', '--target', 'es2022', '--module', 'node16', '--types', 'node', '--outDir', 'compiled', 'program.ts']);
  assert.equal(run('node', ['compiled/program.js']), '200 GET /ts');
});

test('-r rust-http/register makes the http of a program ours', { skip }, () => {
  assert.equal(run('node', ['-r', 'rust-http/register', 'registered.js']), '200 GET /register true');
  assert.equal(run('node', ['registered.js']), '200 GET /register false');
});

test('rust-http-compare runs a program with and without the package', { skip }, () => {
  fs.writeFileSync(path.join(project, 'served.js'), "require('http').createServer((req, res) => res.end('x')).listen(3000);\n");
  const told = run('node', ['node_modules/.bin/rust-http-compare', '--rounds', '1', '--seconds', '0.3', '--no-wrk', '--', process.execPath, 'served.js']);
  assert.match(told, /^Served by node [\d.]+ and by rust-http, native; 50 connections of node's own client, 1 rounds of 0\.3 s\.$/m);
  assert.match(told, /^requests per second +\d+ +\d+ /m);
});

test('npm audit finds nothing', { skip }, (t) => {
  const { status, stdout, stderr } = spawnSync(path.join(bin, 'npm'), ['audit', '--json'], { cwd: project, env: environment(), encoding: 'utf8', timeout: 60000 });
  if (/audit endpoint returned an error|ENOAUDIT|ENOTFOUND|ECONNREFUSED/.test(stdout + stderr)) return t.skip('the registry answers no audit');
  assert.equal(status, 0, stdout);
  assert.equal(JSON.parse(stdout).metadata.vulnerabilities.total, 0);
});

test('the time of a cold require is reported with that of the built-in', { skip }, (t) => {
  const times = { 'node:http': [], 'rust-http': [], 'rust-http/register': [] };
  for (let i = 0; i < COLD_STARTS; i++) {
    for (const [name, list] of Object.entries(times)) {
      list.push(Number(run('node', ['-e', `const start = performance.now(); require('${name}'); console.log(performance.now() - start)`])));
    }
  }
  for (const [name, list] of Object.entries(times)) {
    const sorted = list.sort((a, b) => a - b);
    assert.ok(sorted[0] > 0);
    t.diagnostic(`require('${name}'): ${sorted[sorted.length >> 1].toFixed(1)} ms, median of ${COLD_STARTS} processes (${sorted[0].toFixed(1)}..${sorted.at(-1).toFixed(1)})`);
  }
});

test('an addon of another version is refused with the two versions and what to do', { skip }, () => {
  const manifest = path.join(project, 'node_modules', packed.platform.name, 'package.json');
  const text = fs.readFileSync(manifest, 'utf8');
  fs.writeFileSync(manifest, JSON.stringify({ ...JSON.parse(text), version: '99.0.0' }));
  try {
    const { status, stderr } = spawnSync(process.execPath, ['program.js'], { cwd: project, env: environment(), encoding: 'utf8' });
    assert.notEqual(status, 0);
    assert.match(stderr, new RegExp(`${packed.platform.name}: version 99\\.0\\.0 is installed, and rust-http is ${packed.main.version}`));
    assert.match(stderr, new RegExp(`npm install rust-http@${packed.main.version}`));
  } finally {
    fs.writeFileSync(manifest, text);
  }
});
