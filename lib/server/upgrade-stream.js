'use strict';

const { Symbol } = require('../globals/primordials');
const { Duplex } = require('../globals/at-load');

// Node keeps the socket under the name 'undefined': it uses a symbol that is not defined there.
const kSocket = undefined;
const kRequest = Symbol('IncomingMessage');

/**
 * The other protocol of a connection whose request has a body that is still arriving (Node 26): it begins after that body. Writes
 * go out at once. Reading it before the body is over discards the body, unless the program reads the body too.
 */
class UpgradeStream extends Duplex {
  /**
   * @param {stream.Duplex} socket that upgrades
   * @param {IncomingMessage} request that upgrades
   */
  constructor(socket, request) {
    super({ allowHalfOpen: socket.allowHalfOpen });
    this[kSocket] = socket;
    this[kRequest] = request;
    // These functions have no names, like node's.
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    this.on('close', () => socket.destroy());
    socket.on('end', () => this.push(null));
  }

  /** @param {Buffer} head what came after the body */
  requestBodyCompleted(head) {
    const socket = this[kSocket];
    this[kRequest] = null;
    if (head?.length > 0 && !this.push(head)) socket.pause();
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
  }

  // Node's _read() has a length of 1.
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
