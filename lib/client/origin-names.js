'use strict';

/**
 * Remembers the names of origins: the core makes one in 190 ns, and a program asks for the same few again and again.
 */

const { Map } = require('../globals/primordials');
const native = require('../native/addon');

/** How many hosts are remembered, each with its last origin; beyond that all are forgotten. */
const MOST_HOSTS = 500;

const byHost = new Map();

class Origin {
  constructor(host, port, localAddress, family, socketPath) {
    this.port = port;
    this.localAddress = localAddress;
    this.family = family;
    this.socketPath = socketPath;
    this.name = native.originName(host ? `${host}` : '', port ? `${port}` : '', localAddress ? `${localAddress}` : '',
                                  family === 4 || family === 6 ? family : 0, socketPath ? `${socketPath}` : '');
  }
}

// An object may convert to another string later.
function isSteady(value) {
  return typeof value !== 'object' && typeof value !== 'function';
}

/**
 * @param {*} host falsy for localhost
 * @param {*} port
 * @param {*} localAddress
 * @param {*} family part of the name if it is 4 or 6
 * @param {*} socketPath
 * @returns {string} `host:port:localAddress[:family][:socketPath]`
 */
function originName(host, port, localAddress, family, socketPath) {
  const known = byHost.get(host);
  if (known !== undefined && known.port === port && known.localAddress === localAddress && known.family === family &&
      known.socketPath === socketPath) {
    return known.name;
  }
  const origin = new Origin(host, port, localAddress, family, socketPath);
  if (isSteady(host) && isSteady(port) && isSteady(localAddress) && isSteady(socketPath)) {
    if (byHost.size >= MOST_HOSTS && known === undefined) byHost.clear();
    byHost.set(host, origin);
  }
  return origin.name;
}

module.exports = { originName };
