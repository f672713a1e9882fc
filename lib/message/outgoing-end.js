'use strict';
// The end of an outgoing message: 'finish' when the kernel has everything, the callbacks of end(), and how errors reach callbacks and listeners.

const { process } = require('../globals/primordials');
const { emitFinish, plainEmit } = require('./emitter');
const { codes } = require('../util/errors');
const { endTellsDestroyed } = require('../compat/node-features');
const { kEndCallbacks, kErrored, kFlushError, kSocket, kWritableFinished } = require('../compat/symbols');
const { beginEnd } = require('../util/ticks');
const { isLazy } = require('../transport/lazy-state');

/** Releases differ, see compat/symbols.js: in those without this state, the callbacks of end() are listeners of 'finish'. */
const TRACKS_END = kWritableFinished !== undefined;

/**
 * @param {http.OutgoingMessage} message
 * @param {string} event other than 'finish'
 * @returns {boolean} whether emitting it would call a listener; a server's response has one listener, the server's of 'finish'
 */
function isHeard(message, event) {
  if (message.emit !== plainEmit) return true;
  const { _events: table, _eventsCount: count } = message;
  if (count === 0 || (count === 1 && table.finish !== undefined)) return false;
  return table[event] !== undefined;
}

/**
 * @param {any} message
 * @param {Error} error for 'error' listeners
 * @param {Function} [callback] of the call that failed
 */
function reportError(message, error, callback) {
  if (callback !== undefined) callback(error);
  if (typeof message.emit === 'function' && (endTellsDestroyed() ? !message._closed : !message.destroyed)) message.emit('error', error);
}

/**
 * Passes an error to the callback of the call that failed and, unless the message is destroyed, to 'error' listeners.
 * @param {any} message
 * @param {Error} error
 * @param {Function} [callback]
 */
function failLater(message, error, callback) {
  if (!message.destroyed) process.nextTick(reportError, message, error, callback);
}

/**
 * Called when the kernel has everything, or the write has failed.
 * @param {object} message
 * @param {Error} [error] from Node 24 on, the callbacks of end() get it
 * @param {number} [mark] of the tick, if it is one of ours (see ticks.js)
 */
function finished(message, error, mark) {
  beginEnd(mark);
  if (TRACKS_END) {
    error = error || message[kErrored] || errorOf(message[kSocket]);
    if (error) {
      message[kFlushError] = error;
      callEndCallbacks(message, error);
      return;
    }
    message[kWritableFinished] = true;
    callEndCallbacks(message, null);
  }
  const socket = message[kSocket];
  if (socket && !isLazy(socket) && socket._hadError) return;
  emitFinish(message);
}

// The error of a failed connection.
function errorOf(socket) {
  if (!socket || isLazy(socket)) return null;
  return socket.errored || (socket._hadError ? new codes.ERR_STREAM_DESTROYED('end') : null);
}

function callEndCallbacks(message, error) {
  const callbacks = message[kEndCallbacks];
  if (callbacks === null) return;
  message[kEndCallbacks] = null;
  for (const callback of callbacks) callback(error);
}

/**
 * @param {any} message
 * @param {Function} callback of end()
 */
function onEnd(message, callback) {
  if (!TRACKS_END) message.once('finish', callback);
  else if (message[kEndCallbacks] === null) message[kEndCallbacks] = [callback];
  else message[kEndCallbacks].push(callback);
}

/**
 * Handles end(callback) on a message that has ended.
 * @param {any} message
 * @param {Function} callback
 */
function onEnded(message, callback) {
  if (message.writableFinished) callback(new codes.ERR_STREAM_ALREADY_FINISHED('end'));
  else if (!TRACKS_END) message.on('finish', callback);
  else if (message[kFlushError] !== null) process.nextTick(callback, message[kFlushError]);
  else onEnd(message, callback);
}

/**
 * Called when everything is on its way, though not necessarily in the kernel.
 * @this {http.OutgoingMessage}
 */
function _finish() {
  if (!this[kSocket]) throw new codes.ERR_INTERNAL_ASSERTION();
  if (isHeard(this, 'prefinish')) this.emit('prefinish');
}

module.exports = { __proto__: null, TRACKS_END, _finish, failLater, finished, isHeard, onEnd, onEnded, reportError };
