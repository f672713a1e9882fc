'use strict';
// The symbols under which node keeps the async ids and stores of an object: sockets and AsyncResources share them.

const { Symbol } = require('../globals/primordials');
const { AsyncResource } = require('node:async_hooks');
const { ownSymbol } = require('./own-symbol');

/**
 * Makes an AsyncResource that is needed for its id or its stores alone. Async hooks see a tick begin, and end: those that list what has
 * not ended, as what keeps a process running, must not find it.
 * @returns {AsyncResource}
 */
function passingResource() {
  const resource = new AsyncResource('TickObject', { requireManualDestroy: true });
  // It returns the resource in Node, but not in Bun.
  resource.emitDestroy();
  return resource;
}

/** @type {any} */
const sample = passingResource();
const found = ownSymbol(sample, 'async_id_symbol');

module.exports = {
  /** The async id of an AsyncResource, or of what uses a socket (-1 while it is idle). */
  kAsyncId: found ?? Symbol('async_id_symbol'),
  /** This one and the next are undefined in releases without them. */
  kTriggerId: ownSymbol(sample, 'trigger_async_id_symbol'),
  /** The frame of all stores, in releases whose AsyncLocalStorage has one (24). */
  kFrame: ownSymbol(sample, 'context_frame'),
  /** Whether an object with these symbols passes for an AsyncResource. */
  haveMeaning: found !== undefined && sample[found] === sample.asyncId(),
  passingResource,
};
