'use strict';
// A preload: `node -r rust-http/register program.js`. Makes `http` of the whole program ours, however the program gets at it
// (require, import, process.getBuiltinModule), by writing our members onto the exports of the built-in modules.
//
// https, http2 and child_process look at those exports too, so it has to run before they are loaded first.

const { syncBuiltinESMExports } = require('node:module');
// Captures what is genuine before anything is written over.
require('./compat/builtin');
const ours = require('./index');
const client = require('./client/request');
const common = require('./message/parsers');
const incoming = require('./message/incoming');
const outgoing = require('./message/outgoing');
const server = require('./server/server');

// Only names that the running Node has: what it does not have, no program may come to rely on.
function overlay(name, members) {
  const target = require(name);
  for (const key of Object.keys(target)) {
    if (Object.hasOwn(members, key)) {
      Object.defineProperty(target, key, Object.getOwnPropertyDescriptor(members, key));
    }
  }
}

// `ours` and not the agent module: its global agent is an accessor, so that there is one wherever it is replaced.
overlay('_http_agent', ours);
overlay('_http_client', client);
overlay('_http_common', common);
overlay('_http_incoming', incoming);
overlay('_http_outgoing', outgoing);
overlay('_http_server', server);
overlay('http', ours);
syncBuiltinESMExports();
