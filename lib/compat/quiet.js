'use strict';

/**
 * Objects of the built-in classes that go along with ours are no requests of the program: subscribers of the diagnostics channels are not to
 * see them. node looks the method of a channel up when it publishes.
 */

const { ObjectDefineProperty, ObjectGetOwnPropertyDescriptor } = require('../globals/primordials');
const SILENT = { __proto__: null, configurable: true, value() {} };

/**
 * Calls while nothing is published on some channels.
 * @param {import('diagnostics_channel').Channel[]} channels of node:diagnostics_channel
 * @param {function(): *} call
 * @returns {*} what it returned
 */
function quietly(channels, call) {
  const heard = channels.filter((channel) => channel.hasSubscribers);
  const own = heard.map((channel) => ObjectGetOwnPropertyDescriptor(channel, 'publish'));
  try {
    for (const channel of heard) ObjectDefineProperty(channel, 'publish', SILENT);
    return call();
  } finally {
    heard.forEach((channel, n) => {
      delete channel.publish;
      if (own[n] !== undefined) ObjectDefineProperty(channel, 'publish', own[n]);
    });
  }
}

module.exports = { quietly };
