'use strict';
// The state of sockets whose net.Socket part does not exist yet (see lazy-socket.js), and questions that any socket answers without making that part.
//
// A lazy socket has no listeners and no timer, buffers nothing in its streams, and flows. Code that runs for each request asks
// here, not the socket's accessors.

const { Boolean, ObjectHasOwn, Symbol } = require('../globals/primordials');

// The handle of a lazy socket, null once it is closed; undefined on all other sockets.
const kLazyHandle = Symbol('lazyHandle');
// How often cork() was called on a lazy socket, less uncork().
const kCorks = Symbol('lazyCorks');
// How a lazy socket ends (see lazy-socket.js); 0 while it stays open.
const kEnding = Symbol('lazyEnding');
// On a lazy socket: itself. A program may use something that stands for it, a Proxy or an object that inherits from it.
const kSelf = Symbol('lazySelf');
// The method that makes the net.Socket part.
const kMaterialize = Symbol('materialize');

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} whether its net.Socket part does not exist yet
 */
function isLazy(socket) {
  return socket[kLazyHandle] !== undefined;
}

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} `socket.writable`
 */
function isWritable(socket) {
  const handle = socket[kLazyHandle];
  return handle === undefined ? socket.writable : handle !== null && socket[kEnding] === 0;
}

/**
 * @param {stream.Duplex} socket
 * @returns {boolean} whether what is written to it waits for `uncork()`
 */
function isCorked(socket) {
  return (socket[kLazyHandle] === undefined ? socket._writableState.corked : socket[kCorks]) > 0;
}

/**
 * @param {object} state `_writableState` of a socket that has its net.Socket part
 * @param {string} [encoding]
 * @returns {boolean} whether nothing waits in the stream, and it would write data of this encoding at once
 */
function takesMore(state, encoding) {
  return state.length === 0 && !state.ending && !state.destroyed && (Boolean(encoding) || state.defaultEncoding === 'utf8');
}

/**
 * Ends all corking of a socket: what is corked leaves now.
 * @param {stream.Writable} socket
 */
function uncorkAll(socket) {
  if (socket[kLazyHandle] === undefined) {
    socket._writableState.corked = 1;
  } else {
    // A program that has replaced uncork() must see the call in any case.
    if (socket[kCorks] === 0 && !ObjectHasOwn(socket, 'uncork')) return;
    socket[kCorks] = 1;
  }
  socket.uncork();
}

module.exports = { __proto__: null, isCorked, isLazy, isWritable, kMaterialize, kCorks, kEnding, kLazyHandle, kSelf, takesMore, uncorkAll };
