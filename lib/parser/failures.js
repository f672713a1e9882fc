'use strict';
// The async context in which a callback has thrown. node reports an exception while that context is still current: a listener of
// 'uncaughtException' has the store of its request. Here the context has been left by then, and is entered again.

const { ReflectGet } = require('../globals/primordials');
const { AsyncResource } = require('node:async_hooks');
const native = require('../native/addon');
const { kFrame } = require('../compat/async-symbols');
const { Scope } = require('./scope');

/** @type {AsyncResource|Scope|null} */
let failed = null;
// The stores at that time, in releases that keep them apart from the resource.
let frame;

/**
 * Called within a scope when an exception is about to leave it.
 * @param {AsyncResource|Scope|null} resource of the scope
 */
function noteFailure(resource) {
  failed = resource;
  if (resource === null) return;
  // The scope may have ended by the time it is entered again: its id is read now.
  if (resource instanceof Scope) resource.learnId();
  // A new resource takes over the current stores.
  if (kFrame !== undefined) frame = new AsyncResource('RUSTHTTPEXCEPTION', { requireManualDestroy: true })[kFrame];
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
  const resource = failed;
  if (resource === null) return native.fatalException(error);
  failed = null;
  if (kFrame === undefined) return resource.runInAsyncScope(native.fatalException, undefined, error);
  const holder = holderOf(resource);
  const entered = ReflectGet(holder, kFrame);
  holder[kFrame] = frame;
  frame = undefined;
  try {
    return resource.runInAsyncScope(native.fatalException, undefined, error);
  } finally {
    holder[kFrame] = entered;
  }
}

module.exports = { forgetFailure, noteFailure, report };
