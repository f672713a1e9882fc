'use strict';
// A preload: `node -r rust-http/register program.js`. Gives the whole program our `http`, whichever way it loads it (require,
// import, process.getBuiltinModule), by writing our members over the exports of the built-in modules.
//
// https, http2 and child_process read those exports too, so this must run before they are first loaded.

const { ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectHasOwn, ObjectKeys, process } = require('./globals/primordials');
const { syncBuiltinESMExports } = require('node:module');
const { advice, isBuildingSnapshot } = require('./native/snapshot');

// Only names that the running Node has: no program should come to rely on others. (Bundlers leave require() of a literal name with node: to Node.)
function overlay(target, members) {
  for (const key of ObjectKeys(target)) {
    if (ObjectHasOwn(members, key)) {
      ObjectDefineProperty(target, key, ObjectGetOwnPropertyDescriptor(members, key));
    }
  }
}

/** @returns {object|null} our exports; null if the process can load no addon: then http stays the built-in one */
function load() {
  if (isBuildingSnapshot) {
    process.emitWarning(`rust-http is not used, and http is the built-in one: ${advice}.`);
    return null;
  }
  // Captures the genuine modules before anything is written over.
  require('./compat/builtin');
  try {
    return require('./index');
  } catch (error) {
    if (error.cause?.code !== 'ERR_DLOPEN_DISABLED') throw error;
    process.emitWarning('rust-http is not used, and http is the built-in one: this process loads no addons. With --permission add --allow-addons, and leave --no-addons out.');
    return null;
  }
}

const ours = load();
if (ours !== null) {
  // `ours` instead of the agent module: its globalAgent is an accessor, so replacing it anywhere replaces it everywhere.
  overlay(require('node:_http_agent'), ours);
  overlay(require('node:_http_client'), require('./client/request'));
  overlay(require('node:_http_common'), require('./message/parsers'));
  overlay(require('node:_http_incoming'), require('./message/incoming'));
  overlay(require('node:_http_outgoing'), require('./message/outgoing'));
  overlay(require('node:_http_server'), require('./server/server'));
  overlay(require('node:http'), ours);
  syncBuiltinESMExports();
}
