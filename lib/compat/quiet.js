'use strict';

/**
 * Keeps objects of the built-in classes that accompany ours from the subscribers of diagnostics channels: they are no requests of
 * the program. node looks up a channel's method each time it publishes.
 */

const { ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectKeys } = require('../globals/primordials');

// Calls a function while some members of an object are replaced.
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
 * Calls a function while nothing is published on some channels.
 * @param {import('diagnostics_channel').Channel[]} channels of node:diagnostics_channel
 * @param {function(): *} call
 * @returns {*} what the function returned
 */
function quietly(channels, call) {
  return channels.filter((channel) => channel.hasSubscribers)
    .reduce((inner, channel) => () => withMembers(channel, { publish() {} }, inner), call)();
}

/**
 * Calls a function as if a channel had a subscriber: without one nothing is published.
 * @param {import('diagnostics_channel').Channel} channel
 * @param {function(): *} call
 * @returns {boolean} whether something was published; no real subscriber gets it
 */
function isPublished(channel, call) {
  let published = false;
  withMembers(channel, { hasSubscribers: true, publish() { published = true; } }, call);
  return published;
}

module.exports = { isPublished, quietly };
