'use strict';

/**
 * Node's own `http` and `https`, also where `require` gives another: tools that run tests (jest) take for these names what a project tells them, and that may be us.
 * (Node 20.16 and 22.3 have `process.getBuiltinModule`.)
 */

const { process } = require('../globals/primordials');

const builtinModule = process.getBuiltinModule;

module.exports = {
  /** @type {any} its exports may be ours, or patched, behind `register` */
  http: builtinModule?.('http') ?? require('http'),

  /** Loads it, which `register` has to come before. @returns {any} */
  https() {
    return builtinModule?.('https') ?? require('https');
  },
};
