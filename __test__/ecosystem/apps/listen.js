'use strict';

// Starts a server of a test program and reports to the test its port, and whether the classes in use are ours.

const ours = require('../../../lib/index.js');

module.exports = function listen(server) {
  server.listen(0, '127.0.0.1', () => {
    process.send({ port: server.address().port, ours: server instanceof ours.Server });
  });
};
