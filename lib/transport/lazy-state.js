'use strict';
// Sockets whose net.Socket part is not there yet (see lazy-socket.js), and what can be asked of any socket without making it.
//
// Owns the state of such a socket: it has no listeners, buffers nothing in its streams, has no timer, and flows. What is asked for
// each request is asked here, not of the socket's accessors.

const { Boolean, ObjectHasOwn, Symbol } = require('../globals/primordials');

// The handle of a socket without that part, or null when it is closed; undefined on all others.
const kUnbuilt = Symbol('unbuilt');
// How often such a socket is corked.
const kCorks = Symbol('unbuiltCorks');
// Whether it is shut down when this turn of the loop is over.
const kEnding = Symbol('unbuiltEnding');
// Makes that part.
const kBuild = Symbol('build');

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} whether its net.Socket part is not there yet
 */
function isUnbuilt(socket) {
  return socket[kUnbuilt] !== undefined;
}

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} `socket.writable`
 */
function isWritable(socket) {
  const handle = socket[kUnbuilt];
  return handle === undefined ? socket.writable : handle !== null && socket[kEnding] === 0;
}

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} whether what is written to it waits for `uncork()`
 */
function isCorked(socket) {
  return (socket[kUnbuilt] === undefined ? socket._writableState.corked : socket[kCorks]) > 0;
}

/**
 * @param {object} state `_writableState` of a socket that has that part
 * @param {string} [encoding]
 * @returns {boolean} whether nothing waits in the stream, and it would write this
 */
function takesMore(state, encoding) {
  return state.length === 0 && !state.ending && !state.destroyed && (Boolean(encoding) || state.defaultEncoding === 'utf8');
}

/**
 * Ends all corking of a socket: what is corked leaves now.
 * @param {stream.Writable} socket
 */
function uncorkAll(socket) {
  if (socket[kUnbuilt] === undefined) {
    socket._writableState.corked = 1;
  } else {
    // A program that has replaced uncork() hears of it in any case.
    if (socket[kCorks] === 0 && !ObjectHasOwn(socket, 'uncork')) return;
    socket[kCorks] = 1;
  }
  socket.uncork();
}

module.exports = { isCorked, isUnbuilt, isWritable, kBuild, kCorks, kEnding, kUnbuilt, takesMore, uncorkAll };
