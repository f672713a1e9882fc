'use strict';
// Symbols of state on agents and requests that more than one file uses.

const { Symbol } = require('../globals/primordials');

module.exports = {
  __proto__: null,
  /** On an agent with limits: its SocketLimits. */
  kLimits: Symbol('socketLimits'),
  /** On an agent with the option `retries`: how often one request may be sent again. */
  kRetries: Symbol('retries'),
  /** On a request that such an agent has queued: the options with which it can be placed again. */
  kQueued: Symbol('retryQueued'),
  /** On a request that can be sent again: its Retry. */
  kRetry: Symbol('retry'),
  /** The error that ends the request: the argument of destroy(), or else its socket's first error. */
  kReason: Symbol('kError'),
};
