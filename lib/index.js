'use strict';
// `require('rust-http')`: the exports of node:http, in its order.

const { ObjectDefineProperties, ObjectDefineProperty, ObjectHasOwn, ObjectKeys } = require('./globals/primordials');
const agents = require('./client/agent');
const { exportedNames, helpers, maxHeaderSize, setGlobalProxyFromEnv, webSockets } = require('./compat/builtin');
const client = require('./client/request');
const { methods, parsers } = require('./message/parsers');
const { IncomingMessage } = require('./message/incoming');
const { OutgoingMessage, validateHeaderName, validateHeaderValue } = require('./message/outgoing');
const { STATUS_CODES, Server, ServerResponse, _connectionListener } = require('./server/server');
const { validateInteger } = require('./util/validators');

/**
 * @param {object} [opts] options of the server, of its sockets and of its messages
 * @param {Listener} [requestListener] becomes a listener of 'request'
 * @returns {http.Server} not listening yet
 */
function createServer(opts, requestListener) {
  return /** @type {any} */ (new Server(opts, requestListener));
}

/**
 * @param {number} max how many parsers are kept for future connections, at least 1
 */
const setMaxIdleHTTPParsers = (max) => {
  validateInteger(max, 'max', 1);
  parsers.max = max;
};
ObjectDefineProperty(setMaxIdleHTTPParsers, 'name', { value: 'setMaxIdleHTTPParsers' });

const members = {
  _connectionListener,
  METHODS: [...methods].sort(),
  STATUS_CODES,
  Agent: agents.Agent,
  ClientRequest: client.ClientRequest,
  IncomingMessage,
  OutgoingMessage,
  Server,
  ServerResponse,
  createServer,
  validateHeaderName,
  validateHeaderValue,
  get: client.get,
  request: client.request,
  setMaxIdleHTTPParsers,
  ...helpers,
  ...(setGlobalProxyFromEnv && { setGlobalProxyFromEnv: require('./global-proxy').setGlobalProxyFromEnv }),
};

// Releases add names in different places.
module.exports = {};
for (const name of [...exportedNames, ...ObjectKeys(members)]) {
  if (ObjectHasOwn(members, name)) module.exports[name] = members[name];
}

// The process's limit for a message head, in bytes.
ObjectDefineProperty(module.exports, 'maxHeaderSize', {
  configurable: true,
  enumerable: true,
  get: function get() {
    return maxHeaderSize;
  },
});

// Kept where node keeps it: it can be replaced there or here.
ObjectDefineProperty(module.exports, 'globalAgent', {
  configurable: true,
  enumerable: true,
  get: function get() {
    return agents.globalAgent;
  },
  set: function set(agent) {
    agents.globalAgent = agent;
  },
});

// node's own, in releases that have them.
ObjectDefineProperties(module.exports, webSockets);

// The interface before `http.request`, for old programs: not enumerable, and calling it causes a warning.
ObjectDefineProperty(module.exports, 'createClient', {
  configurable: true,
  enumerable: false,
  writable: true,
  value: client.createClient,
});
