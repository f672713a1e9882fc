'use strict';
// How many connections each peer address has: for a server's limit `maxConnectionsPerAddress`.

const { Map } = require('../globals/primordials');
const { kLazyHandle } = require('../transport/lazy-state');

class Addresses {
  /** @param {number} max connections of one address */
  constructor(max) {
    this.max = max;
    this.counts = new Map();
  }

  /** @param {string|undefined} address @returns {boolean} whether it has reached the limit */
  isFull(address) {
    return this.counts.get(address) >= this.max;
  }

  /** @param {string} address that has another connection */
  enter(address) {
    this.counts.set(address, (this.counts.get(address) ?? 0) + 1);
  }

  /** @param {string} address that has one connection less */
  leave(address) {
    const left = this.counts.get(address) - 1;
    if (left > 0) this.counts.set(address, left);
    else this.counts.delete(address);
  }
}

/**
 * @param {net.Socket} socket
 * @returns {string|undefined} the address of its peer; undefined for pipes and for streams that are no sockets
 */
function addressOf(socket) {
  const handle = socket[kLazyHandle];
  if (!handle) return socket.remoteAddress;
  // Asks the handle, so that the rest of the socket is not made.
  const peer = { address: undefined };
  handle.getpeername?.(peer);
  return peer.address;
}

/**
 * Ends a connection without serving it, as net.Server does beyond `maxConnections`.
 * @param {net.Server} server
 * @param {net.Socket} socket
 */
function drop(server, socket) {
  const { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily } = socket;
  socket.on('error', ignore);
  socket.destroy();
  server.emit('drop', { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily });
}

function ignore() {}

module.exports = { Addresses, addressOf, drop };
