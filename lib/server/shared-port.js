'use strict';
// `server.listen({ reusePort: true })` on releases that ignore the option: before 22.12 and 23.1. The core binds the socket, and node listens on it.
//
// Node itself reports invalid arguments and addresses: it is then asked to listen without the option, and fails in its own way.

const { Error, NumberIsInteger, ObjectAssign, ObjectDefineProperty, process } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const fs = require('node:fs');
const net = require('node:net');
const { getSystemErrorMap } = require('node:util');
const { sharesPorts } = require('../compat/node-features');
const native = require('../native/addon');

const ANY_V6 = '::';
const ANY_V4 = '0.0.0.0';
/** What the core returns if the system has no such sockets, and if the socket cannot be bound although the port is free. */
const UNSUPPORTED = -1;
const FAILED = -3;

/** @returns {number} the port, or NaN */
function portOf({ port }) {
  return typeof port === 'number' || (typeof port === 'string' && port.trim() !== '') ? +port : NaN;
}

// Whether listen() must share a port, with arguments that are valid for node.
function isShared(server, options) {
  if (typeof options !== 'object' || options === null || options.reusePort !== true || server._handle) return false;
  const { fd, handle, host, path, signal, _handle } = options;
  const port = portOf(options);
  return fd === undefined && handle === undefined && _handle === undefined && !path && NumberIsInteger(port) && port >= 0 && port <= 0xffff &&
    (!host || typeof host === 'string') && (signal === undefined || typeof signal?.addEventListener === 'function');
}

/**
 * net.Server's listen() with the option `reusePort`.
 * @this {net.Server}
 * @param {...any} args see `server.listen()`
 * @returns {net.Server} this
 */
function listen(...args) {
  const [options] = args;
  if (!isShared(this, options)) return net.Server.prototype.listen.apply(this, args);
  const callback = args.length > 1 ? args[args.length - 1] : undefined;
  if (typeof callback === 'function') this.once('listening', callback);
  const backlog = +options.backlog || (typeof args[1] === 'number' ? args[1] : undefined);
  const { host, signal } = options;
  if (signal !== undefined) closeAt(this, signal);
  if (!host) {
    listenAt(this, options, backlog, undefined);
    return this;
  }
  require('node:dns').lookup(host, (error, address) => {
    if (signal?.aborted) return;
    if (error) this.emit('error', error);
    else listenAt(this, options, backlog, address);
  });
  return this;
}

function closeAt(server, signal) {
  const onAbort = () => server.close();
  if (signal.aborted) {
    process.nextTick(onAbort);
    return;
  }
  signal.addEventListener('abort', onAbort);
  server.once('close', () => signal.removeEventListener('abort', onAbort));
}

function listenAt(server, options, backlog, address) {
  const port = portOf(options);
  const fd = address === undefined ? bindAny(port, options.ipv6Only === true) : bind(address, port, options.ipv6Only === true);
  if (fd === UNSUPPORTED) {
    process.nextTick(emitUnsupported, server, address ?? ANY_V6, port);
    return;
  }
  const handle = fd < 0 ? fd : /** @type {any} */ (net)._createServerHandle(null, null, null, fd);
  if (typeof handle !== 'number') {
    // Not through listen(): in a cluster, that would have the primary open the handle.
    server._handle = handle;
    const { address: bound, family } = /** @type {net.AddressInfo} */ (server.address());
    server._listen2(address ?? bound, port, family === 'IPv6' ? 6 : 4, backlog);
    return;
  }
  if (fd >= 0) fs.closeSync(fd);
  net.Server.prototype.listen.call(server, { port, host: address, backlog, ipv6Only: options.ipv6Only, exclusive: true });
}

// RFC 4007 section 11: the core does not know addresses with a zone.
function bind(address, port, isOnlyV6) {
  return address.includes('%') ? UNSUPPORTED : native.bindShared(Buffer.from(address, 'latin1'), port, isOnlyV6 ? 1 : 0);
}

function bindAny(port, isOnlyV6) {
  const fd = bind(ANY_V6, port, isOnlyV6);
  return fd === FAILED ? bind(ANY_V4, port, false) : fd;
}

function emitUnsupported(server, address, port) {
  const [errno, [code, text]] = [...getSystemErrorMap()].find(([, [name]]) => name === 'ENOTSUP') ?? [-95, ['ENOTSUP', 'operation not supported on socket']];
  server.emit('error', ObjectAssign(new Error(`listen ${code}: ${text} ${address}:${port}`), { code, errno, syscall: 'listen', address, port }));
}

/**
 * Gives a server class a listen() that shares ports, unless node's does.
 * @param {any} prototype
 */
function sharePorts(prototype) {
  if (sharesPorts) return;
  ObjectDefineProperty(prototype, 'listen', { __proto__: null, configurable: true, enumerable: true, writable: true, value: listen });
}

module.exports = { sharePorts };
