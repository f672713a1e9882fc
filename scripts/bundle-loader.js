'use strict';

// Stands beside the bundle and loads it. V8 takes most of a start to compile it, so the code that the first process compiled is kept in a file here, where the package may
// write, and taken by the processes behind. Whatever fails, the bundle is a module like any other; its literal name is what bundlers and tracers look for.
// Where the kept code is not wanted: NODE_DISABLE_COMPILE_CACHE, which stands for Node's own compile cache, too.

const fs = require('fs');
const { createRequire } = require('module');
const path = require('path');
const vm = require('vm');

/** In a file that a bundler has made of this and of others, nothing is beside it; in an ES module there is no such name. */
const isBeside = typeof __filename === 'string' && path.basename(__filename) === 'load.js';
const DIR = isBeside ? __dirname : '';
const SOURCE = path.join(DIR, 'rust-http.js');
/** What Node puts around a module. */
const HEAD = '(function (exports, require, module, __filename, __dirname) { ';
const TAIL = '\n});';
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

/** The bundle and, where its code has to be kept, what keeps it. */
function compile() {
  // One string, not three: it is kept for the functions that are still to be compiled. The bundle is ASCII.
  const source = Buffer.concat([Buffer.from(HEAD), fs.readFileSync(SOURCE), Buffer.from(TAIL)]).latin1Slice();
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
  compiled = !isBeside || isPlain() ? undefined : compile();
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

function run(script) {
  const bundle = { exports: {} };
  // Bundlers warn of a `require` that is handed on.
  script.runInThisContext().call(bundle.exports, bundle.exports, createRequire(SOURCE), bundle, SOURCE, DIR);
  return bundle.exports;
}
