'use strict';

/**
 * http.ClientRequest, and the functions that make one: request, get and the old createClient.
 */

const {
  ArrayIsArray, Boolean, NumberIsFinite, ObjectDefineProperty, ObjectKeys, ObjectSetPrototypeOf, ReflectApply, Symbol, process,
} = require('../globals/primordials');
const { Buffer } = require('node:buffer');
const net = require('net');
const { addAbortSignal } = require('stream');
const { deprecate } = require('util');
const EventEmitter = require('events');
const agents = require('./agent');
const { kPlaced, kPlacer } = require('./agent-sockets');
const { hasProxy, rewriteForProxy } = require('./agent-proxy');
const {
  BODILESS_METHODS,
  KNOWN_METHODS,
  hostField,
  mergeOptions,
  optionsOfUrl,
  validateHost,
  validatePath,
} = require('./options');
const { kReason } = require('./symbols');
const observe = require('../observe/client-channels');
const { ClientRequest: Builtin } = require('../compat/builtin');
const { codes } = require('../util/errors');
const { lazy } = require('../compat/lazy');
const { follow } = require('../compat/mirror-shape');
const {
  baresAgents, baresUrls, checksPath, hidesPath, joinsDuplicates, leavesHeadersAlone, namesTarget, requestMark, requestSymbols, sparesSocket,
} = require('../compat/node-features');
const { beginTiming, mayBeTimed } = require('./timings');
const { OutgoingMessage, parseUniqueHeadersOption } = require('../message/outgoing');
const { getHeader } = require('../message/outgoing-headers');
const { chooseStrict, chooseValidation } = require('../parser/strict');
const { kHighWaterMark, kOutHeaders, kUniqueHeaders } = require('../compat/symbols');
const { once } = require('../util/once');
const { checkIsHttpToken, getTimerDuration, validateBoolean, validateInteger, validateString } = require('../util/validators');

/**
 * Where a request keeps `path` behind its accessor (Node 24), and what proxies need; undefined in releases without them, and before
 * the first request.
 */
let kPath;
let kAbsolute;
let kAuthority;

function findSymbols() {
  ({ kPath = Symbol('kPath'), kAbsolute, kAuthority } = requestSymbols());
}

// Loaded with the first request that gets a socket.
const exchange = lazy(() => require('./exchange'));

/**
 * A request in progress: write its body, listen for its response.
 * @this {http.ClientRequest}
 * @param {string|URL|object} input the URL, or the options
 * @param {object|function} [options]
 * @param {function(http.IncomingMessage): void} [callback] listener of 'response', once
 */
function ClientRequest(input, options, callback) {
  OutgoingMessage.call(this);

  const base = optionsOfUrl(input);
  if (base === null) {
    callback = options;
    options = input;
  } else if (namesTarget() && isConnect(options?.method)) {
    base.path = withoutSlash(base.path);
  }
  if (typeof options === 'function') {
    callback = options;
    options = mergeOptions(base);
  } else {
    options = mergeOptions(base, options);
  }

  const defaultAgent = options._defaultAgent || agents.globalAgent;
  const agent = chooseAgent(options, defaultAgent);
  this.agent = agent;

  const path = options.path;
  if (path) validatePath(path);
  const protocol = options.protocol || defaultAgent.protocol;
  const expected = (agent && agent.protocol) || defaultAgent.protocol;
  if (protocol !== expected) throw new codes.ERR_INVALID_PROTOCOL(protocol, expected);

  const defaultPort = options.defaultPort || (agent && agent.defaultPort);
  const port = options.port = options.port || defaultPort || 80;
  const host = options.host = validateHost(options.hostname, 'hostname') || validateHost(options.host, 'host') || 'localhost';
  const bare = options.setDefaultHeaders !== undefined && !options.setDefaultHeaders && leavesHeadersAlone();
  if (bare) {
    this._removedConnection = true;
    this._removedContLen = true;
    this._removedTE = true;
  }
  const setHost = options.setHost === undefined ? !bare : Boolean(options.setHost);

  this.socketPath = options.socketPath;
  if (options.timeout !== undefined) this.timeout = getTimerDuration(options.timeout, 'timeout');
  const signal = options.signal;
  if (signal) {
    addAbortSignal(signal, /** @type {any} */ (this));
    // The signal ends the request; the socket may serve others.
    delete options.signal;
  }

  const method = this.method = chooseMethod(options.method);
  if (options.maxHeaderSize !== undefined) validateInteger(options.maxHeaderSize, 'maxHeaderSize', 0);
  this.maxHeaderSize = options.maxHeaderSize;
  if (options.insecureHTTPParser !== undefined) validateBoolean(options.insecureHTTPParser, 'options.insecureHTTPParser');
  this.insecureHTTPParser = options.insecureHTTPParser;
  chooseValidation(this, options);
  chooseStrict(this, options);
  if (joinsDuplicates) {
    if (options.joinDuplicateHeaders !== undefined) validateBoolean(options.joinDuplicateHeaders, 'options.joinDuplicateHeaders');
    this.joinDuplicateHeaders = options.joinDuplicateHeaders;
  }
  if (checksPath) {
    if (kPath === undefined) findSymbols();
    this[kPath] = path || '/';
    if (kAuthority !== undefined) {
      this[kAbsolute] = false;
      this[kAuthority] = hostField(host, port, defaultPort);
    }
  } else {
    this.path = path || '/';
  }
  if (options.highWaterMark !== undefined && options.highWaterMark !== null && requestMark()) this[kHighWaterMark] = options.highWaterMark;
  if (callback) this.once('response', callback);
  if (BODILESS_METHODS.has(method)) this.useChunkedEncodingByDefault = false;

  this._ended = false;
  this.res = null;
  this.aborted = false;
  this.timeoutCb = null;
  this.upgradeOrConnect = false;
  this.parser = null;
  this.maxHeadersCount = null;
  this.reusedSocket = false;
  this[kPlaced] = null;
  this[kPlacer] = null;
  this.host = host;
  this.protocol = protocol;
  if (mayBeTimed(options)) beginTiming(this, options);

  if (agent) {
    // The connection is kept if the agent keeps it, or may need it for a waiting request.
    if (!agent.keepAlive && !NumberIsFinite(agent.maxSockets)) {
      this._last = true;
      this.shouldKeepAlive = false;
    } else {
      this._last = false;
      this.shouldKeepAlive = true;
    }
  }

  this[kUniqueHeaders] = parseUniqueHeadersOption(options.uniqueHeaders);
  takeHeaders(this, options, path && method === 'CONNECT' && namesTarget() ? path : hostField(host, port, defaultPort), setHost);

  if (agent) {
    agent.addRequest(this, agent.addRequest === agents.Agent.prototype.addRequest ? options : optionsForAgent(options, base !== null));
  } else {
    this._last = true;
    this.shouldKeepAlive = false;
    connectAlone(this, optionsAlone(options, base !== null && !signal));
  }
  observe.made(this);
}
/** @typedef {ClientRequest} OwnClientRequest see types/lib.d.ts */
ObjectSetPrototypeOf(ClientRequest.prototype, OutgoingMessage.prototype);
ObjectSetPrototypeOf(ClientRequest, OutgoingMessage);

if (checksPath) {
  ObjectDefineProperty(ClientRequest.prototype, 'path', {
    __proto__: null,
    configurable: true,
    enumerable: true,
    get: function get() {
      return this[kPath];
    },
    set: function set(value) {
      validatePath(value);
      if (kPath === undefined) findSymbols();
      this[kPath] = value;
    },
  });
}

/** `false` means a new agent for this request; without a value it is the default one, or none if the caller opens the connection. */
function chooseAgent(options, defaultAgent) {
  const agent = options.agent;
  if (agent === false) return new defaultAgent.constructor();
  if (agent === null || agent === undefined) {
    return typeof options.createConnection === 'function' ? undefined : defaultAgent;
  }
  if (typeof agent.addRequest !== 'function') {
    throw new codes.ERR_INVALID_ARG_TYPE('options.agent', ['Agent-like Object', 'undefined', 'false'], agent);
  }
  return agent;
}

function chooseMethod(method) {
  if (method === null || method === undefined || method === '') return 'GET';
  if (KNOWN_METHODS.has(method)) return method;
  validateString(method, 'options.method');
  if (!checkIsHttpToken(method)) throw new codes.ERR_INVALID_HTTP_TOKEN('Method', method);
  return method.toUpperCase();
}

function isConnect(method) {
  return typeof method === 'string' && method.toUpperCase() === 'CONNECT';
}

// RFC 9112, section 3.2.3: the target of CONNECT is the authority alone.
function withoutSlash(path) {
  return path.length > 1 && path.startsWith('/') ? path.slice(1) : path;
}

function firstLine(req) {
  return `${req.method} ${req.path} HTTP/1.1\r\n`;
}

function takeHeaders(req, options, host, setHost) {
  const headers = options.headers;
  const proxied = req.agent && hasProxy(req.agent);
  if (ArrayIsArray(headers)) {
    if (proxied) useProxy(req, options);
    // A list is the whole head: only what the message itself needs is added.
    req._storeHeader(firstLine(req), headers);
    return;
  }
  // A getHeader() of the program may know fields that nobody has set.
  let given = req.getHeader !== getHeader;
  if (headers) {
    for (const name of ObjectKeys(headers)) {
      req.setHeader(name, headers[name]);
      given = true;
    }
  }
  const ownHost = given ? req.getHeader('host') : undefined;
  if (setHost && !ownHost) req.setHeader('Host', host);
  if (options.auth && !(given && req.getHeader('Authorization'))) {
    req.setHeader('Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`);
  }
  if (proxied) useProxy(req, options, ownHost);
  // The agent takes the TLS name from it.
  if (ownHost && req.agent) validateString(req.getHeader('host'), 'options.headers.host');
  if (given && req.getHeader('expect')) {
    // RFC 9110, section 10.1.1: the client waits for the answer to the head before it sends the body.
    if (req._header) throw new codes.ERR_HTTP_HEADERS_SENT('render');
    req._storeHeader(firstLine(req), req[kOutHeaders]);
  }
}

function useProxy(req, options, givenHost) {
  const target = rewriteForProxy(req, options, givenHost);
  if (target === null) return;
  if (checksPath) req[kPath] = target;
  else req.path = target;
  if (kAbsolute !== undefined) req[kAbsolute] = true;
}

/** The options for an agent of the program. */
function optionsForAgent(options, isUrl) {
  return baresAgents() || (isUrl && baresUrls()) ? { __proto__: null, ...options } : { ...options };
}

/** The options for a connection without an agent: to net.connect, a path is that of a local socket. */
function optionsAlone(options, isUrl) {
  if (!hidesPath()) return isUrl && baresUrls() ? { __proto__: null, ...options } : { ...options };
  if (options.socketPath) return { ...options, path: options.socketPath };
  return options.path ? { ...options, path: undefined } : { __proto__: null, ...options };
}

/** Opens a connection for this request alone. */
function connectAlone(req, options) {
  if (typeof options.createConnection !== 'function') {
    req.onSocket(net.createConnection(options));
    return;
  }
  const created = once((err, socket) => {
    if (err) process.nextTick(emitError, req, err);
    else req.onSocket(socket);
  });
  try {
    const socket = options.createConnection(options, created);
    if (socket) created(null, socket);
  } catch (err) {
    created(err);
  }
}

function emitError(req, err) {
  observe.failed(req, err);
  req.emit('error', err);
}

/**
 * Called when the last byte of the request was given to the socket.
 * @this {http.ClientRequest}
 */
ClientRequest.prototype._finish = function _finish() {
  OutgoingMessage.prototype._finish.call(this);
  observe.started(this);
};

/**
 * Makes the head from what setHeader() has stored.
 * @this {http.ClientRequest}
 */
ClientRequest.prototype._implicitHeader = function _implicitHeader() {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('render');
  this._storeHeader(firstLine(this), this[kOutHeaders]);
};

/**
 * Ends the request and emits 'abort' the first time. Deprecated in favour of destroy().
 * @this {http.ClientRequest}
 */
ClientRequest.prototype.abort = function abort() {
  if (this.aborted) return;
  this.aborted = true;
  process.nextTick(emitAbort, this);
  this.destroy();
};

function emitAbort(req) {
  req.emit('abort');
}

/**
 * Ends the request and its connection.
 * @this {http.ClientRequest}
 * @param {Error} [err] emitted as 'error'
 * @returns {http.ClientRequest} this
 */
ClientRequest.prototype.destroy = function destroy(err) {
  if (this.destroyed) return this;
  this.destroyed = true;
  // The rest of the response is dropped.
  if (this.res) this.res._dump();
  if (this.res?.complete && this.writableFinished && sparesSocket()) return this;
  this[kReason] = err;
  if (this.socket) this.socket.destroy(err);
  return this;
};

/**
 * The agent calls it with the socket of this request, or with the error for lack of one.
 * @this {http.ClientRequest}
 * @param {stream.Duplex} socket
 * @param {Error} [err]
 */
ClientRequest.prototype.onSocket = function onSocket(socket, err) {
  exchange().give(this, socket, err);
};

/**
 * Calls a method of the socket as soon as there is a writable one; a connecting socket is writable.
 * @this {http.ClientRequest}
 * @param {string} method
 * @param {Array} args
 */
ClientRequest.prototype._deferToConnect = function _deferToConnect(method, args) {
  const onSocket = () => callOnceWritable(this, method, args);
  if (this.socket) onSocket();
  else this.once('socket', onSocket);
};

function callOnceWritable(req, method, args) {
  const callSocketMethod = () => ReflectApply(req.socket[method], req.socket, args);
  if (req.socket.writable) callSocketMethod();
  else req.socket.once('connect', callSocketMethod);
}

/**
 * Emits 'timeout' when the connected socket was idle for that long. The request goes on.
 * @this {http.ClientRequest}
 * @param {number} msecs milliseconds; 0 for never
 * @param {Listener} [callback] listener of 'timeout', once
 * @returns {http.ClientRequest} this
 */
ClientRequest.prototype.setTimeout = function setTimeout(msecs, callback) {
  // The socket may serve another request by now.
  if (this._ended) return this;
  exchange().watchTimeout(this);
  msecs = getTimerDuration(msecs, 'msecs');
  if (callback) this.once('timeout', callback);
  if (this.socket) setSocketTimeout(this.socket, msecs);
  else this.once('socket', (socket) => setSocketTimeout(socket, msecs));
  return this;
};

// The function's name appears in the error of a stream that has no such method.
function setSocketTimeout(sock, msecs) {
  if (sock.connecting) {
    sock.once('connect', () => sock.setTimeout(msecs));
  } else {
    sock.setTimeout(msecs);
  }
}

/**
 * @param {boolean} [noDelay] see socket.setNoDelay()
 * @this {http.ClientRequest}
 */
ClientRequest.prototype.setNoDelay = function setNoDelay(noDelay) {
  this._deferToConnect('setNoDelay', [noDelay]);
};

/**
 * @param {boolean} [enable] see socket.setKeepAlive() @param {number} [initialDelay] milliseconds
 * @this {http.ClientRequest}
 */
ClientRequest.prototype.setSocketKeepAlive = function setSocketKeepAlive(enable, initialDelay) {
  this._deferToConnect('setKeepAlive', [enable, initialDelay]);
};

/**
 * @param {Listener} [callback] setTimeout(0) of the socket removes it from 'timeout'
 * @this {http.ClientRequest}
 */
ClientRequest.prototype.clearTimeout = function clearTimeout(callback) {
  this.setTimeout(0, callback);
};

follow(ClientRequest.prototype, Builtin.prototype);

/**
 * Makes a request.
 * @param {string|URL|object} url the URL, or the options
 * @param {object|function} [options] override those of the URL
 * @param {function(http.IncomingMessage): void} [cb] listener of 'response', once
 * @returns {http.ClientRequest}
 */
function request(url, options, cb) {
  return /** @type {any} */ (new ClientRequest(url, options, cb));
}

/**
 * Makes a request and ends it: for requests without a body.
 * @param {string|URL|object} url the URL, or the options
 * @param {object|function} [options]
 * @param {function(http.IncomingMessage): void} [cb]
 * @returns {http.ClientRequest}
 */
function get(url, options, cb) {
  const req = request(url, options, cb);
  req.end();
  return req;
}

/**
 * The result of createClient(): a host and a port whose requests share an agent.
 * @this {any}
 */
function Client(port, host) {
  EventEmitter.call(this);
  this.host = host || 'localhost';
  this.port = port || 80;
  this.agent = new agents.Agent({ host: this.host, port: this.port, maxSockets: 1 });
}
ObjectSetPrototypeOf(Client.prototype, EventEmitter.prototype);
ObjectSetPrototypeOf(Client, EventEmitter);

/**
 * Makes a request to the client's host.
 * @param {string} [method] 'GET' if left out
 * @param {string} [path]
 * @param {object} [headers]
 * @returns {http.ClientRequest}
 */
Client.prototype.request = function (method, path, headers) {
  if (typeof path !== 'string') {
    headers = path;
    path = method;
    method = 'GET';
  }
  /** @type {any} */
  const client = this;
  /** @type {any} */
  const req = new ClientRequest({ method, path, headers, host: this.host, port: this.port, agent: this.agent });
  // The request passes these events on to the client.
  req.on('error', (err) => client.emit('error', err));
  req.on('socket', (socket) => {
    socket.on('end', () => client.emit('end'));
  });
  return req;
};

/**
 * The interface before `http.request`.
 * @param {number} [port] 80 by default
 * @param {string} [host] 'localhost' by default
 * @returns {Client}
 * @deprecated
 */
const createClient = deprecate(function createClient(port, host) {
  return new Client(port, host);
}, 'http.createClient is deprecated. Use `http.request` instead.');

module.exports = { ClientRequest, createClient, get, request };
