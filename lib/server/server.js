'use strict';
// Server: its options, and what a server does as a whole. connection.js has what happens on one connection.

const {
  ObjectDefineProperties, ObjectSetPrototypeOf, ObjectKeys, SymbolAsyncDispose, SymbolFor, WeakSet, clearInterval, setInterval,
} = require('../globals/primordials');
const { promisify } = require('node:util');
const { net } = require('../globals/at-load');
const builtinServer = require('node:_http_server');
const { Server: Builtin } = require('../compat/builtin');
const { kIncomingMessage } = require('../message/parsers');
const { codes } = require('../util/errors');
const { IncomingMessage } = require('../message/incoming');
const { acceptLazily } = require('../transport/accepting');
const { lazy } = require('../compat/lazy');
const { follow, nameLike } = require('../compat/mirror-shape');
const {
  asksBeforeUpgrade, closeReturns, closesIdle, isNode, joinsDuplicates, kOptimizeEmpty, keepsLonger, limitsHeadTime, refusesBodyWrites, requiresHost, storesNoDelay,
  watchesAtOnce,
} = require('../compat/node-features');
const { parseUniqueHeadersOption } = require('../message/outgoing');
const { upgradesIfHeard } = require('./defaults');
const { ServerResponse } = require('./response');
const { ConnectionsList } = require('./connections');
const layout = require('../native/layout');
const { kConnections, kConnectionsCheckingInterval, kServerResponse } = require('./symbols');
const { sharePorts } = require('./shared-port');
const { STATUS_CODES } = require('./status-codes');
const { chooseStrict, chooseValidation } = require('../parser/strict');
const { kUniqueHeaders } = require('../compat/symbols');
const { transportOf } = require('../transport/choice');
const { keepThreads } = require('../transport/drivers');
const { OFFLOAD, chooseForServer } = require('../transport/owner-state');
const { validateBoolean, validateFunction, validateInteger, validateObject } = require('../util/validators');

// Loaded when first needed: what only connections need, and options that node does not have.
const closing = lazy(() => require('./closing'));
const connection = lazy(() => require('./connection'));
const drains = lazy(() => require('./drain'));
const fixedAnswers = lazy(() => require('./fixed-answers'));
const limits = lazy(() => require('./limits'));
const proxies = lazy(() => require('./proxy-protocol'));
const serverStats = lazy(() => require('./stats'));
const timeouts = lazy(() => require('./timeouts'));
const timings = lazy(() => require('./timings'));

/** Milliseconds within which a whole request must arrive. */
const REQUEST_TIMEOUT = 300_000;
/** Milliseconds within which a request head must arrive. */
const HEADERS_TIMEOUT = 60_000;
/** Milliseconds that an idle connection is kept. */
const KEEP_ALIVE_TIMEOUT = 5_000;
/** Milliseconds that an idle connection is kept beyond the announced time, for a request that is already on its way. */
const KEEP_ALIVE_BUFFER = 1_000;
/** Milliseconds between two checks for late requests. */
const CHECKING_INTERVAL = 30_000;

/** The options that limits.js reads. */
const LIMITS = [...ObjectKeys(layout.parserLimits), 'minBodyRate', 'maxConnectionsPerAddress', 'maxPipelined'];

const kRejection = SymbolFor('nodejs.rejection');

/**
 * An HTTP server; callable without `new`.
 * @this {http.Server}
 * @param {object} [options] see `http.createServer`
 * @param {Listener} [requestListener] becomes a listener of 'request'
 */
function Server(options, requestListener) {
  if (!(this instanceof Server)) return new Server(options, requestListener);

  if (typeof options === 'function') {
    requestListener = options;
    options = {};
  } else if (options === null || options === undefined) {
    options = {};
  } else {
    validateObject(options, 'options');
    options = { ...options };
  }

  storeHTTPOptions.call(this, options);
  net.Server.call(this, {
    allowHalfOpen: true,
    noDelay: options.noDelay ?? true,
    keepAlive: options.keepAlive,
    keepAliveInitialDelay: options.keepAliveInitialDelay,
    highWaterMark: options.highWaterMark,
  });

  if (requestListener) this.on('request', requestListener);
  this.on('connection', connectionListener);
  // Releases that watch connections from construction on need no listener: their servers have no highWaterMark, which lazy sockets take over.
  if (!watchesAtOnce) this.on('listening', setupConnectionsTracking);

  this.httpAllowHalfOpen = false;
  this.timeout = 0;
  this.maxHeadersCount = null;
  this.maxRequestsPerSocket = 0;
  if (watchesAtOnce) watchConnections(this);
  this[kUniqueHeaders] = parseUniqueHeadersOption(options.uniqueHeaders);
  hearOfProxies(this);
}
/** @typedef {Server} OwnServer see types/lib.d.ts */
ObjectSetPrototypeOf(Server.prototype, net.Server.prototype);
ObjectSetPrototypeOf(Server, net.Server);

// Servers with the option `proxyProtocol`. No property of theirs: a program would see it.
const proxied = new WeakSet();

// Called when a server has its listeners.
function hearOfProxies(server) {
  if (proxied.has(server)) proxies().hearOfProxies(server);
}

function integerOption(options, name, fallback) {
  const value = options[name];
  if (value === undefined) return fallback;
  validateInteger(value, name, 0);
  return value;
}

function booleanOption(options, name, fallback) {
  const value = options[name];
  if (value === undefined) return fallback;
  validateBoolean(value, `options.${name}`);
  return value;
}

function upgradeOption(options) {
  const { shouldUpgradeCallback: value } = options;
  if (value === undefined) return upgradesIfHeard;
  validateFunction(value, 'options.shouldUpgradeCallback');
  return value;
}

/**
 * Checks the options of a server and stores them on it.
 * @this {http.Server}
 * @param {object} options
 */
function storeHTTPOptions(options) {
  this[kIncomingMessage] = options.IncomingMessage || IncomingMessage;
  this[kServerResponse] = options.ServerResponse || ServerResponse;

  this.maxHeaderSize = integerOption(options, 'maxHeaderSize', undefined);
  this.insecureHTTPParser = booleanOption(options, 'insecureHTTPParser', undefined);
  chooseValidation(this, options);
  chooseStrict(this, options);
  this.requestTimeout = integerOption(options, 'requestTimeout', REQUEST_TIMEOUT);
  this.headersTimeout = integerOption(options, 'headersTimeout',
                                      // The head is part of the request: it must not have more time.
                                      this.requestTimeout < HEADERS_TIMEOUT && limitsHeadTime() ? this.requestTimeout : HEADERS_TIMEOUT);
  if (this.requestTimeout > 0 && this.headersTimeout > 0 &&
      (this.headersTimeout > this.requestTimeout || (this.headersTimeout === this.requestTimeout && !limitsHeadTime()))) {
    throw new codes.ERR_OUT_OF_RANGE('headersTimeout', limitsHeadTime() ? '<= requestTimeout' : '< requestTimeout', options.headersTimeout);
  }
  this.keepAliveTimeout = integerOption(options, 'keepAliveTimeout', KEEP_ALIVE_TIMEOUT);
  if (keepsLonger) this.keepAliveTimeoutBuffer = integerOption(options, 'keepAliveTimeoutBuffer', KEEP_ALIVE_BUFFER);
  this.connectionsCheckingInterval = integerOption(options, 'connectionsCheckingInterval', CHECKING_INTERVAL);
  if (requiresHost) this.requireHostHeader = booleanOption(options, 'requireHostHeader', true);
  if (joinsDuplicates) this.joinDuplicateHeaders = booleanOption(options, 'joinDuplicateHeaders', undefined);
  if (refusesBodyWrites) this.rejectNonStandardBodyWrites = booleanOption(options, 'rejectNonStandardBodyWrites', false);
  if (asksBeforeUpgrade) this.shouldUpgradeCallback = upgradeOption(options);
  if (kOptimizeEmpty !== undefined) this[kOptimizeEmpty] = booleanOption(options, 'optimizeEmptyRequests', false);
  if (storesNoDelay() && options.noDelay === undefined) options.noDelay = true;
  if (LIMITS.some((name) => options[name] !== undefined)) limits().chooseLimits(this, options);
  if (options.proxyProtocol !== undefined) {
    proxies().chooseProxies(this, options);
    proxied.add(this);
  }
  if (options.timing !== undefined) timings().chooseTiming(this, options);
  chooseForServer(this, options);
}

/**
 * Serves a socket. Listener of 'connection'.
 * @this {http.Server} an http or https server
 * @param {stream.Duplex} socket
 */
function connectionListener(socket) {
  const { serve } = connection();
  serve(this, socket, connectionListener);
}

// Lets the core take over the connections of a server that listens. `this` is the server.
function acceptNatively() {
  if (net.Server.prototype.listeners.call(this, 'connection').includes(connectionListener)) acceptLazily(this);
  if (transportOf(this) === OFFLOAD) keepThreads(this._handle);
}

// Refuses requests that have not arrived in time.
function checkConnections(server) {
  if (!server[kConnections].isEmpty()) timeouts().answerLate(server);
}

function watchConnections(server) {
  if (!server[kConnections]) server[kConnections] = new ConnectionsList();
  clearInterval(server[kConnectionsCheckingInterval]);
  server[kConnectionsCheckingInterval] = setInterval(checkConnections, server.connectionsCheckingInterval, server).unref();
}

/**
 * Starts watching the connections of a server. Listener of 'listening'; in the first releases of Node 18, called with the server by its constructor.
 * @this {Server|https.Server}
 */
const setupConnectionsTracking = watchesAtOnce ? watchConnections : function() {
  watchConnections(this);
  acceptNatively.call(this);
};
// Other runtimes have no such function.
if (isNode) nameLike(setupConnectionsTracking, builtinServer.setupConnectionsTracking);

/**
 * Runs before a server stops listening.
 * @param {Server|https.Server} server
 */
function httpServerPreClose(server) {
  if (closesIdle) server.closeIdleConnections();
  if (proxied.has(server)) proxies().endPending.call(server);
  clearInterval(server[kConnectionsCheckingInterval]);
}

/**
 * Stops listening and closes idle connections; 'close' follows when the last connection has closed.
 * @param {...Function} args a callback: called on 'close', or with ERR_SERVER_NOT_RUNNING
 * @returns {Server|undefined} this; earlier releases return nothing
 */
Server.prototype.close = function(...args) {
  httpServerPreClose(this);
  net.Server.prototype.close.apply(this, args);
  return closeReturns() ? this : undefined;
};

if (SymbolAsyncDispose !== undefined) {
  Server.prototype[SymbolAsyncDispose] = async function() {
    return promisify(this.close).call(this);
  };
}

ObjectDefineProperties(Server.prototype, {
  /** 'native' or 'offload' if the core itself reads and writes the plain connections of this server, else 'stream'. Not in Node. */
  transport: {
    __proto__: null,
    configurable: true,
    /** @this {http.Server} */
    get() {
      return transportOf(this);
    },
  },
  /** Statistics of the server and its connections; see `ServerStats` in index.d.ts. Not in Node. */
  stats: {
    __proto__: null,
    configurable: true,
    writable: true,
    value: /** @this {http.Server} */ function stats() {
      return serverStats().serverStats(this);
    },
  },
  /** Answers requests for an exact target from here on, without 'request'; see `FixedRequest` and `FixedResponse` in index.d.ts. Not in Node. */
  respond: {
    __proto__: null,
    configurable: true,
    writable: true,
    value: /** @this {http.Server} */ function respond(request, response) {
      fixedAnswers().respond(this, request, response);
      return this;
    },
  },
  /** Removes such an answer; returns whether there was one. Not in Node. */
  removeResponse: {
    __proto__: null,
    configurable: true,
    writable: true,
    value: /** @this {http.Server} */ function removeResponse(request) {
      return fixedAnswers().removeResponse(this, request);
    },
  },
  /** Ends the server without losing a request; see `DrainOptions` in index.d.ts. Not in Node. */
  drain: {
    __proto__: null,
    configurable: true,
    writable: true,
    value: /** @this {http.Server} */ async function drain(options = {}) {
      return drains().drain(this, options);
    },
  },
});

/** Closes every connection, even those that wait for a response. */
Server.prototype.closeAllConnections = function() {
  const connections = this[kConnections];
  if (!connections || connections.isEmpty()) return;
  const { closeNow } = closing();
  for (const { socket } of connections.all()) {
    if (socket) closeNow(socket);
  }
};

/** Closes the connections that do not wait for a response. */
Server.prototype.closeIdleConnections = function() {
  const connections = this[kConnections];
  if (!connections || connections.isEmpty()) return;
  const { closeNow } = closing();
  serverStats().countersOf(this).fixed?.sync();
  for (const { socket } of connections.closable()) {
    if (socket && (!socket._httpMessage || socket._httpMessage.finished)) closeNow(socket);
  }
};

/**
 * Sets the time of inactivity after which a connection emits 'timeout', for future connections.
 * @this {http.Server}
 * @param {number} [msecs] 0 for never
 * @param {Listener} [callback] becomes a listener of 'timeout'
 * @returns {Server} this
 */
Server.prototype.setTimeout = function setTimeout(msecs, callback) {
  this.timeout = msecs;
  if (callback) this.on('timeout', callback);
  return this;
};

// Called when an async listener has rejected (events.captureRejections).
Server.prototype[kRejection] = function(error, event, ...args) {
  if (event !== 'request') {
    net.Server.prototype[kRejection].call(this, error, event, ...args);
    return;
  }
  const response = args[1];
  if (response.headersSent || response.writableEnded) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusCode = 500;
  response.end(STATUS_CODES[500]);
};

sharePorts(Server.prototype);
follow(Server.prototype, Builtin.prototype, ['transport', 'stats', 'drain', 'listen', 'respond', 'removeResponse']);

module.exports = {
  __proto__: null,
  STATUS_CODES,
  Server,
  ServerResponse,
  setupConnectionsTracking,
  storeHTTPOptions,
  _connectionListener: connectionListener,
  kServerResponse,
  hearOfProxies,
  httpServerPreClose,
  kConnectionsCheckingInterval,
};
