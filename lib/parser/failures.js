'use strict';
// The async context in which a callback has thrown. node reports an exception while that context is still current: a listener of
// 'uncaughtException' has the store of its request. Here the context has been left by then, and is entered again.

const { ReflectApply, ReflectGet, process } = require('../globals/primordials');
const native = require('../native/addon');
const { kFrame, passingResource } = require('../compat/async-symbols');
const { Scope } = require('./scope');

/** @type {any} */
const node = process;

/** @type {import('node:async_hooks').AsyncResource|Scope|null} */
let failed = null;
// The stores at that time, in releases that keep them apart from the resource.
let frame;

/**
 * Called within a scope when an exception is about to leave it.
 * @param {import('node:async_hooks').AsyncResource|Scope|null} resource of the scope
 */
function noteFailure(resource) {
  failed = resource;
  if (resource === null) return;
  // The scope may have ended by the time it is entered again: its id is read now.
  if (resource instanceof Scope) resource.learnId();
  // A new resource takes over the current stores.
  if (kFrame !== undefined) frame = /** @type {any} */ (passingResource())[kFrame];
}

// The object that has the ids and the stores.
function holderOf(resource) {
  return resource instanceof Scope ? resource.resource : resource;
}

/** Called when nothing has thrown, or the exception was caught. */
function forgetFailure() {
  failed = null;
}

/**
 * Reports what a callback has thrown into the core as 'uncaughtException'.
 * @param {*} error
 */
function report(error) {
  return failed === null ? native.fatalException(error) : tell(native.fatalException, error);
}

// Calls back in the scope of the failure.
function tell(callback, error, ...rest) {
  const resource = failed;
  failed = null;
  if (kFrame === undefined) return resource.runInAsyncScope(callback, process, error, ...rest);
  const holder = holderOf(resource);
  const entered = ReflectGet(holder, kFrame);
  holder[kFrame] = frame;
  frame = undefined;
  try {
    return resource.runInAsyncScope(callback, process, error, ...rest);
  } finally {
    holder[kFrame] = entered;
  }
}

/**
 * An exception is about to leave the read of a handle. No code of the program is there to catch it, so node calls the
 * `_fatalException` of the process, which a program may have replaced: it is called in the scope of the failure.
 */
function reportBehindRead() {
  if (failed === null) return;
  const { _fatalException: toldOf } = node;
  node._fatalException = (...args) => {
    node._fatalException = toldOf;
    return failed === null ? ReflectApply(toldOf, process, args) : tell(toldOf, ...args);
  };
}

module.exports = { forgetFailure, noteFailure, report, reportBehindRead };
