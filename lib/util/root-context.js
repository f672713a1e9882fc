'use strict';
// The async context of work that belongs neither to a request nor to the caller: one without stores.

const { ReflectOwnKeys } = require('../globals/primordials');
const { AsyncResource } = require('node:async_hooks');
const { kFrame } = require('../compat/async-symbols');

/**
 * Runs a callback in such a context; async hooks see it begin.
 * @param {(...args: any[]) => any} callback
 * @param {*} receiver its `this`
 * @param {...*} args
 * @returns {*} what the callback returned
 */
function inRootContext(callback, receiver, ...args) {
  const resource = new AsyncResource('RUSTHTTPTRANSPORT', { requireManualDestroy: true });
  // AsyncLocalStorage has put the caller's stores on it: each under a key of its own, or (24) all in one frame.
  for (const key of ReflectOwnKeys(resource)) {
    if (typeof key === 'symbol' && (key.description === 'kResourceStore' || key === kFrame)) resource[key] = undefined;
  }
  return resource.runInAsyncScope(callback, receiver, ...args);
}

module.exports = { inRootContext };
