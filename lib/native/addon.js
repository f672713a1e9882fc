'use strict';
/* global __open, __version */
// Loads the addon for this platform: a build's, from this package's directory, or else that of the installed platform package.

const { Error, JSONParse, ObjectAssign, ObjectCreate, ObjectEntries, process } = require('../globals/primordials');
const path = require('node:path');
const { existsSync, readFileSync } = require('node:fs');
const { advice: aboutSnapshots, isBuildingSnapshot } = require('./snapshot');

// The platforms with packages; __test__/package compares this with npm/.
const SUPPORTED = {
  linux: ['x64', 'arm64'],
  darwin: ['x64', 'arm64'],
  win32: ['x64', 'arm64'],
};

// The C libraries that an addon may be built for. The process's own is found by loading: asking process.report takes longer than
// loading all of our files. For Windows with GNU's there is no package: only a build has it.
const ABIS = { linux: ['-gnu', '-musl'], win32: ['-msvc', '-gnu'] };

// An ES module that a bundler made of this file has no __dirname, and no addon beside it.
const DIR = typeof __dirname === 'string' ? __dirname : '';

const { platform, arch } = process;
const supported = SUPPORTED[platform]?.includes(arch) === true;

/**
 * Returns the addon's exports, or throws an Error that names each place that was tried, what was wrong there, and what to do; its
 * `cause` is the most telling error.
 */
function load() {
  if (isBuildingSnapshot) throw ObjectAssign(new Error(`rust-http cannot be loaded: ${aboutSnapshots}`), { code: 'ERR_NOT_SUPPORTED_IN_SNAPSHOT' });
  const looked = [];
  let cause;
  let advice;
  for (const abi of ABIS[platform] ?? ['']) {
    const name = `${platform}-${arch}${abi}`;
    const built = `${DIR}/../../rust-http.${name}.node`;
    const isBuilt = DIR !== '' && existsSync(built);
    if (!isBuilt) looked.push({ place: built, fault: 'not there' });
    if (!isBuilt && platform === 'win32' && abi === '-gnu') continue;
    const { addon, error } = isBuilt ? fromFile(path.normalize(built)) : fromNeighbour(name) ?? fromPackage(name);
    if (addon !== undefined) return addon;
    const missing = error.code === 'MODULE_NOT_FOUND';
    looked.push({ place: isBuilt ? built : `rust-http-${name}`, fault: missing ? 'not installed' : error.message });
    // An addon that cannot be loaded says more than a package that is missing.
    if (cause === undefined || !missing) cause = error;
    advice = error.advice ?? advice;
  }
  const message = [`rust-http has no addon for ${platform} ${arch}. It looked for`, ...looked.map(({ place, fault }) => `  ${path.normalize(place)}: ${fault}`), advice ?? whatToDo(cause)];
  throw new Error(message.join('\n'), { cause });
}

// Bundlers warn of require() with a computed name. The loader of the bundle passes a function for it: `node:module` would load what
// Node has for source maps.
function fromFile(file) {
  try {
    return { addon: typeof __open === 'function' ? __open(file) : require('node:module').createRequire(__filename)(file) };
  } catch (error) {
    return { error };
  }
}

// Package managers install the addon's package next to this one. Node's search for it takes as long as opening the addon; looking in
// this one place takes less. If the package is missing or of another version, fromPackage() finds it elsewhere, or says why not.
function fromNeighbour(name) {
  const dir = `${path.dirname(path.dirname(path.dirname(DIR)))}${path.sep}rust-http-${name}`;
  try {
    const { main, version } = JSONParse(readFileSync(`${dir}${path.sep}package.json`, 'utf8'));
    if (version !== ownVersion() || !main.endsWith('.node')) return undefined;
    const found = fromFile(`${dir}${path.sep}${main}`);
    return found.error === undefined ? found : undefined;
  } catch {
    return undefined;
  }
}

// Tools that bundle a program, or trace its dependencies, look for literal names, and treat a require() within `try` as optional.
function fromPackage(name) {
  try {
    switch (name) {
      case 'darwin-arm64': return { addon: isOwn(require('rust-http-darwin-arm64/package.json')) && require('rust-http-darwin-arm64') };
      case 'darwin-x64': return { addon: isOwn(require('rust-http-darwin-x64/package.json')) && require('rust-http-darwin-x64') };
      case 'linux-arm64-gnu': return { addon: isOwn(require('rust-http-linux-arm64-gnu/package.json')) && require('rust-http-linux-arm64-gnu') };
      case 'linux-arm64-musl': return { addon: isOwn(require('rust-http-linux-arm64-musl/package.json')) && require('rust-http-linux-arm64-musl') };
      case 'linux-x64-gnu': return { addon: isOwn(require('rust-http-linux-x64-gnu/package.json')) && require('rust-http-linux-x64-gnu') };
      case 'linux-x64-musl': return { addon: isOwn(require('rust-http-linux-x64-musl/package.json')) && require('rust-http-linux-x64-musl') };
      case 'win32-arm64-msvc': return { addon: isOwn(require('rust-http-win32-arm64-msvc/package.json')) && require('rust-http-win32-arm64-msvc') };
      case 'win32-x64-msvc': return { addon: isOwn(require('rust-http-win32-x64-msvc/package.json')) && require('rust-http-win32-x64-msvc') };
      default: return { error: ObjectAssign(new Error('there is no such package'), { code: 'MODULE_NOT_FOUND' }) };
    }
  } catch (error) {
    return { error };
  }
}

// The two are published together; their interface may change between versions.
function isOwn({ version }) {
  const own = ownVersion();
  if (version === own) return true;
  throw ObjectAssign(new Error(`version ${version} is installed, and rust-http is ${own}`), {
    advice: `Install both in one version: npm install rust-http@${own}. Where that changes nothing, remove node_modules and the lock file first.`,
  });
}

// The bundle contains it. In a program that a bundler made of the sources, the file is missing, or another package's. Reading it takes a
// fifth of the time of requiring it.
function ownVersion() {
  if (typeof __version === 'string') return __version;
  try {
    const { name, version } = JSONParse(readFileSync(`${DIR}/../../package.json`, 'utf8'));
    if (name === 'rust-http') return version;
  } catch {
    // require() below has it then.
  }
  return require('../../package.json').version;
}

function whatToDo(cause) {
  if (!supported) {
    const list = ObjectEntries(SUPPORTED).map(([name, archs]) => `${name} (${archs.join(', ')})`);
    return `There are packages for ${list.join(', ')}. Elsewhere build it from the sources, with Rust: npm ci && npm run build`;
  }
  if (cause.code === 'ERR_DLOPEN_DISABLED') return 'This process loads no addons: with --permission add --allow-addons, and leave --no-addons out.';
  if (cause.code !== 'MODULE_NOT_FOUND') return 'The file is there, but this system cannot load it: see the reason above.';
  return 'npm leaves the platform package out with --omit=optional, and where node_modules or a lock file came from another platform: ' +
    'remove both and run npm install. From the sources: npm run build';
}

// The addon's own object keeps its functions in a hash; an object that inherits them finds each at a known place: 5 ns less per call.
module.exports = ObjectCreate(load());
