'use strict';

/**
 * `require('rust-http/https')`: the https module with this package's server, agent and requests. TLS itself is node's.
 */

const {
  ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectHasOwn, ObjectSetPrototypeOf, Promise, Proxy, SymbolAsyncDispose,
} = require('./globals/primordials');
const tls = require('tls');
const { Agent: HttpAgent } = require('./client/agent');
const { hasProxy } = require('./client/agent-proxy');
const { globalAgentOptions } = require('./compat/builtin');
const { https } = require('./compat/genuine');
const { ClientRequest } = require('./client/request');
const { mergeOptions, optionsOfUrl } = require('./client/options');
const { agentTakesDefaults, closeReturns, keepsTlsAlive, watchesAtOnce } = require('./compat/node-features');
const http = require('./server/server');
const { validateObject } = require('./util/validators');

const DEFAULT_PORT = 443;
const PROTOCOL = 'https:';
/** How many sessions an agent keeps by default, see `maxCachedSessions`. */
const MAX_CACHED_SESSIONS = 100;

/**
 * An HTTP server over TLS; callable without `new`.
 * @this {https.Server}
 * @param {object} [opts] options of `tls.createServer` and of `http.createServer`
 * @param {Listener} [requestListener] becomes a listener of 'request'
 */
function Server(opts, requestListener) {
  if (!(this instanceof Server)) return new Server(opts, requestListener);

  if (typeof opts === 'function') {
    requestListener = opts;
    opts = undefined;
  } else if (opts !== undefined && opts !== null) {
    validateObject(opts, 'options');
  }
  opts = { noDelay: true, ...opts };
  // RFC 7301: a client that offers only other protocols is refused during the handshake.
  if (!('ALPNProtocols' in opts) && !opts.ALPNCallback) opts.ALPNProtocols = ['http/1.1'];

  http.storeHTTPOptions.call(this, opts);
  tls.Server.call(this, opts, http._connectionListener);
  this.httpAllowHalfOpen = false;
  if (requestListener) this.on('request', requestListener);
  this.on('tlsClientError', onTlsClientError);
  if (watchesAtOnce) http.setupConnectionsTracking(this);
  else this.on('listening', http.setupConnectionsTracking);
  this.timeout = 0;
  this.maxHeadersCount = null;
  http.hearOfProxies(this);
}
/** @typedef {Server} OwnServer see types/lib.d.ts */
ObjectSetPrototypeOf(Server.prototype, tls.Server.prototype);
ObjectSetPrototypeOf(Server, tls.Server);

function onTlsClientError(error, socket) {
  if (!this.emit('clientError', error, socket)) socket.destroy(error);
}

Server.prototype.closeAllConnections = http.Server.prototype.closeAllConnections;
Server.prototype.closeIdleConnections = http.Server.prototype.closeIdleConnections;
Server.prototype.setTimeout = http.Server.prototype.setTimeout;
// Not in Node.
for (const name of ['stats', 'drain', 'listen', 'respond', 'removeResponse']) {
  if (ObjectHasOwn(http.Server.prototype, name)) ObjectDefineProperty(Server.prototype, name, ObjectGetOwnPropertyDescriptor(http.Server.prototype, name));
}

// 18.12 uses the close() of TLS servers.
if (!watchesAtOnce) {
  /**
   * Stops listening and closes idle connections; 'close' follows when the last connection has closed.
   * @this {https.Server}
   * @param {Function} [callback] called on 'close', or with ERR_SERVER_NOT_RUNNING
   * @returns {Server|undefined} this; Node 18 and early 20 return nothing
   */
  Server.prototype.close = function(callback) {
    http.httpServerPreClose(this);
    tls.Server.prototype.close.call(this, callback);
    return closeReturns() ? this : undefined;
  };
}

if (SymbolAsyncDispose !== undefined && ObjectHasOwn(http.Server.prototype, SymbolAsyncDispose)) {
  /** @this {https.Server} */
  Server.prototype[SymbolAsyncDispose] = async function() {
    return new Promise((resolve, reject) => {
      this.close((error) => (error ? reject(error) : resolve()));
    });
  };
}

/**
 * @param {object} [opts] options of `tls.createServer` and of `http.createServer`
 * @param {Listener} [requestListener] becomes a listener of 'request'
 * @returns {Server} not listening yet
 */
function createServer(opts, requestListener) {
  return new Server(opts, requestListener);
}

/**
 * An agent whose connections are TLS. It caches sessions, so that later connections to an origin have a shorter handshake.
 * @this {https.Agent}
 * @param {object} [options] options of `http.Agent`, of `tls.connect`, and `maxCachedSessions` (100; 0 for no cache)
 */
function Agent(options) {
  if (!(this instanceof Agent)) return new Agent(options);
  if (agentTakesDefaults) {
    options = { ...options };
    options.defaultPort ??= DEFAULT_PORT;
    options.protocol ??= PROTOCOL;
    HttpAgent.call(this, options);
  } else {
    HttpAgent.call(this, options);
    this.defaultPort = DEFAULT_PORT;
    this.protocol = PROTOCOL;
  }
  this.maxCachedSessions = this.options.maxCachedSessions;
  if (this.maxCachedSessions === undefined) this.maxCachedSessions = MAX_CACHED_SESSIONS;
  this._sessionCache = { map: {}, list: [] };
}
/** @typedef {Agent} OwnAgent see types/lib.d.ts */
ObjectSetPrototypeOf(Agent.prototype, HttpAgent.prototype);
ObjectSetPrototypeOf(Agent, HttpAgent);

/**
 * Opens a TLS connection, resuming an earlier session with the same origin if there is one.
 * @param {any[]} args port, host and options; each may be left out
 * @returns {tls.TLSSocket}
 */
Agent.prototype.createConnection = function createConnection(...args) {
  if (hasProxy(this)) return createTunnel().apply(this, args);
  let options = connectionOptions(...args);
  const key = options._agentKey;
  if (key) {
    const session = this._getSession(key);
    if (session) options = { session, ...options };
  }
  const socket = tls.connect(options);
  if (key) {
    socket.on('session', (session) => this._cacheSession(key, session));
    // The session may be why the connection failed.
    socket.once('close', (hadError) => {
      if (hadError) this._evictSession(key);
    });
  }
  return socket;
};

// node connects through proxies: a tunnel is TLS over a connection that spoke HTTP before.
function createTunnel() {
  return https().Agent.prototype.createConnection;
}

function connectionOptions(port, host, options) {
  if (port !== null && typeof port === 'object') return port;
  if (host !== null && typeof host === 'object') options = { ...host };
  else if (options !== null && typeof options === 'object') options = { ...options };
  else options = {};
  if (typeof port === 'number') options.port = port;
  if (typeof host === 'string') options.host = host;
  return options;
}

if (keepsTlsAlive) {
  /** Whether, and for how long, a socket is kept when its request is done. @param {tls.TLSSocket} socket @returns {boolean} */
  Agent.prototype.keepSocketAlive = function keepSocketAlive(socket) {
    return HttpAgent.prototype.keepSocketAlive.call(this, socket);
  };
}

/**
 * The name of a request's origin: connections with the same name may serve each other's requests.
 * @param {object} [options]
 * @returns {string} the name that http.Agent gives, with all TLS options that distinguish connections, separated by colons
 */
Agent.prototype.getName = function getName(options = {}) {
  return nodesName().call(this, options);
};

// node decides which TLS options distinguish connections, since TLS is node's. Releases have added some; a name without one of them
// would give a request a connection that was verified for another. The module is not loaded earlier: see register.
let genuineName;
function nodesName() {
  genuineName ??= https().Agent.prototype.getName;
  return genuineName;
}

// A request with its own checkServerIdentity shares its connection with no other, unless its agent has the check (22.23, 24.19,
// 26.6). It gets a unique number in the member that getName() reads last.
let numberMember;
function ownCheckMember() {
  if (numberMember === undefined) {
    /** @type {any} */
    let last;
    nodesName().call(undefined, new Proxy({}, { get(_, name) { last = name; } }));
    numberMember = typeof last === 'symbol' && last.description === 'per-request checkServerIdentity' ? last : null;
  }
  return numberMember;
}

let lastNumber = 0;
function setApart(options) {
  if (options.checkServerIdentity === undefined || ownCheckMember() === null) return;
  const agent = options.agent || options._defaultAgent;
  if (agent.options?.checkServerIdentity === undefined) options[ownCheckMember()] = ++lastNumber;
}

/** @param {string} key the name of an origin @returns {Buffer|undefined} its session */
Agent.prototype._getSession = function _getSession(key) {
  return this._sessionCache.map[key];
};

/** Keeps a session and drops the oldest if the cache is full. @param {string} key the name of an origin @param {Buffer} session */
Agent.prototype._cacheSession = function _cacheSession(key, session) {
  if (this.maxCachedSessions === 0) return;
  const { map, list } = this._sessionCache;
  if (map[key] === undefined) {
    if (list.length >= this.maxCachedSessions) delete map[list.shift()];
    list.push(key);
  }
  map[key] = session;
};

/** Drops a session. @param {string} key the name of an origin */
Agent.prototype._evictSession = function _evictSession(key) {
  const { map, list } = this._sessionCache;
  const index = list.indexOf(key);
  if (index === -1) return;
  list.splice(index, 1);
  delete map[key];
};

/**
 * Makes a request over TLS.
 * @param {any[]} args the URL, the options (which override the URL), and a listener of 'response'; the URL or the options may be left out
 * @returns {https.ClientRequest}
 */
function request(...args) {
  const base = optionsOfUrl(args[0]);
  if (base !== null) args.shift();
  const given = args.length > 0 && typeof args[0] !== 'function' ? args.shift() : undefined;
  /** @type {any} */
  const options = mergeOptions(base, given);
  options._defaultAgent = module.exports.globalAgent;
  setApart(options);
  return /** @type {any} */ (new ClientRequest(options, ...args));
}

/**
 * Makes a request over TLS and ends it: for requests without a body.
 * @param {string|URL|object} url the URL, or the options
 * @param {object|function} [options]
 * @param {function(https.IncomingMessage): void} [cb]
 * @returns {https.ClientRequest}
 */
function get(url, options, cb) {
  const req = request(url, options, cb);
  req.end();
  return req;
}

module.exports = {
  Agent,
  /** The agent of requests that name none; may be replaced. */
  globalAgent: new Agent(globalAgentOptions),
  Server,
  createServer,
  get,
  request,
};
