'use strict';
// The async scope of a parser of requests: what async hooks see of a connection, and the stores and ids that its handlers have.
//
// Owns how it begins: its object is the one that node's parser has (`{ type, socket }`), its trigger the socket, its stores those of the caller.
// Where the core calls with what it has read of a connection, it has entered the scope already.

const { AsyncResource, executionAsyncId } = require('node:async_hooks');
const { haveMeaning, kAsyncId, kFrame, kTriggerId } = require('../compat/async-symbols');
const { isNode } = require('../compat/node-features');
const native = require('../native/addon');

const { runInAsyncScope } = AsyncResource.prototype;

/** Whether what the core has begun can be entered from here, and its trigger be another than what is executed. */
const canBegin = isNode && haveMeaning && kTriggerId !== undefined;

/** What async hooks know the parser of a server's connection by. */
class HTTPServerAsyncResource {
  constructor(type, socket) {
    this.type = type;
    this.socket = socket;
  }
}

/** As an AsyncResource, of a context that the core has. */
class Scope {
  /**
   * @param {number} handle of the parser
   * @param {HTTPServerAsyncResource} resource which lives as long as the scope
   */
  constructor(handle, resource) {
    this.handle = handle;
    this.resource = resource;
  }

  /** The core has entered it. */
  learnId() {
    this.resource[kAsyncId] ??= executionAsyncId();
  }

  /**
   * Not by the core, where a call of it costs more.
   * @param {Function} callback
   * @param {*} receiver
   * @param {*} [a] and up to four more
   * @param {*} [b]
   * @param {*} [c]
   * @param {*} [d]
   * @param {*} [e]
   * @returns {*} what the callback returned
   */
  runInAsyncScope(callback, receiver, a, b, c, d, e) {
    this.asyncId();
    return runInAsyncScope.call(this.resource, callback, receiver, a, b, c, d, e);
  }

  /** @returns {number} */
  asyncId() {
    return this.resource[kAsyncId] ??= native.parserRun(this.handle, executionAsyncId, this.resource);
  }

  /** Ends it. */
  emitDestroy() {
    native.parserScopeEnd(this.handle);
  }
}

/**
 * @param {object|undefined} resource what a parser works for
 * @returns {number} the async id of its `socket`, else of what is executed
 */
function triggerOf(resource) {
  const id = resource?.socket?.[kAsyncId];
  return typeof id === 'number' && id > 0 ? id : executionAsyncId();
}

/**
 * @param {number} handle of a parser
 * @param {string} type by which async hooks know it
 * @param {HTTPServerAsyncResource} resource
 * @returns {Scope}
 */
function beginScope(handle, type, resource) {
  const trigger = triggerOf(resource);
  // It has the stores of the caller, and passes for the trigger.
  const caller = new AsyncResource('RUSTHTTPSCOPE', { requireManualDestroy: true });
  caller[kAsyncId] = trigger;
  caller.runInAsyncScope(native.parserScope, undefined, handle, resource, type);
  resource[kAsyncId] = undefined;
  resource[kTriggerId] = trigger;
  if (kFrame !== undefined) resource[kFrame] = caller[kFrame];
  return new Scope(handle, resource);
}

module.exports = { HTTPServerAsyncResource, Scope, beginScope, canBegin, triggerOf };
