'use strict';

// What lib/native/addon.js does if no addon was built: each case is a copy of it in a separate directory.

const { test, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { root, TARGETS } = require('./pack');
const manifest = require('../../package.json');

const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-loader-'));
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

let cases = 0;

// Takes packages { name: { version, main } } and a pretended { platform, arch }; returns what a program that loads the
// addon prints.
function load(packages, pretend = {}) {
  const dir = path.join(tmp, String(cases++), 'node_modules', 'rust-http');
  fs.mkdirSync(path.join(dir, 'lib/native'), { recursive: true });
  for (const file of ['addon.js', 'snapshot.js']) fs.copyFileSync(path.join(root, 'lib/native', file), path.join(dir, 'lib/native', file));
  fs.cpSync(path.join(root, 'lib/globals'), path.join(dir, 'lib/globals'), { recursive: true });
  fs.copyFileSync(path.join(root, 'package.json'), path.join(dir, 'package.json'));
  for (const [name, { version, main }] of Object.entries(packages)) {
    const at = path.join(dir, '..', name);
    fs.mkdirSync(at);
    fs.writeFileSync(path.join(at, 'package.json'), JSON.stringify({ name, version, main: 'main.js' }));
    fs.writeFileSync(path.join(at, 'main.js'), main);
  }
  const script = `Object.defineProperties(process, ${JSON.stringify(Object.fromEntries(Object.entries(pretend).map(([key, value]) => [key, { value }])))});
    try { console.log('loaded ' + require(${JSON.stringify(path.join(dir, 'lib/native/addon.js'))}).name); } catch (error) { console.log(error.message + '\\ncause: ' + error.cause?.message); }`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', cwd: tmp });
  return stdout + stderr;
}

function addon(text, version = manifest.version) {
  return { version, main: `module.exports = { name: '${text}' };` };
}

function broken(text) {
  return { version: manifest.version, main: `throw new Error('${text}');` };
}

test('the platform package of the same version is loaded', () => {
  assert.equal(load({ 'rust-http-darwin-arm64': addon('mac') }, { platform: 'darwin', arch: 'arm64' }), 'loaded mac\n');
  assert.equal(load({ 'rust-http-win32-x64-msvc': addon('windows') }, { platform: 'win32', arch: 'x64' }), 'loaded windows\n');
});

test('the packages of all platforms are required by their names, so that bundlers and tracers find them', () => {
  const source = fs.readFileSync(path.join(root, 'lib/native/addon.js'), 'utf8');
  const names = [...source.matchAll(/require\('(rust-http-[\w-]+)(\/package\.json)?'\)/g)].map(([, name, manifestOnly = '']) => name + manifestOnly);
  assert.deepEqual(names, fs.readdirSync(path.join(root, 'npm')).sort().flatMap((name) => [`rust-http-${name}/package.json`, `rust-http-${name}`]));
});

test('on Linux the addon for musl is used if the one for glibc is missing or cannot be loaded', () => {
  const linux = { platform: 'linux', arch: 'arm64' };
  assert.equal(load({ 'rust-http-linux-arm64-musl': addon('musl') }, linux), 'loaded musl\n');
  assert.equal(load({ 'rust-http-linux-arm64-gnu': broken('libc.so.6: no such file'), 'rust-http-linux-arm64-musl': addon('musl') }, linux), 'loaded musl\n');
  assert.equal(load({ 'rust-http-linux-arm64-gnu': addon('glibc'), 'rust-http-linux-arm64-musl': addon('musl') }, linux), 'loaded glibc\n');
});

test('on a platform without a package the error lists those that have one, and how to build', () => {
  const said = load({}, { platform: 'sunos', arch: 'sparc' });
  assert.match(said, /rust-http has no addon for sunos sparc/);
  assert.match(said, /rust-http-sunos-sparc: not installed/);
  assert.match(said, /linux \(x64, arm64\), darwin \(x64, arm64\), win32 \(x64, arm64\)/);
  assert.match(said, /npm run build/);
});

test('the error for a missing platform package names both places searched and npm\'s possible reasons', () => {
  const said = load({}, { platform: 'linux', arch: 'x64' });
  assert.match(said, /rust-http\.linux-x64-gnu\.node: not there/);
  assert.match(said, /rust-http-linux-x64-gnu: not installed/);
  assert.match(said, /rust-http-linux-x64-musl: not installed/);
  assert.match(said, /--omit=optional/);
});

test('on Windows the addon that a build with GNU\'s linker leaves is looked for, but no package of it', () => {
  const said = load({}, { platform: 'win32', arch: 'x64' });
  assert.match(said, /rust-http-win32-x64-msvc: not installed/);
  assert.match(said, /rust-http\.win32-x64-gnu\.node: not there/);
  assert.doesNotMatch(said, /rust-http-win32-x64-gnu/);
});

test('an addon of another version is not loaded, and the error names both versions', () => {
  const said = load({ 'rust-http-darwin-x64': addon('old', '0.0.1') }, { platform: 'darwin', arch: 'x64' });
  assert.match(said, new RegExp(`rust-http-darwin-x64: version 0\\.0\\.1 is installed, and rust-http is ${manifest.version.replaceAll('.', '\\.')}`));
  assert.match(said, /Install both in one version/);
});

test('the error for an addon that cannot be loaded has the reason as text and as its cause', () => {
  const said = load({ 'rust-http-linux-x64-gnu': broken('GLIBC_2.17 not found') }, { platform: 'linux', arch: 'x64' });
  assert.match(said, /rust-http-linux-x64-gnu: GLIBC_2\.17 not found/);
  assert.match(said, /cannot load it/);
  assert.match(said, /cause: GLIBC_2\.17 not found/);
});

test('every target has its package, of the version of the whole, for the platform that the loader knows by this name', () => {
  assert.deepEqual([...manifest.napi.targets].sort(), Object.values(TARGETS).sort());
  assert.deepEqual(fs.readdirSync(path.join(root, 'npm')).sort(), Object.keys(TARGETS).sort());
  for (const name of Object.keys(TARGETS)) {
    const [platform, arch] = name.split('-');
    const json = require(path.join(root, 'npm', name, 'package.json'));
    assert.equal(json.name, `rust-http-${name}`);
    assert.equal(json.version, manifest.version);
    assert.deepEqual([json.os, json.cpu], [[platform], [arch]]);
    assert.match(load({ [json.name]: addon(name) }, { platform, arch }), new RegExp(`loaded ${name}`));
    assert.doesNotMatch(load({}, { platform, arch }), /There are packages for/);
  }
  const cargo = fs.readFileSync(path.join(root, 'Cargo.toml'), 'utf8');
  assert.equal(/^version = "(.*)"$/m.exec(cargo)[1], manifest.version);
});
