'use strict';

// A preload: reports at the first request whose http serves it.

const { channel } = require('node:diagnostics_channel');

const start = channel('http.server.request.start');

function tell({ server }) {
  start.unsubscribe(tell);
  process.stderr.write(`first request served by ${server.transport === undefined ? 'node' : `rust-http ${server.transport}`}\n`);
}

start.subscribe(tell);
