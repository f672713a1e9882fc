'use strict';

/**
 * Objects of the built-in classes that go along with ours are no requests of the program: subscribers of the diagnostics channels are not to
 * see them. node looks the method of a channel up when it publishes.
 */

const { ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectKeys } = require('../globals/primordials');
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

/**
 * Calls as if somebody heard a channel: a channel is published on only where somebody does.
 * @param {import('diagnostics_channel').Channel} channel
 * @param {function(): *} call
 * @returns {boolean} whether something was published, which nobody has heard
 */
function isPublished(channel, call) {
  let published = false;
  const shown = { hasSubscribers: { value: true }, publish: { value() { published = true; } } };
  const names = ObjectKeys(shown);
  const own = names.map((name) => ObjectGetOwnPropertyDescriptor(channel, name));
  try {
    for (const name of names) ObjectDefineProperty(channel, name, { __proto__: null, configurable: true, ...shown[name] });
    call();
  } finally {
    names.forEach((name, n) => {
      delete channel[name];
      if (own[n] !== undefined) ObjectDefineProperty(channel, name, own[n]);
    });
  }
  return published;
}

module.exports = { isPublished, quietly };
