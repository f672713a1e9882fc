'use strict';
// The async scope of a parser of requests: how async hooks see a connection, and which stores and ids its handlers have.
//
// Owns how the scope begins: its object is like that of node's parser (`{ type, socket }`), its trigger is the socket, and its
// stores are the caller's. When the core calls with what it has read from a connection, it has entered the scope already.

const { AsyncResource, executionAsyncId } = require('node:async_hooks');
const { haveMeaning, kAsyncId, kFrame, kTriggerId, passingResource } = require('../compat/async-symbols');
const { isNode } = require('../compat/node-features');
const native = require('../native/addon');

const { runInAsyncScope } = AsyncResource.prototype;

/** Whether JavaScript can enter a scope that the core began, and give it a trigger other than the current execution. */
const canBegin = isNode && haveMeaning && kTriggerId !== undefined;

/** The resource by which async hooks know the parser of a server's connection. */
class HTTPServerAsyncResource {
  constructor(type, socket) {
    this.type = type;
    this.socket = socket;
  }
}

/** Like an AsyncResource, for a context that the core holds. */
class Scope {
  /**
   * @param {number} handle of the parser
   * @param {HTTPServerAsyncResource} resource must live as long as the scope
   */
  constructor(handle, resource) {
    this.handle = handle;
    this.resource = resource;
  }

  /** Stores the async id; called while the scope is entered. */
  learnId() {
    this.resource[kAsyncId] ??= executionAsyncId();
  }

  /**
   * Enters the scope from JavaScript: a call of the core would cost more.
   * @param {Function} callback
   * @param {*} receiver
   * @param {*} [a] up to five arguments
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
 * @param {object|undefined} resource that a parser works for
 * @returns {number} the async id of its `socket`, or else of the current execution
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
  // A stand-in for the trigger that has the caller's stores.
  /** @type {any} */
  const caller = passingResource();
  caller[kAsyncId] = trigger;
  caller.runInAsyncScope(native.parserScope, undefined, handle, resource, type);
  resource[kAsyncId] = undefined;
  resource[kTriggerId] = trigger;
  if (kFrame !== undefined) resource[kFrame] = caller[kFrame];
  return new Scope(handle, resource);
}

module.exports = { HTTPServerAsyncResource, Scope, beginScope, canBegin, triggerOf };
