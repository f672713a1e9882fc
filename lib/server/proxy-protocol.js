'use strict';
// The option `proxyProtocol`: a connection from a trusted proxy begins with a header that names the client.
//
// The header is read from the descriptor before a socket exists, so the reader of the connection (the core, a stream, TLS) begins
// with the first byte after it. From then on the handle returns the client's address to whatever asks: sockets, TLS, the limits of
// a server.

const { ArrayIsArray, Buffer, Number, ObjectAssign, Set, Symbol, WeakMap } = require('../globals/primordials');
const { clearTimeout, net, setTimeout } = require('../globals/at-load');
const native = require('../native/addon');
const { codes } = require('../util/errors');
const { kLazyHandle } = require('../transport/lazy-state');
const { canWatch, unwatch, watch } = require('../transport/readable');
const { limitMet } = require('./stats');
const { validateObject } = require('../util/validators');

/** An entry of the trusted list: every peer of a server that listens on a path. */
const UNIX = 'unix';
const NOTHING = Buffer.alloc(0);
// Instead of the number of a watch.
const UNWATCHED = -1;

const kAccept = Symbol('proxyProtocolAccept');
const kServer = Symbol('proxyProtocolServer');

// Not properties of the servers: these have exactly node's.
const servers = new WeakMap();
// By handle.
const headers = new WeakMap();

/** The proxies that a server trusts, and the connections that still owe their header. */
class Proxies {
  constructor({ trusted }) {
    if (!ArrayIsArray(trusted)) throw new codes.ERR_INVALID_ARG_TYPE('options.proxyProtocol.trusted', 'Array', trusted);
    this.list = new net.BlockList();
    this.trustsPaths = false;
    for (const entry of trusted) this.trust(entry);
    this.pending = new Set();
  }

  trust(entry) {
    if (entry === UNIX) {
      this.trustsPaths = true;
      return;
    }
    const [address, prefix, ...more] = typeof entry === 'string' ? entry.split('/') : [''];
    const version = net.isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    if (version === 0 || more.length > 0 || (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || bits > (version === 4 ? 32 : 128)))) {
      throw new codes.ERR_INVALID_ARG_VALUE('options.proxyProtocol.trusted', entry);
    }
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) this.list.addAddress(address, family);
    else this.list.addSubnet(address, bits, family);
  }

  /** @param {{address?: string, family?: string}} peer @returns {boolean} */
  trusts({ address, family }) {
    return address === undefined ? this.trustsPaths : this.list.check(address, family === 'IPv6' ? 'ipv6' : 'ipv4');
  }
}

/** A connection of a trusted proxy whose header has not come yet. */
class Pending {
  constructor(server, proxies, handle, peer, accept) {
    this.server = server;
    this.proxies = proxies;
    this.handle = handle;
    this.peer = peer;
    this.accept = accept;
    this.seen = NOTHING;
    this.watched = UNWATCHED;
    this.timer = undefined;
  }

  // Reads what may have come.
  look() {
    const { handle } = this;
    const found = native.proxyHeader(handle.fd, this.seen);
    if (found === undefined) {
      this.refuse();
    } else if (typeof found !== 'string') {
      this.seen = found;
      if (this.watched === UNWATCHED) this.wait();
    } else {
      this.leave();
      headers.set(handle, tellOf(handle, found, this.peer));
      this.accept(handle);
    }
  }

  wait() {
    const { handle, proxies, server: { headersTimeout } } = this;
    this.watched = watch(handle.fd, () => this.look());
    if (this.watched < 0) {
      this.watched = UNWATCHED;
      this.refuse();
      return;
    }
    proxies.pending.add(this);
    if (headersTimeout > 0) this.timer = setTimeout(() => this.refuse(), headersTimeout).unref();
  }

  refuse() {
    limitMet(this.server, 'proxyProtocol');
    this.end();
  }

  end() {
    this.leave();
    this.handle.close();
  }

  leave() {
    if (this.watched === UNWATCHED) return;
    unwatch(this.watched);
    this.watched = UNWATCHED;
    clearTimeout(this.timer);
    this.proxies.pending.delete(this);
  }
}

const wordOf = (word) => (word === '-' ? undefined : word);
const portOf = (word) => (word === '-' ? undefined : Number(word));
const bytesOf = (word) => Buffer.from(word, 'hex');

/**
 * Makes a handle return the client's address.
 * @param {any} handle
 * @param {string} words from the core, see src/transport/preface.rs
 * @param {{address?: string, port?: number}} peer the proxy
 * @returns {import('../..').ProxyProtocolHeader} see index.d.ts
 */
function tellOf(handle, words, peer) {
  const [version, command, family, transport, source, sourcePort, destination, destinationPort, ...tlvs] = words.split(' ');
  const isPath = family === UNIX;
  const address = isPath ? bytesOf(source).toString() : wordOf(source);
  const port = portOf(sourcePort);
  if (family !== '-') {
    handle.getpeername = (out) => {
      // A path is no address, as on a socket that was accepted on a path.
      if (!isPath) ObjectAssign(out, { address, family, port });
      return 0;
    };
  }
  return {
    version: /** @type {1|2} */ (Number(version)),
    command: /** @type {'PROXY'|'LOCAL'} */ (command),
    family: wordOf(family),
    transport: wordOf(transport),
    sourceAddress: address,
    sourcePort: port,
    destinationAddress: isPath ? bytesOf(destination).toString() : wordOf(destination),
    destinationPort: portOf(destinationPort),
    proxyAddress: peer.address,
    proxyPort: peer.port,
    tlvs: tlvs.map((tlv) => {
      const [type, value] = tlv.split(':');
      return { type: Number(type), value: bytesOf(value) };
    }),
  };
}

// Replaces the function that node has a listening handle call.
function onConnection(status, handle) {
  const server = this[kServer];
  const proxies = servers.get(server);
  const accept = this[kAccept];
  const peer = { address: undefined, family: undefined, port: undefined };
  if (!status && handle) handle.getpeername?.(peer);
  if (status || !handle || !proxies.trusts(peer)) {
    accept.call(this, status, handle);
    return;
  }
  new Pending(server, proxies, handle, peer, (ready) => accept.call(this, 0, ready)).look();
}

/**
 * Reads the option `proxyProtocol`, see index.d.ts.
 * @param {http.Server} server
 * @param {object} options
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, or ERR_FEATURE_UNAVAILABLE_ON_PLATFORM
 */
function chooseProxies(server, { proxyProtocol }) {
  validateObject(proxyProtocol, 'options.proxyProtocol');
  const proxies = new Proxies(proxyProtocol);
  if (!canWatch()) throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('proxyProtocol');
  servers.set(server, proxies);
}

/**
 * Called when a server has its listeners.
 * @param {http.Server|https.Server} server
 */
function hearOfProxies(server) {
  server.prependListener('connection', (socket) => describe(socket, socket[kLazyHandle] ?? socket._handle));
  server.prependListener('secureConnection', (socket) => describe(socket, socket._parent?._handle));
  // After the listener with which the core takes over accepting.
  server.on('listening', acceptBehindHeaders);
  server.on('close', endPending);
}

function describe(socket, handle) {
  const header = handle ? headers.get(handle) : undefined;
  if (header !== undefined) socket.proxyProtocol = header;
}

/** @this {http.Server} */
function acceptBehindHeaders() {
  const { _handle: handle } = this;
  if (typeof handle?.onconnection !== 'function' || handle.onconnection === onConnection) return;
  handle[kServer] = this;
  handle[kAccept] = handle.onconnection;
  handle.onconnection = onConnection;
}

/**
 * Ends the connections that still owe their header, when a server stops listening or has closed.
 * @this {http.Server|https.Server}
 */
function endPending() {
  for (const pending of servers.get(this)?.pending ?? []) pending.end();
}

module.exports = { chooseProxies, endPending, hearOfProxies };
