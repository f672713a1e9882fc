'use strict';
// Who takes the handle of a socket that the core reads (to send it to another process, to make another socket of it, to close it)
// does so by one of these methods: the core lets it go first.

const { ownSymbol } = require('./symbols');

const kWatched = Symbol('transportWatched');
const kLeave = Symbol('transportLeave');
// node's own: the socket of a handle.
let kOwner;

/**
 * @param {object} handle of a socket
 * @param {net.Socket} socket that the core reads
 * @param {function(net.Socket)} leave called before anybody else uses the handle
 */
function watch(handle, socket, leave) {
  handle[kWatched] = socket;
  handle[kLeave] = leave;
  handle.close = close;
  handle.reset = reset;
  handle.readStart = readStart;
  Object.defineProperty(handle, 'onread', ON_READ);
}

/**
 * @param {object} handle
 * @returns {net.Socket|undefined} whose it is by now
 */
function ownerOf(handle) {
  kOwner ??= ownSymbol(handle, 'owner_symbol');
  return handle[kOwner];
}

const ON_READ = {
  configurable: true,
  get() {
    return Reflect.get(Object.getPrototypeOf(this), 'onread', this);
  },
  set(value) {
    leaveTo(this);
    delete this.onread;
    this.onread = value;
  },
};

function close(callback) {
  leaveTo(this);
  return Object.getPrototypeOf(this).close.call(this, callback);
}

function reset(callback) {
  leaveTo(this);
  return Object.getPrototypeOf(this).reset.call(this, callback);
}

function readStart() {
  leaveTo(this);
  // Else the stream would start it again.
  this.reading = true;
  return Object.getPrototypeOf(this).readStart.call(this);
}

function leaveTo(handle) {
  handle[kLeave](handle[kWatched]);
}

module.exports = { ownerOf, watch };
