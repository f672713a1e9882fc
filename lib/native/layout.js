'use strict';
// The numbers that JavaScript and the core share: positions of words, flags, kinds, limits. The core declares them
// (src/binding/layout.rs); every caller of the core takes them from here. There is no group `transport` if the core cannot read
// sockets on this platform.

const { Error, Number, ObjectFreeze, ObjectKeys, Proxy, String } = require('../globals/primordials');
const native = require('./addon');

/** The groups that exist on every platform. */
const GROUPS = ['run', 'event', 'headInput', 'headOutput', 'pool', 'peek', 'limits', 'parserLimits'];

function mismatch(what) {
  return new Error(`The addon of rust-http does not fit its files: it has no ${what}. Build or install both anew.`);
}

/** Throws for a name that the core does not have. */
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
    // split() would make an array per line, which is garbage at each start.
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
