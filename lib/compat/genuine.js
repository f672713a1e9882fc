'use strict';

/**
 * node's own `http` and `https`, even if `require` returns something else: test runners (jest) map these names to what a project
 * configures, which may be this package. (Node 20.16 and 22.3 have `process.getBuiltinModule`.)
 */

const { process } = require('../globals/primordials');

const builtinModule = process.getBuiltinModule;

module.exports = {
  /** its exports may be ours, or patched, after `register` @type {any} */
  http: builtinModule?.('http') ?? require('http'),

  /** Loads it: must not happen before `register`. @returns {any} */
  https() {
    return builtinModule?.('https') ?? require('https');
  },
};
