'use strict';
// Preloaded before 18.13 (see scripts/test.js), whose test runner has no `t.after()` and does not run before() and
// after() of a file: this adds them.

const Module = require('node:module');
const builtin = require('node:test');

const befores = [];
const afters = [];
let unfinished = 0;

// Takes functions; calls them one after the other.
async function callAll(functions) {
  while (functions.length > 0) await functions.shift()();
}

// Takes a function that makes tests; returns one whose tests have `after()`, and wait for the hooks of the file if they
// are the file's own.
function withHooks(test, isOfFile) {
  return (...args) => {
    const at = args.findIndex((arg) => typeof arg === 'function');
    const run = args[at];
    if (run !== undefined) {
      args[at] = async (context) => {
        const ends = [];
        context.after = (end) => ends.push(end);
        context.test = withHooks(context.test.bind(context), false);
        if (isOfFile) await callAll(befores);
        try {
          await run(context);
        } finally {
          await callAll(ends);
        }
      };
    }
    const done = test(...args);
    if (isOfFile) {
      unfinished++;
      done.then(() => {
        if (--unfinished === 0) return callAll(afters);
      });
    }
    return done;
  };
}

const test = Object.assign(withHooks(builtin, true), builtin, { before: (hook) => befores.push(hook), after: (hook) => afters.push(hook) });
test.test = test;

const { _load: load } = Module;
Module._load = function loadWithHooks(name, ...rest) {
  return name === 'node:test' ? test : load.call(this, name, ...rest);
};
