'use strict';

// Loads the bundle next to it. Compiling the bundle takes V8 most of a start, so the first process stores the compiled
// code in a file here, if the package can be written to, and later processes use it. If anything fails, the bundle is
// loaded like any other module; bundlers and tracers look for its literal name.
// NODE_DISABLE_COMPILE_CACHE prevents this, as it does for Node's own compile cache.

const fs = require('fs');
const { sep } = require('path');
const { Script } = require('vm');

/**
 * In a file that a bundler made from this one and others, the bundle is not next to it; in an ES module the name does
 * not exist.
 */
const isBeside = typeof __filename === 'string' && __filename.endsWith(`${sep}load.js`);
// `path` would join them too, but each call of its functions brings V8 closer to optimizing them.
const DIR = isBeside ? __dirname : '';
const SOURCE = `${DIR}${sep}rust-http.js`;
/** What Node wraps around a module. */
const HEAD = '(function (exports, require, module, __filename, __dirname, __second, __open) { ';
const TAIL = '\n});';
/**
 * Written by scripts/bundle.js: the length of the bundle and of its first part in bytes, the offset of the second part,
 * and the number of lines before it.
 */
const { length: LENGTH, first: FIRST, second: SECOND, lines: LINES } = { length: 0, first: 0, second: 0, lines: 0 };
/** Taken now for the second part: later a program may have replaced them. */
const { apply } = Reflect;
const { closeSync, fstatSync, openSync, readSync } = fs;
const { runInThisContext } = Script.prototype;
const { latin1Slice } = /** @type {any} */ (Buffer.prototype);
/**
 * Resolves like a `require` of the bundle and already exists: creating that one would load Node's source maps. Bundlers
 * warn about a `require` that is passed on.
 */
const { require: ownRequire } = module;
const required = new Map();
// What `node:module` exports; requiring it would load what Node has for source maps.
if (typeof module.constructor.syncBuiltinESMExports === 'function') required.set('node:module', module.constructor);
/** Changes with the bundle: V8 itself compares only the length of the source. Written by scripts/bundle.js. */
const DIGEST = 'digest of the bundle';
/** For how many sets of V8 flags to keep code of one Node. Each has two files. */
const MOST_KEPT = 8;
/** The file of the second part has the name of the other and this. */
const OF_SECOND = '-second';

const kept = `${DIR}${sep}${DIGEST}-${process.version}-${process.arch}`;

const { NODE_DISABLE_COMPILE_CACHE, NODE_V8_COVERAGE, NODE_OPTIONS = '' } = process.env;
/** Whether Node itself has work to do for each module: source maps, coverage, permissions to read and write files. */
const isWatched = NODE_DISABLE_COMPILE_CACHE !== undefined || NODE_V8_COVERAGE !== undefined || process.permission !== undefined
  || process.sourceMapsEnabled === true || process.execArgv.includes('--enable-source-maps') || NODE_OPTIONS.includes('--enable-source-maps');

// Written under another name until the disk has all of it: V8 trusts what it reads.
function write(file, code) {
  const unfinished = `${file}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    if (fs.readdirSync(DIR).filter((name) => name.startsWith(DIGEST) && !name.endsWith(OF_SECOND)).length >= MOST_KEPT) return;
    const fd = openSync(unfinished, 'wx', 0o644);
    try {
      fs.writeFileSync(fd, code);
      fs.fsyncSync(fd);
    } finally {
      closeSync(fd);
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

function fill(fd, text, from, to, position) {
  for (let at = from, count; at < to; at += count) {
    count = readSync(fd, text, at, to - at, position + at - from);
    if (count === 0) throw new Error('the bundle ends early');
  }
}

/** The name of the files for the V8 flags of this process. The first part finds out whether it needs a suffix. */
let keptAs = kept;

/**
 * A compiled part and, if its code is to be stored, the file for it.
 * @param {string} source @param {string} suffix of the file @param {Buffer} [memory] to read its code into: each page of new memory is
 *   a page fault
 */
function compile(source, suffix, memory) {
  let script;
  for (;;) {
    const file = `${keptAs}${suffix}`;
    let cachedData;
    try {
      const fd = openSync(file);
      try {
        const { size } = fstatSync(fd);
        cachedData = memory === undefined || size > memory.length ? Buffer.allocUnsafeSlow(size) : memory.subarray(0, size);
        fill(fd, cachedData, 0, size, 0);
      } finally {
        closeSync(fd);
      }
    } catch {
      cachedData = undefined;
    }
    if (script === undefined || cachedData !== undefined) script = new Script(source, { filename: SOURCE, cachedData });
    if (cachedData !== undefined && !script.cachedDataRejected) return { script };
    if (cachedData === undefined || keptAs !== kept) return { script, file };
    keptAs = `${kept}-${require('v8').cachedDataVersionTag()}`;
  }
}

let compiled;
if (isBeside && ownRequire !== undefined && !isWatched) {
  try {
    const fd = openSync(SOURCE);
    try {
      if (fstatSync(fd).size !== LENGTH) throw new Error('the bundle is another one');
      // The first part as Node wraps a module. Everything is ASCII, and is copied no more often than necessary.
      const end = HEAD.length + FIRST;
      const text = Buffer.allocUnsafeSlow(end + TAIL.length);
      text.latin1Write(HEAD);
      fill(fd, text, HEAD.length, end, 0);
      text.latin1Write(TAIL, end);
      // The bytes of the second part are read now, because the file may have changed or be gone when they are needed. Empty lines
      // before them stand for the first part, so that stacks show the lines of the file.
      const rest = Buffer.allocUnsafeSlow(LINES + LENGTH - SECOND).fill('\n', 0, LINES);
      fill(fd, rest, LINES, rest.length, SECOND);
      compiled = { ...compile(text.latin1Slice(), '', text), rest, exports: undefined, second: undefined };
    } finally {
      closeSync(fd);
    }
  } catch {
    // The file is not there, or cannot be read.
  }
}

/** @param {'index'|'https'|'register'} name @returns {any} what this entry of the package exports */
module.exports = function load(name) {
  if (compiled === undefined) return require('./rust-http.js')[name]();
  if (compiled.exports === undefined) {
    const bundle = { exports: {} };
    compiled.script.runInThisContext().call(bundle.exports, bundle.exports, requireOnce, bundle, SOURCE, DIR, secondPart, open);
    compiled.exports = bundle.exports;
  }
  const exported = compiled.exports[name]();
  // After the first entry, everything that has run by then is compiled.
  if (compiled.file !== undefined) keep(compiled);
  compiled.script = compiled.file = undefined;
  return exported;
};

// Stores the code of the second part first, so that a process that finds a file for the first part finds both.
function keep({ script, file, rest }) {
  // Without `rest` an entry has needed the second part, and has compiled it.
  if (rest !== undefined) {
    const second = compile(latin1Slice.call(rest), OF_SECOND);
    if (second.file !== undefined) write(second.file, second.script.createCachedData());
  }
  write(file, script.createCachedData());
}

// The bundle's files call require a hundred times for thirty modules, and Node makes 700 bytes of garbage each time.
function requireOnce(id) {
  if (!required.has(id)) required.set(id, ownRequire.call(module, id));
  return required.get(id);
}

function open(file) {
  return ownRequire.call(module, file);
}

// Drops the bytes: V8 keeps the text.
function secondPart() {
  if (compiled.second === undefined) {
    const { script } = compile(apply(latin1Slice, compiled.rest, []), OF_SECOND);
    compiled.second = apply(runInThisContext, script, []);
    compiled.rest = undefined;
  }
  return compiled.second;
}
