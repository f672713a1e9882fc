'use strict';

// Gets what the platforms need: packages of Debian, PyPI and npm. All but Debian's go into .cache/platforms.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.resolve(__dirname, '../..');
const cache = path.join(root, '.cache', 'platforms');
// zig links for other systems; cargo-zigbuild calls it as a linker, as the release workflow does.
const ZIG = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1'];

/**
 * Runs a command and shows its output; throws if it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options] of spawnSync
 */
function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} has failed${error ? `: ${error.message}` : ''}`);
}

/** @param {string} command @param {string[]} args @returns {string} what it prints */
function ask(command, args) {
  const { stdout, status, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} has failed: ${error?.message ?? stderr}`);
  return stdout.trim();
}

/** Installs the packages of Debian whose files are missing. @param {Record<string, string>} files to packages */
function debian(files) {
  const missing = Object.entries(files).filter(([file]) => !fs.existsSync(file)).map(([, name]) => name);
  if (missing.length === 0) return;
  if (spawnSync('apt-get', ['--version']).status !== 0 || process.getuid() !== 0) {
    throw new Error(`Debian's packages ${missing.join(' ')} are needed: apt-get install ${missing.join(' ')}, as root`);
  }
  run('apt-get', ['-qq', 'update']);
  run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...missing], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

/**
 * Unpacks a package of any release of Debian, without installing it.
 * @param {string} suite
 * @param {string} name
 * @returns {string} the directory with its files
 */
function fromDebian(suite, name) {
  const dir = path.join(cache, `${name}-${suite}`);
  if (!fs.existsSync(dir)) run('bash', [path.join(__dirname, 'debian-package'), suite, name, dir]);
  return dir;
}

// Python's programs, in a virtual environment.
function python() {
  const dir = path.join(cache, 'python');
  if (!fs.existsSync(path.join(dir, 'bin', 'pip'))) run('python3', ['-m', 'venv', dir]);
  return path.join(dir, 'bin');
}

/** Installs programs from PyPI. @param {string[]} packages with their versions @returns {string} the directory of the programs */
function programs(packages) {
  const bin = python();
  run(path.join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages]);
  return bin;
}

/**
 * Unpacks a wheel of PyPI, possibly for another platform.
 * @param {string} wheel with its version
 * @param {string} platform as wheels name it
 * @returns {string} its directory
 */
function fromPyPI(wheel, platform) {
  const dir = path.join(cache, `${wheel.replace('==', '-')}-${platform}`);
  if (fs.existsSync(dir)) return dir;
  const staging = `${dir}.part`;
  fs.rmSync(staging, { recursive: true, force: true });
  run(path.join(python(), 'pip'), ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--platform', platform, '--dest', staging, wheel]);
  run('python3', ['-m', 'zipfile', '-e', fs.readdirSync(staging)[0], '.'], { cwd: staging });
  fs.renameSync(staging, dir);
  return dir;
}

/**
 * Unpacks a package of npm, possibly for another platform.
 * @param {string} name
 * @param {string} version
 * @returns {string} its directory
 */
function fromNpm(name, version) {
  const dir = path.join(cache, `${name}-${version}`);
  if (fs.existsSync(dir)) return dir;
  const staging = `${dir}.part`;
  fs.rmSync(staging, { recursive: true, force: true });
  fs.mkdirSync(staging, { recursive: true });
  run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: staging });
  run('tar', ['-xzf', fs.readdirSync(staging)[0], '--strip-components=1'], { cwd: staging });
  fs.renameSync(staging, dir);
  return dir;
}

/**
 * The esbuild in node_modules is for this system; a Node of another platform is told of one by ESBUILD_BINARY_PATH.
 * @param {string} platform
 * @param {string} file
 * @returns {string} the program
 */
function esbuild(platform, file) {
  return path.join(fromNpm(`@esbuild/${platform}`, require('esbuild/package.json').version), file);
}

/** Installs the standard library of a target with rustup. @param {string} name */
function target(name) {
  if (!ask('rustup', ['target', 'list', '--installed']).split('\n').includes(name)) run('rustup', ['target', 'add', name]);
}

/**
 * Builds the addon for another target.
 * @param {string} triple the target, as rustup names it
 * @param {{glibc?: string, zig?: boolean, env?: NodeJS.ProcessEnv}} [how] the oldest glibc to run with; whether zig
 *   links it
 */
function build(triple, { glibc, zig = false, env = {} } = {}) {
  target(triple);
  const PATH = zig ? `${programs(ZIG)}${path.delimiter}${process.env.PATH}` : process.env.PATH;
  run('npm', ['run', '--silent', 'build', '--', '--target', glibc ? `${triple}.${glibc}` : triple, ...(zig ? ['-x'] : [])], { env: { ...process.env, PATH, ...env } });
}

/**
 * Builds the native helper of the tests (__test__/support/native) for another target, with zig.
 * @param {string} triple
 * @returns {string} the library
 */
function buildSupport(triple) {
  target(triple);
  const dir = path.join(root, 'target', 'test-support');
  run('cargo', ['zigbuild', '--quiet', '--manifest-path', '__test__/support/native/Cargo.toml', '--target', triple, '--target-dir', dir], {
    env: { ...process.env, PATH: `${programs(ZIG)}${path.delimiter}${process.env.PATH}`, RUSTFLAGS: '-C target-feature=-crt-static' },
  });
  return path.join(dir, triple, 'debug', 'libtest_support.so');
}

module.exports = { ZIG, ask, build, buildSupport, cache, debian, esbuild, fromDebian, fromNpm, fromPyPI, programs, root, run, target };
