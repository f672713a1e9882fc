'use strict';

// Stands beside the bundle and loads it. V8 takes most of a start to compile it, so the code that the first process compiled is kept in a file here, where the package may
// write, and taken by the processes behind. Whatever fails, the bundle is a module like any other; its literal name is what bundlers and tracers look for.
// Where the kept code is not wanted: NODE_DISABLE_COMPILE_CACHE, which stands for Node's own compile cache, too.

const fs = require('fs');
const path = require('path');
const vm = require('vm');

/** In a file that a bundler has made of this and of others, nothing is beside it; in an ES module there is no such name. */
const isBeside = typeof __filename === 'string' && path.basename(__filename) === 'load.js';
const DIR = isBeside ? __dirname : '';
const SOURCE = path.join(DIR, 'rust-http.js');
/** What Node puts around a module. */
const HEAD = '(function (exports, require, module, __filename, __dirname) { ';
const TAIL = '\n});';
/** Looks where the bundle's own would, and is there: to make that one loads Node's source maps. Bundlers warn of a `require` that is handed on. */
const { require: ownRequire } = module;
const required = new Map();
/** Changes with the bundle: V8 itself compares nothing but the length of the source. Written by scripts/bundle.js. */
const DIGEST = 'digest of the bundle';
/** Code of one Node, whose flags may be V8's: each set of flags has code of its own. */
const MOST_KEPT = 8;

const kept = path.join(DIR, `${DIGEST}-${process.version}-${process.arch}`);

/** Where Node itself has something to do with each module: maps of the sources, coverage, permissions to read and write files. */
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

// Under another name until the disk has all of it: V8 believes what it reads.
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
      // A package that cannot be written to has nothing to take away.
    }
  }
}

/** The bundle as Node wraps a module: half a megabyte, which is copied no more often than it has to be. It is ASCII. @returns {string} */
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

/** The bundle and, where its code has to be kept, what keeps it. */
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
  // Behind the first entry: what has run by then is compiled.
  if (file !== undefined) write(file, script.createCachedData());
  compiled.file = undefined;
  return exported;
};

// The files of the bundle require a hundred times what is thirty modules, and Node makes 700 bytes of garbage each time.
function requireOnce(id) {
  if (!required.has(id)) required.set(id, ownRequire.call(module, id));
  return required.get(id);
}

function run(script) {
  const bundle = { exports: {} };
  script.runInThisContext().call(bundle.exports, bundle.exports, requireOnce, bundle, SOURCE, DIR);
  return bundle.exports;
}
