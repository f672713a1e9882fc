'use strict';
// Gives our functions the names and lengths of the running Node's, which differ between releases.

const { ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ReflectOwnKeys } = require('../globals/primordials');
const { isNode } = require('./node-features');

/**
 * Gives a function the name and the length of another, if they differ: a function with a redefined name or length keeps all its
 * properties in a hash, where `own.call()` then looks for `call` first.
 * @param {Function} own
 * @param {Function} builtin
 */
function nameLike(own, builtin) {
  if (own.name !== builtin.name) ObjectDefineProperty(own, 'name', { value: builtin.name, configurable: true });
  if (own.length !== builtin.length) ObjectDefineProperty(own, 'length', { value: builtin.length, configurable: true });
}

/**
 * Gives listeners the names of node's, which are bound for each connection.
 * @param {...Function} own
 */
function nameBound(...own) {
  for (const listener of own) ObjectDefineProperty(listener, 'name', { value: `bound ${listener.name}`, configurable: true });
}

/**
 * Makes a prototype look like the built-in one: functions with the same names and lengths, and no member that the built-in one lacks.
 * @param {object} own
 * @param {object} builtin
 * @param {Array<string|symbol>} [ours] members that are documented as ours, and stay
 */
function follow(own, builtin, ours = []) {
  if (!isNode) return;
  const keys = ReflectOwnKeys(own);
  // Iterators would be garbage at each start.
  for (let n = 0; n < keys.length; n++) {
    const key = keys[n];
    const theirs = ObjectGetOwnPropertyDescriptor(builtin, key);
    if (theirs === undefined) {
      if (!ours.includes(key)) delete own[key];
    } else if (key !== 'constructor') {
      const mine = ObjectGetOwnPropertyDescriptor(own, key);
      followOne(mine.value, theirs.value);
      followOne(mine.get, theirs.get);
      followOne(mine.set, theirs.set);
    }
  }
}

function followOne(own, builtin) {
  if (typeof own === 'function' && typeof builtin === 'function' && own !== builtin) nameLike(own, builtin);
}

module.exports = { follow, nameBound, nameLike };
