'use strict';
// The async context of what belongs to no request, and not to the caller either: one without stores.

const { ReflectOwnKeys } = require('../globals/primordials');
const { AsyncResource } = require('node:async_hooks');
const { kFrame } = require('../compat/async-symbols');

/**
 * Calls back in such a context, which async hooks see begin.
 * @param {(...args: any[]) => any} callback
 * @param {*} receiver its `this`
 * @param {...*} args
 * @returns {*} what the callback returned
 */
function inRootContext(callback, receiver, ...args) {
  const resource = new AsyncResource('RUSTHTTPTRANSPORT', { requireManualDestroy: true });
  // AsyncLocalStorage has put the stores of the caller on it: one by one, or (24) in a frame of them all.
  for (const key of ReflectOwnKeys(resource)) {
    if (typeof key === 'symbol' && (key.description === 'kResourceStore' || key === kFrame)) resource[key] = undefined;
  }
  return resource.runInAsyncScope(callback, receiver, ...args);
}

module.exports = { inRootContext };
