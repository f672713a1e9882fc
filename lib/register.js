'use strict';
// A preload: `node -r rust-http/register program.js`. Makes `http` of the whole program ours, however the program gets at it
// (require, import, process.getBuiltinModule), by writing our members onto the exports of the built-in modules.
//
// https, http2 and child_process look at those exports too, so it has to run before they are loaded first.

const { ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectHasOwn, ObjectKeys, process } = require('./globals/primordials');
const { syncBuiltinESMExports } = require('node:module');
const { advice, isBuildingSnapshot } = require('./native/snapshot');

// Only names that the running Node has: what it does not have, no program may come to rely on. (Bundlers leave to Node what is required by a literal name with node:.)
function overlay(target, members) {
  for (const key of ObjectKeys(target)) {
    if (ObjectHasOwn(members, key)) {
      ObjectDefineProperty(target, key, ObjectGetOwnPropertyDescriptor(members, key));
    }
  }
}

/** @returns {object|null} what is exported; null where the process can load no addon: then http stays the built-in one */
function load() {
  if (isBuildingSnapshot) {
    process.emitWarning(`rust-http is not used, and http is the built-in one: ${advice}.`);
    return null;
  }
  // Captures what is genuine before anything is written over.
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
  // `ours` and not the agent module: its global agent is an accessor, so that there is one wherever it is replaced.
  overlay(require('node:_http_agent'), ours);
  overlay(require('node:_http_client'), require('./client/request'));
  overlay(require('node:_http_common'), require('./message/parsers'));
  overlay(require('node:_http_incoming'), require('./message/incoming'));
  overlay(require('node:_http_outgoing'), require('./message/outgoing'));
  overlay(require('node:_http_server'), require('./server/server'));
  overlay(require('node:http'), ours);
  syncBuiltinESMExports();
}
