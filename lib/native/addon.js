'use strict';
// Loads the addon of this platform: the one that a build put beside this package, else the installed platform package.

const { Error, JSONParse, ObjectAssign, ObjectCreate, ObjectEntries, process } = require('../globals/primordials');
const path = require('node:path');
const { existsSync, readFileSync } = require('node:fs');
const { advice: aboutSnapshots, isBuildingSnapshot } = require('./snapshot');

// What there are packages for; __test__/package holds it against npm/.
const SUPPORTED = {
  linux: ['x64', 'arm64'],
  darwin: ['x64', 'arm64'],
  win32: ['x64', 'arm64'],
};

// The C libraries that an addon may be built for. Which one this process has is found by loading: asking
// process.report for it takes longer than all of our files. For GNU's of Windows there is no package: only a build leaves it.
const ABIS = { linux: ['-gnu', '-musl'], win32: ['-msvc', '-gnu'] };

// An ES module that a bundler has made of this has no such name, nor an addon beside it.
const DIR = typeof __dirname === 'string' ? __dirname : '';

const { platform, arch } = process;
const supported = SUPPORTED[platform]?.includes(arch) === true;

/**
 * Returns the addon's exports.
 * Throws an Error that names each place looked at, what was wrong there, and what to do; `cause` is the error that says most.
 */
function load() {
  if (isBuildingSnapshot) throw ObjectAssign(new Error(`rust-http cannot be loaded: ${aboutSnapshots}`), { code: 'ERR_NOT_SUPPORTED_IN_SNAPSHOT' });
  const looked = [];
  let cause;
  let advice;
  for (const abi of ABIS[platform] ?? ['']) {
    const built = path.join(DIR, '../..', `rust-http.${platform}-${arch}${abi}.node`);
    const name = `${platform}-${arch}${abi}`;
    const isBuilt = DIR !== '' && existsSync(built);
    if (!isBuilt) looked.push(`${built}: not there`);
    if (!isBuilt && platform === 'win32' && abi === '-gnu') continue;
    const { addon, error } = isBuilt ? fromBuild(built) : fromPackage(name);
    if (addon !== undefined) return addon;
    const missing = error.code === 'MODULE_NOT_FOUND';
    looked.push(`${isBuilt ? built : `rust-http-${name}`}: ${missing ? 'not installed' : error.message}`);
    // A package that is not there says less than an addon that cannot be loaded.
    if (cause === undefined || !missing) cause = error;
    advice = error.advice ?? advice;
  }
  const message = [`rust-http has no addon for ${platform} ${arch}. It looked for`, ...looked.map((line) => `  ${line}`), advice ?? whatToDo(cause)];
  throw new Error(message.join('\n'), { cause });
}

// Bundlers warn of a require() of what they cannot know.
function fromBuild(file) {
  try {
    return { addon: require('node:module').createRequire(__filename)(file) };
  } catch (error) {
    return { error };
  }
}

// Tools that bundle a program, or trace what it needs, look for literal names, and take what stands within `try` for optional.
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

// The two are published together; between versions what they say to each other may change.
function isOwn({ version }) {
  const own = ownVersion();
  if (version === own) return true;
  throw ObjectAssign(new Error(`version ${version} is installed, and rust-http is ${own}`), {
    advice: `Install both in one version: npm install rust-http@${own}. Where that changes nothing, remove node_modules and the lock file first.`,
  });
}

// To read the file takes a fifth of what it takes to require it. In a program that a bundler has made, another one's or none is there.
function ownVersion() {
  try {
    const { name, version } = JSONParse(readFileSync(path.join(DIR, '../../package.json'), 'utf8'));
    if (name === 'rust-http') return version;
  } catch {
    // It is required then.
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

// The addon's own object keeps its functions in a hash. What inherits them finds each at a known place: 5 ns a call less.
module.exports = ObjectCreate(load());
