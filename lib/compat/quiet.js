'use strict';

/**
 * Objects of the built-in classes that go along with ours are no requests of the program: subscribers of the diagnostics channels are not to
 * see them. node looks the method of a channel up when it publishes.
 */

const { ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectKeys } = require('../globals/primordials');

// Calls while an object has other members of its own.
function withMembers(object, members, call) {
  const names = ObjectKeys(members);
  const own = names.map((name) => ObjectGetOwnPropertyDescriptor(object, name));
  try {
    for (const name of names) ObjectDefineProperty(object, name, { __proto__: null, configurable: true, value: members[name] });
    return call();
  } finally {
    names.forEach((name, n) => {
      delete object[name];
      if (own[n] !== undefined) ObjectDefineProperty(object, name, own[n]);
    });
  }
}

/**
 * Calls while nothing is published on some channels.
 * @param {import('diagnostics_channel').Channel[]} channels of node:diagnostics_channel
 * @param {function(): *} call
 * @returns {*} what it returned
 */
function quietly(channels, call) {
  return channels.filter((channel) => channel.hasSubscribers)
    .reduce((inner, channel) => () => withMembers(channel, { publish() {} }, inner), call)();
}

/**
 * Calls as if somebody heard a channel: a channel is published on only where somebody does.
 * @param {import('diagnostics_channel').Channel} channel
 * @param {function(): *} call
 * @returns {boolean} whether something was published, which nobody has heard
 */
function isPublished(channel, call) {
  let published = false;
  withMembers(channel, { hasSubscribers: true, publish() { published = true; } }, call);
  return published;
}

module.exports = { isPublished, quietly };
