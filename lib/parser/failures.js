'use strict';
// In which async context a callback has thrown. node tells of an exception while the context of what threw is still the current one: a listener of
// 'uncaughtException' has the store of its request. Ours has left it by then, and enters it again.

const { ReflectGet } = require('../globals/primordials');
const { AsyncResource } = require('node:async_hooks');
const native = require('../native/addon');
const { kFrame } = require('../compat/async-symbols');
const { Scope } = require('./scope');

/** @type {AsyncResource|Scope|null} */
let failed = null;
// The stores there were, where the release keeps them apart from the resource.
let frame;

/**
 * What a callback throws is leaving its scope; to be called within it.
 * @param {AsyncResource|Scope|null} resource of the scope
 */
function noteFailure(resource) {
  failed = resource;
  if (resource === null) return;
  // The scope may have ended when it is entered again.
  if (resource instanceof Scope) resource.learnId();
  // A resource takes what is current where it is made.
  if (kFrame !== undefined) frame = new AsyncResource('RUSTHTTPEXCEPTION', { requireManualDestroy: true })[kFrame];
}

// The object that has the ids and the stores.
function holderOf(resource) {
  return resource instanceof Scope ? resource.resource : resource;
}

/** Nothing has thrown, or it was caught. */
function forgetFailure() {
  failed = null;
}

/**
 * 'uncaughtException' of what a callback has thrown to the core.
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
