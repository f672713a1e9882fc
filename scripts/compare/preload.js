'use strict';
// Preloaded into a program that is compared. Replaces every port that it listens on by a free one, so that several
// copies can run side by side. Writes two files to the directory COMPARE_DIR: the first http server that listens, and
// whose http serves its first request.

const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { channel } = require('node:diagnostics_channel');

const dir = process.env.COMPARE_DIR;
const { listen } = net.Server.prototype;

function tell(name, value) {
  const file = path.join(dir, name);
  fs.writeFileSync(`${file}.${process.pid}`, JSON.stringify(value));
  fs.renameSync(`${file}.${process.pid}`, file);
}

// Ports given as numbers, strings and options; paths and handles stay the same.
function onFreePort([first, ...rest]) {
  const isPort = (value) => (typeof value === 'number' || typeof value === 'string') && /^\d+$/.test(value);
  if (isPort(first)) return [0, ...rest];
  if (first !== null && typeof first === 'object' && isPort(first.port)) return [{ ...first, port: 0 }, ...rest];
  return [first, ...rest];
}

net.Server.prototype.listen = function(...args) {
  this.once('listening', () => {
    const address = this.address();
    const isHttp = this.listenerCount('request') > 0;
    if (isHttp && address !== null && typeof address === 'object' && !fs.existsSync(path.join(dir, 'listens'))) {
      tell('listens', { port: address.port, host: address.address === '::1' ? '[::1]' : '127.0.0.1', isTls: this instanceof tls.Server });
    }
  });
  return listen.apply(this, onFreePort(args));
};

const started = channel('http.server.request.start');
function served({ server }) {
  started.unsubscribe(served);
  // Servers of the built-in https have none of our members.
  const transport = server.transport ?? http.Server.prototype.stats?.call(server).transport;
  tell('served', transport === undefined ? 'node' : `rust-http, ${transport}`);
}
started.subscribe(served);
