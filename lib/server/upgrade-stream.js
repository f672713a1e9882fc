'use strict';

const { Symbol } = require('../globals/primordials');
const { Duplex } = require('node:stream');

// Under this name node keeps the socket: a symbol that is not defined where it is used.
const kSocket = undefined;
const kRequest = Symbol('IncomingMessage');

/**
 * The other protocol of a connection whose request has a body that is still on its way (Node 26): it begins behind that body. What is written goes
 * out at once. Who reads it before the body is over gives up the body, unless that is read too.
 */
class UpgradeStream extends Duplex {
  /**
   * @param {stream.Duplex} socket
   * @param {IncomingMessage} request that upgrades
   */
  constructor(socket, request) {
    super({ allowHalfOpen: socket.allowHalfOpen });
    this[kSocket] = socket;
    this[kRequest] = request;
    // Without names, as node's.
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    this.on('close', () => socket.destroy());
    socket.on('end', () => this.push(null));
  }

  /** @param {Buffer} head what has come behind the body */
  requestBodyCompleted(head) {
    const socket = this[kSocket];
    this[kRequest] = null;
    if (head?.length > 0 && !this.push(head)) socket.pause();
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
  }

  // The length is node's.
  _read(_size) {
    this[kRequest]?.resume();
    this[kSocket].resume();
  }

  _final(callback) {
    this[kSocket].end(callback);
  }

  _write(chunk, encoding, callback) {
    this[kSocket].write(chunk, encoding, callback);
  }

  _destroy(error, callback) {
    this[kSocket].destroy(error);
    callback(error);
  }
}

module.exports = { UpgradeStream };
