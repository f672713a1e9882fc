'use strict';

/**
 * The names of origins, remembered: the core makes one in 190 ns, a program asks for few over and over.
 */

const { Map } = require('../globals/primordials');
const native = require('../native/addon');

/** Hosts remembered, each with the origin asked for last; with one more all are forgotten. */
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

// The text of an object may be another tomorrow.
function isSteady(value) {
  return typeof value !== 'object' && typeof value !== 'function';
}

/**
 * @param {*} host falsy: localhost
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
