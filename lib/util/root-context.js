'use strict';
// The async context of work that belongs neither to a request nor to the caller: one without stores.

const { ReflectOwnKeys } = require('../globals/primordials');
const { kFrame, passingResource } = require('../compat/async-symbols');

/**
 * Runs a callback in such a context; async hooks see it as a tick.
 * @param {(...args: any[]) => any} callback
 * @param {*} receiver its `this`
 * @param {...*} args
 * @returns {*} what the callback returned
 */
function inRootContext(callback, receiver, ...args) {
  /** @type {any} */
  const resource = passingResource();
  // AsyncLocalStorage has put the caller's stores on it: each under a key of its own, or (24) all in one frame.
  for (const key of ReflectOwnKeys(resource)) {
    if (typeof key === 'symbol' && (key.description === 'kResourceStore' || key === kFrame)) resource[key] = undefined;
  }
  return resource.runInAsyncScope(callback, receiver, ...args);
}

module.exports = { inRootContext };
