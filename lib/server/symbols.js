'use strict';
// Symbols under which servers and their sockets keep state. Those that node exports are node's own: its https and http2 modules look for them.

const { Symbol } = require('../globals/primordials');
const builtinServer = require('node:_http_server');

module.exports = {
  __proto__: null,
  /** On a server: the timer that checks for late requests. The first releases of Node 18 do not export the symbol. */
  kConnectionsCheckingInterval: builtinServer.kConnectionsCheckingInterval || Symbol('http.server.connectionsCheckingInterval'),
  /** On a server: the class of its responses. */
  kServerResponse: builtinServer.kServerResponse,
  /** On a server that listens: its ConnectionsList. */
  kConnections: Symbol('http.server.connections'),
  /** On a socket: its Connection. */
  kConnection: Symbol('connection'),
};
