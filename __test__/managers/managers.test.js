'use strict';

// The package, installed from its tarballs by each package manager: every entry loads, with its addon.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { pack } = require('../package/pack');
const { tooOld } = require('../docs/run');

const skip = process.platform === 'win32' ? 'the managers are started without a shell' : tooOld;
const programs = path.join(__dirname, '../package/programs');
const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-managers-'));
let packed;

before(() => {
  if (skip) return;
  const stage = path.join(tmp, 'stage');
  fs.mkdirSync(stage);
  packed = pack(stage);
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

const ours = (file) => path.join(__dirname, 'node_modules', file);
const yarnBerry = { command: [ours('@yarnpkg/cli-dist/bin/yarn.js'), 'install'], manifest: (overrides) => ({ resolutions: overrides }), run: [ours('@yarnpkg/cli-dist/bin/yarn.js'), 'node'] };

// How each of them takes the platform's package from its tarball, as no registry has its version, and how it runs a
// program.
const MANAGERS = {
  'npm': { command: null, run: [] },
  'pnpm': {
    command: [ours('pnpm/bin/pnpm.cjs'), 'install', '--offline', '--ignore-workspace'], run: [],
    files: (overrides) => ({ 'pnpm-workspace.yaml': `overrides:\n${Object.entries(overrides).map(([name, file]) => `  ${name}: ${file}\n`).join('')}` }),
  },
  'yarn 1': { command: [ours('yarn/bin/yarn.js'), 'install', '--offline', '--non-interactive'], manifest: (overrides) => ({ resolutions: overrides }), run: [] },
  'yarn, with node_modules': { ...yarnBerry, files: () => ({ '.yarnrc.yml': 'nodeLinker: node-modules\n' }) },
  "yarn, with Plug'n'Play": { ...yarnBerry, files: () => ({ '.yarnrc.yml': 'nodeLinker: pnp\npnpEnableEsmLoader: true\n' }) },
};

// Everything that a manager caches goes to a directory of ours.
function environment(dir) {
  const home = path.join(dir, 'home');
  fs.mkdirSync(home, { recursive: true });
  const kept = Object.entries(process.env).filter(([name]) => !/^(NODE_|npm_|RUST_HTTP_|YARN_|XDG_|INIT_CWD)/i.test(name));
  return { ...Object.fromEntries(kept), HOME: home, CI: '1', YARN_ENABLE_TELEMETRY: '0', YARN_ENABLE_IMMUTABLE_INSTALLS: '0', YARN_ENABLE_GLOBAL_CACHE: '0', YARN_CACHE_FOLDER: path.join(home, 'yarn') };
}

// Runs a program in a directory; returns what it prints.
function call(cwd, env, program, ...args) {
  return callAs({}, cwd, env, program, ...args);
}

function callAs(user, cwd, env, program, ...args) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8', ...user });
  assert.equal(signal ?? status, 0, `${program} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout.trim();
}

for (const [name, { command, manifest, files, run }] of Object.entries(MANAGERS)) {
  test(`installed by ${name} it loads by require, import and register`, { skip }, () => {
    const dir = path.join(tmp, name.replace(/\W+/g, '-'));
    fs.mkdirSync(dir);
    for (const file of fs.readdirSync(programs)) fs.copyFileSync(path.join(programs, file), path.join(dir, file));
    const dependencies = { 'rust-http': `file:${packed.main.file}`, [packed.platform.name]: `file:${packed.platform.file}` };
    const overrides = { [packed.platform.name]: `file:${packed.platform.file}` };
    // Yarn requires the directory to be a project.
    const texts = { 'package.json': JSON.stringify({ name: 'project', version: '1.0.0', private: true, dependencies, ...manifest?.(overrides) }), 'yarn.lock': '', ...files?.(overrides) };
    for (const [file, text] of Object.entries(texts)) if (file !== 'yarn.lock' || name.startsWith('yarn')) fs.writeFileSync(path.join(dir, file), text);
    const env = environment(dir);
    if (command === null) call(dir, env, 'npm', 'install', '--no-audit', '--no-fund', '--offline');
    else call(dir, env, process.execPath, ...command);
    const node = (...args) => call(dir, env, process.execPath, ...run, ...args);
    assert.equal(node('program.js'), '200 GET /cjs false Server');
    assert.equal(node('program.mjs'), '200 GET /esm true Server');
    assert.equal(node('-r', 'rust-http/register', 'registered.js'), '200 GET /register true');
    assert.equal(node('--import', 'rust-http/register', 'registered.js'), '200 GET /register true');
    if (run.length === 0) assert.equal(call(dir, { ...env, NODE_OPTIONS: '-r rust-http/register' }, process.execPath, 'registered.js'), '200 GET /register true');
  });
}

// A package has its version in package.json and, if it has code, in the bundle.
function setVersion(dir, version) {
  const file = path.join(dir, 'package.json');
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.writeFileSync(file, JSON.stringify({ ...manifest, version }));
  const bundle = path.join(dir, 'dist/bundle/rust-http.js');
  if (!fs.existsSync(bundle)) return;
  const text = fs.readFileSync(bundle, 'utf8');
  const changed = text.replaceAll(JSON.stringify(manifest.version), JSON.stringify(version));
  assert.notEqual(changed, text);
  fs.writeFileSync(bundle, changed);
}

// What npm would install, without running it again: a directory with both packages, in the given version.
function installed(name, version) {
  const dir = path.join(tmp, name);
  for (const { file, manifest } of [packed.main, packed.platform]) {
    const to = path.join(dir, 'node_modules', manifest.name);
    fs.mkdirSync(to, { recursive: true });
    call(dir, process.env, 'tar', '-xzf', file, '-C', to, '--strip-components=1');
    if (version !== undefined) setVersion(to, version);
  }
  fs.copyFileSync(path.join(programs, 'program.js'), path.join(dir, 'program.js'));
  return dir;
}

const TWO = `
  const one = require('rust-http');
  const other = require('./other/node_modules/rust-http');
  const versions = ['rust-http', './other/node_modules/rust-http'].map((name) => require(name + '/package.json').version);
  console.log(new Set(versions).size, one !== other, one.Server !== other.Server);
  const ask = (server, module, agent, left, done) => module.get({ port: server.address().port, agent }, (res) => {
    res.setEncoding('utf8').on('data', (text) => console.log(text)).on('close', () => setImmediate(() => (left > 1 ? ask(server, module, agent, left - 1, done) : done())));
  });
  const both = (served, asking, done) => {
    const server = served.createServer((req, res) => res.end(req.method));
    const agent = new asking.Agent({ keepAlive: true });
    server.listen(0, () => ask(server, asking, agent, 3, () => {
      console.log(server.stats().requests, agent.stats().requests);
      agent.destroy();
      server.close(done);
    }));
  };
  both(one, other, () => both(other, one, () => both(other, other, () => {})));
`;

test('two versions in one process serve each other\'s requests', { skip }, () => {
  const dir = installed('two');
  installed('two/other', '99.0.0');
  fs.writeFileSync(path.join(dir, 'two.js'), TWO);
  assert.deepEqual(call(dir, process.env, process.execPath, 'two.js').split('\n'), ['2 true true', ...Array(3).fill(['GET', 'GET', 'GET', '3 3']).flat()]);
});

test('a package that cannot be written to serves, and gets no new files', { skip }, () => {
  const dir = installed('fixed');
  fs.chmodSync(tmp, 0o755);
  const bundle = path.join(dir, 'node_modules/rust-http/dist/bundle');
  const before = fs.readdirSync(bundle);
  call(dir, process.env, 'chmod', '-R', 'a-w', 'node_modules');
  try {
    // Root may write despite the permissions, so another user runs it.
    const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
    for (let n = 0; n < 2; n++) assert.equal(callAs(user, dir, { PATH: process.env.PATH }, process.execPath, 'program.js'), '200 GET /cjs false Server');
    assert.deepEqual(fs.readdirSync(bundle), before);
  } finally {
    call(dir, process.env, 'chmod', '-R', 'u+w', 'node_modules');
  }
});

// Runs a command with a read-only file system, as in containers.
const READ_ONLY = ['--user', '--mount', '--map-root-user', 'sh', '-c', 'mount -o remount,ro,bind / && ! touch "$PWD/written" 2>/dev/null && exec "$@"', 'sh'];
const noReadOnly = skip || (process.platform !== 'linux' && 'the mount is Linux') || (spawnSync('unshare', [...READ_ONLY, 'true'], { cwd: __dirname }).status !== 0 && 'no namespace of mounts here');

test('it serves on a read-only file system, by require and with register', { skip: noReadOnly }, () => {
  const dir = installed('read-only');
  fs.copyFileSync(path.join(programs, 'registered.js'), path.join(dir, 'registered.js'));
  const node = (...args) => call(dir, { PATH: process.env.PATH }, 'unshare', ...READ_ONLY, process.execPath, ...args);
  assert.equal(node('program.js'), '200 GET /cjs false Server');
  assert.equal(node('-r', 'rust-http/register', 'registered.js'), '200 GET /register true');
  assert.ok(!fs.existsSync(path.join(dir, 'written')));
});
