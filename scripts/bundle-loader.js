'use strict';

// Loads the bundle next to it. Compiling the bundle takes V8 most of a start, so the first process stores the compiled
// code in a file here, if the package can be written to, and later processes use it. If anything fails, the bundle is
// loaded like any other module; bundlers and tracers look for its literal name.
// NODE_DISABLE_COMPILE_CACHE prevents this, as it does for Node's own compile cache.

const fs = require('fs');
const path = require('path');
const vm = require('vm');

/**
 * In a file that a bundler made from this one and others, the bundle is not next to it; in an ES module the name does
 * not exist.
 */
const isBeside = typeof __filename === 'string' && path.basename(__filename) === 'load.js';
const DIR = isBeside ? __dirname : '';
const SOURCE = path.join(DIR, 'rust-http.js');
/** What Node wraps around a module. */
const HEAD = '(function (exports, require, module, __filename, __dirname) { ';
const TAIL = '\n});';
/**
 * Resolves like a `require` of the bundle and already exists: creating that one would load Node's source maps. Bundlers
 * warn about a `require` that is passed on.
 */
const { require: ownRequire } = module;
const required = new Map();
/** Changes with the bundle: V8 itself compares only the length of the source. Written by scripts/bundle.js. */
const DIGEST = 'digest of the bundle';
/** How many files to keep for one Node: each set of V8 flags has its own code. */
const MOST_KEPT = 8;

const kept = path.join(DIR, `${DIGEST}-${process.version}-${process.arch}`);

/** Whether Node itself has work to do for each module: source maps, coverage, permissions to read and write files. */
function isPlain() {
  const { NODE_DISABLE_COMPILE_CACHE, NODE_V8_COVERAGE, NODE_OPTIONS } = process.env;
  return NODE_DISABLE_COMPILE_CACHE !== undefined || NODE_V8_COVERAGE !== undefined || process.permission !== undefined
    || process.sourceMapsEnabled === true || process.execArgv.includes('--enable-source-maps') || (NODE_OPTIONS ?? '').includes('--enable-source-maps');
}

/** @param {string} file @returns {Buffer|undefined} */
function read(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

// Written under another name until the disk has all of it: V8 trusts what it reads.
function write(file, code) {
  const unfinished = `${file}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    if (fs.readdirSync(DIR).filter((name) => name.startsWith(DIGEST)).length >= MOST_KEPT) return;
    const fd = fs.openSync(unfinished, 'wx', 0o644);
    try {
      fs.writeFileSync(fd, code);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(unfinished, file);
  } catch {
    try {
      fs.rmSync(unfinished, { force: true });
    } catch {
      // Nothing to remove in a package that cannot be written to.
    }
  }
}

/**
 * The bundle as Node wraps a module: half a megabyte of ASCII, copied no more often than necessary.
 * @returns {string}
 */
function wrapped() {
  const fd = fs.openSync(SOURCE);
  try {
    const { size } = fs.fstatSync(fd);
    const text = Buffer.allocUnsafeSlow(HEAD.length + size + TAIL.length);
    text.latin1Write(HEAD);
    for (let at = 0, count; at < size; at += count) {
      count = fs.readSync(fd, text, HEAD.length + at, size - at, null);
      if (count === 0) throw new Error('the bundle ends early');
    }
    text.latin1Write(TAIL, HEAD.length + size);
    return text.latin1Slice();
  } finally {
    fs.closeSync(fd);
  }
}

/** The compiled bundle and, if its code is to be stored, the file for it. */
function compile() {
  const source = wrapped();
  const compiled = (cachedData) => new vm.Script(source, { filename: SOURCE, cachedData });
  const first = read(kept);
  let script = compiled(first);
  let file = kept;
  if (script.cachedDataRejected) {
    file = `${kept}-${require('v8').cachedDataVersionTag()}`;
    const own = read(file);
    if (own !== undefined) script = compiled(own);
    if (own === undefined || script.cachedDataRejected) return { script, file };
    return { script };
  }
  return first === undefined ? { script, file } : { script };
}

let compiled;
try {
  compiled = !isBeside || ownRequire === undefined || isPlain() ? undefined : compile();
} catch {
  // The file is not there, or cannot be read.
}

/** @param {'index'|'https'|'register'} name @returns {any} what this entry of the package exports */
module.exports = function load(name) {
  if (compiled === undefined) return require('./rust-http.js')[name]();
  const { script, file } = compiled;
  compiled.exports ??= run(script);
  const exported = compiled.exports[name]();
  // After the first entry, everything that has run by then is compiled.
  if (file !== undefined) write(file, script.createCachedData());
  compiled.file = undefined;
  return exported;
};

// The bundle's files call require a hundred times for thirty modules, and Node makes 700 bytes of garbage each time.
function requireOnce(id) {
  if (!required.has(id)) required.set(id, ownRequire.call(module, id));
  return required.get(id);
}

function run(script) {
  const bundle = { exports: {} };
  script.runInThisContext().call(bundle.exports, bundle.exports, requireOnce, bundle, SOURCE, DIR);
  return bundle.exports;
}
