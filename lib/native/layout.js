'use strict';
// The numbers of the boundary: where words are, flags, kinds, limits. The core declares them (src/binding/layout.rs); all that calls
// it takes them from here. Without `transport` the core reads no sockets on this platform.

const { Error, Number, ObjectFreeze, ObjectKeys, Proxy, String } = require('../globals/primordials');
const native = require('./addon');

/** What the core has on every platform. */
const GROUPS = ['run', 'event', 'headInput', 'headOutput', 'pool', 'peek', 'limits', 'parserLimits'];

function mismatch(what) {
  return new Error(`The addon of rust-http does not fit its files: it has no ${what}. Build or install both anew.`);
}

/** Refuses a name that the core does not have. */
const known = {
  get(group, name) {
    if (group[name] === undefined) throw mismatch(`number for ${String(name)}`);
    return group[name];
  },
};

/** @returns {Readonly<Record<string, Record<string, number>>>} the numbers of each group by name */
function groups() {
  if (typeof native.layout !== 'function') throw mismatch('layout');
  /** @type {any} */
  const all = { __proto__: null };
  for (const line of native.layout().trimEnd().split('\n')) {
    // Arrays of the three would be garbage of each start.
    const behindGroup = line.indexOf(' ');
    const behindName = line.lastIndexOf(' ');
    const group = all[line.slice(0, behindGroup)] ??= { __proto__: null };
    group[line.slice(behindGroup + 1, behindName)] = Number(line.slice(behindName + 1));
  }
  for (const name of ObjectKeys(all)) all[name] = new Proxy(ObjectFreeze(all[name]), known);
  for (const name of GROUPS) if (all[name] === undefined) throw mismatch(`numbers for ${name}`);
  return ObjectFreeze(all);
}

module.exports = groups();
