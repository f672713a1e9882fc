'use strict';
// Lets the connections of a server that listens begin as lazy sockets (lazy-socket.js).

const { Symbol } = require('../globals/primordials');
const { channel } = require('node:diagnostics_channel');
const { lazy } = require('../compat/lazy');
// Its samples have to be made at load.
require('../compat/sample-socket');

const kServer = Symbol('lazySocketServer');
const kOnConnection = Symbol('lazySocketOnConnection');
const onServerSocket = channel('net.server.socket');
const sockets = lazy(() => require('./lazy-socket'));

/**
 * Makes the connections that a server accepts from here on begin as lazy sockets, if nothing prevents it.
 * @param {net.Server} server that listens
 */
function acceptLazily(server) {
  const handle = server._handle;
  if (!handle || typeof handle.onconnection !== 'function' || handle.onconnection === onConnection) return;
  if (typeof server._connections !== 'number' || typeof server._emitCloseIfDrained !== 'function') return;
  handle[kServer] = server;
  handle[kOnConnection] = handle.onconnection;
  handle.onconnection = onConnection;
}

function onConnection(status, handle) {
  const server = this[kServer];
  if (status || !handle || !isOrdinary(server) || !sockets().accept(server, handle, this)) this[kOnConnection](status, handle);
}

// From Node 22 on, maxConnections = 0 is a limit.
function isOrdinary(server) {
  return (server.maxConnections === undefined || server.maxConnections === null) && !server.pauseOnConnect && !server.keepAlive &&
    !onServerSocket.hasSubscribers && typeof server.highWaterMark === 'number';
}

module.exports = { acceptLazily };
