'use strict';
// Lets the core answer requests by itself on the connections that it reads: see lib/server/fixed-answers.js.

const native = require('../native/addon');
const { kAttached, kIndex } = require('./owner-state');
const { isLazy } = require('./lazy-state');

/** Whether this addon can do so. */
const canAnswer = native.answersOpen !== undefined;
/** Instead of a number of requests. */
const UNLIMITED = -1;

/**
 * Lets the core answer requests of a socket, unless something must be written before those answers.
 * @param {stream.Duplex} socket all of whose requests are answered
 * @param {object} answers handle of the answers
 * @param {number} count of requests, or UNLIMITED
 * @returns {boolean} false if the core does not read the socket, or must not write yet
 */
function permit(socket, answers, count) {
  const index = socket[kIndex];
  if (index === undefined || (!isLazy(socket) && (!socket.writable || socket.writableLength > 0))) return false;
  native.transportPermit(socket[kAttached].driver.handle, index, answers, count);
  return true;
}

/**
 * Withdraws the permission.
 * @param {stream.Duplex} socket
 * @param {object} answers handle of the answers
 */
function forbid(socket, answers) {
  const index = socket[kIndex];
  if (index !== undefined) native.transportPermit(socket[kAttached].driver.handle, index, answers, 0);
}

module.exports = { UNLIMITED, canAnswer, forbid, permit };
