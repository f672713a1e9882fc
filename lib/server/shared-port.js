'use strict';
// `server.listen({ reusePort: true })` where node ignores the option: before 22.12 and 23.1. The core binds the socket, and node listens on it.
//
// What is wrong with the arguments, or with the address, node says itself: it is asked to listen without the option then, and fails in its own way.

const { Error, NumberIsInteger, ObjectAssign, ObjectDefineProperty, process } = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const fs = require('node:fs');
const net = require('node:net');
const { getSystemErrorMap } = require('node:util');
const { sharesPorts } = require('../compat/node-features');
const native = require('../native/addon');

const ANY_V6 = '::';
const ANY_V4 = '0.0.0.0';
/** What the core answers where the system has no such sockets, and where one cannot be bound, though the port is free. */
const UNSUPPORTED = -1;
const FAILED = -3;

/** @returns {number} the port, or NaN */
function portOf({ port }) {
  return typeof port === 'number' || (typeof port === 'string' && port.trim() !== '') ? +port : NaN;
}

// Whether listen() is to share a port, and all that it is given is as node takes it.
function isShared(server, options) {
  if (typeof options !== 'object' || options === null || options.reusePort !== true || server._handle) return false;
  const { fd, handle, host, path, signal, _handle } = options;
  const port = portOf(options);
  return fd === undefined && handle === undefined && _handle === undefined && !path && NumberIsInteger(port) && port >= 0 && port <= 0xffff &&
    (!host || typeof host === 'string') && (signal === undefined || typeof signal?.addEventListener === 'function');
}

/**
 * As that of net.Server, but the option `reusePort` counts.
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
    // Past listen(), which would have the primary of a cluster open it.
    server._handle = handle;
    const { address: bound, family } = /** @type {net.AddressInfo} */ (server.address());
    server._listen2(address ?? bound, port, family === 'IPv6' ? 6 : 4, backlog);
    return;
  }
  if (fd >= 0) fs.closeSync(fd);
  net.Server.prototype.listen.call(server, { port, host: address, backlog, ipv6Only: options.ipv6Only, exclusive: true });
}

// RFC 4007 section 11: an address with a zone, which the core does not know.
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
 * Gives a class of servers a listen() that shares ports, unless node's does.
 * @param {any} prototype
 */
function sharePorts(prototype) {
  if (sharesPorts) return;
  ObjectDefineProperty(prototype, 'listen', { __proto__: null, configurable: true, enumerable: true, writable: true, value: listen });
}

module.exports = { sharePorts };
