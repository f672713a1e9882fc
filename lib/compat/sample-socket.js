'use strict';

/**
 * Sockets without a handle, to see what the constructor of net.Socket defines. The first one in a process takes 0.4 ms, so they are
 * made when needed. A program may have replaced methods that the constructor calls; the samples have the methods from load.
 */

const { ObjectCreate, ObjectFromEntries, ReflectConstruct } = require('../globals/primordials');
const { Socket } = require('node:net');

const AT_LOAD = ['on', 'once', 'addListener', 'emit', 'read', 'pause'];

function Sample() {}
Sample.prototype = ObjectCreate(Socket.prototype, ObjectFromEntries(AT_LOAD.map((name) => [name, { value: Socket.prototype[name] }])));

/** @param {object} options of net.Socket @returns {any} */
function sampleSocket(options) {
  return ReflectConstruct(Socket, [options], Sample);
}

/** The same by running the constructor on an existing object; throws if that is impossible. @returns {any} */
function initializedSocket() {
  const sample = ObjectCreate(Sample.prototype);
  Socket.call(sample, {});
  return sample;
}

// What handle.shutdown() returns for a request that completed at once.
const DONE = 1;

// _final() passes a shutdown request to the handle of the socket it is called on.
function sampleShutdown() {
  let sample;
  const _handle = {
    shutdown(request) {
      sample = request;
      return DONE;
    },
  };
  try {
    /** @type {any} */ (Socket.prototype)._final.call({ connecting: false, _handle }, () => {});
  } catch {
    return undefined;
  }
  return sample;
}

module.exports = {
  initializedSocket,
  sampleSocket,
  /**
   * Of node's own class of shutdown requests, so that async hooks see a shutdown before the close. It is made at load, when few hooks
   * exist, and is kept: otherwise async hooks would be told that it ended without ever having been told that it began.
   * @type {any}
   */
  shutdownSample: sampleShutdown(),
};
