'use strict';
// Where node keeps what async hooks and AsyncLocalStorage know of an object: under symbols that a socket and an AsyncResource share.

const { Symbol } = require('../globals/primordials');
const { AsyncResource } = require('node:async_hooks');
const { ownSymbol } = require('./own-symbol');

const sample = new AsyncResource('RUSTHTTPSCOPE', { requireManualDestroy: true });
const found = ownSymbol(sample, 'async_id_symbol');

module.exports = {
  /** The async id of what uses a socket, -1 while it is idle; that of an AsyncResource. */
  kAsyncId: found ?? Symbol('async_id_symbol'),
  /** Undefined, as the next one, where there is none. */
  kTriggerId: ownSymbol(sample, 'trigger_async_id_symbol'),
  /** The frame of all stores, where AsyncLocalStorage has such (24). */
  kFrame: ownSymbol(sample, 'context_frame'),
  /** Whether an object that has them passes for an AsyncResource. */
  haveMeaning: found !== undefined && sample[found] === sample.asyncId(),
};
