'use strict';

/**
 * Sockets without a handle, to see what the constructor of net.Socket leaves on them. The first one of a process takes 0.4 ms, so they are made when they are needed. By
 * then a program may have replaced methods that the constructor calls; it calls those that there were at load.
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

/** The same, made by running the constructor on an object that exists, which throws where that cannot be done. @returns {any} */
function initializedSocket() {
  const sample = ObjectCreate(Sample.prototype);
  Socket.call(sample, {});
  return sample;
}

module.exports = { initializedSocket, sampleSocket };
