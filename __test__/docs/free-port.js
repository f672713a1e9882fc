'use strict';

// Preload: whatever port a program listens on, it gets a free one, and prints it on standard error.

const net = require('node:net');

const { listen } = net.Server.prototype;

net.Server.prototype.listen = function listenOnFreePort(port, ...rest) {
  this.once('listening', () => process.stderr.write(`port ${this.address().port}\n`));
  // Options keep their own port.
  return listen.call(this, typeof port === 'object' ? port : 0, ...rest);
};
