'use strict';
// What files that are loaded with the first connection or request use of Node's modules, as it was when the package was loaded. By
// then the program may have replaced it, or require() may fail (jest, after the tests).

const { executionAsyncId } = require('node:async_hooks');
const { channel } = require('node:diagnostics_channel');
const EventEmitter = require('node:events');
const net = require('node:net');
const { Duplex, Readable, finished } = require('node:stream');
const { clearTimeout, setTimeout } = require('node:timers');
const { debuglog, inspect, types: { isUint8Array } } = require('node:util');

const {
  _read, addListener, connect, on, pause, prependListener, read, resume, setTimeout: setSocketTimeout, write,
} = /** @type {any} */ (net.Socket.prototype);
const { emit, listenerCount } = EventEmitter.prototype;

module.exports = {
  __proto__: null,
  Duplex,
  Readable,
  Socket: net.Socket,
  channel,
  clearTimeout,
  connect: net.connect,
  debuglog,
  emitterMethods: { emit, listenerCount },
  executionAsyncId,
  finished,
  inspect,
  isUint8Array,
  net,
  setTimeout,
  /** Methods of net.Socket. */
  socketMethods: { _read, addListener, connect, on, pause, prependListener, read, resume, setTimeout: setSocketTimeout, write },
};
