'use strict';

/**
 * http.Agent: which socket a request gets, and what happens to the socket when the request is done.
 *
 * `sockets`, `freeSockets`, `requests` and `totalSocketCount` are plain and public: programs and agents built on this one read and
 * change them. So every decision is made from what they hold at that moment, and no second record is kept.
 */

const { NumberIsFinite, ObjectDefineProperty, ObjectHasOwn, ObjectKeys, ObjectSetPrototypeOf, Symbol } = require('../globals/primordials');
const { AsyncResource } = require('async_hooks');
const EventEmitter = require('events');
const net = require('net');
const { debuglog } = require('util');
const { Agent: Builtin, globalAgentOptions } = require('../compat/builtin');
const { chooseProxy, hasProxy, isTunnelError, waitsForTunnel } = require('./agent-proxy');
const { mergeOptions } = require('./options');
const { codes } = require('../util/errors');
const { headerOf } = require('../message/incoming');
const { lazy } = require('../compat/lazy');
const { follow } = require('../compat/mirror-shape');
const { agentTakesDefaults, connectsWithTimeout, hintMargin, keepAliveBuffer, limitsFromOne, marksKeptSockets, tellsTunnelOnce } = require('../compat/node-features');
const { kAsyncId } = require('../compat/async-symbols');
const native = require('../native/addon');
const {
  pool: {
    REUSE_OLDEST, REUSE_NEWEST, OPEN, QUEUE_AND_EVICT, WRITABLE, PERSISTENT, OTHERS_STARVE, GIVE, KEEP, REFILL_OWN, REFILL_OTHER,
  },
} = require('../native/layout');
const { agentCounters, agentStats, requestFailed } = require('./stats');
const { originName } = require('./origin-names');
const { kLimits, kQueued, kRetries } = require('./symbols');
const { chooseTiming } = require('./timings');
const { once } = require('../util/once');
const { validateNumber, validateOneOf, validateString } = require('../util/validators');
const sockets = require('./agent-sockets');
const timings = require('../observe/timings');
const { chooseForAgent } = require('../transport/owner-state');
const attachment = lazy(() => require('./attachment'));
const socketLimits = lazy(() => require('./socket-limits'));
const sendingAgain = lazy(() => require('./retries'));

const plainCreate = Builtin.prototype.createConnection;

const debug = debuglog('http');

/** What a request in `requests` needs when its turn comes: the connect options, and the async context in which it was made. */
const kWaiting = Symbol('waiting');
/** The listener that forwards each socket's 'keylog'; added with the agent's first listener of that event. */
const kOnKeylog = Symbol('onkeylog');

const SCHEDULING = ['fifo', 'lifo'];

/**
 * Manages a client's connections: opens, keeps and reuses them for each origin.
 * @this {http.Agent}
 * @param {object} [options] see the documentation of `new Agent([options])`; also options of `socket.connect()`
 */
function Agent(options) {
  if (!(this instanceof Agent)) return new Agent(options);
  EventEmitter.call(this);

  if (agentTakesDefaults) {
    this.options = { __proto__: null, ...options };
    this.defaultPort = this.options.defaultPort || 80;
    this.protocol = this.options.protocol || 'http:';
  } else {
    this.defaultPort = 80;
    this.protocol = 'http:';
    this.options = { __proto__: null, ...options };
  }
  if (this.options.noDelay === undefined) this.options.noDelay = true;
  // Otherwise net.connect would take a request's path for that of a local socket.
  this.options.path = null;
  this.requests = { __proto__: null };
  this.sockets = { __proto__: null };
  this.freeSockets = { __proto__: null };
  this.keepAliveMsecs = this.options.keepAliveMsecs || 1000;
  this.keepAlive = this.options.keepAlive || false;
  this.maxSockets = this.options.maxSockets || Agent.defaultMaxSockets;
  this.maxFreeSockets = this.options.maxFreeSockets || 256;
  this.scheduling = this.options.scheduling || 'lifo';
  this.maxTotalSockets = this.options.maxTotalSockets;
  this.totalSocketCount = 0;

  chooseForAgent(this, this.options.transport);
  const { maxRequestsPerSocket, maxSocketAge, retries } = this.options;
  if (maxSocketAge !== undefined || maxRequestsPerSocket !== undefined) socketLimits().chooseSocketLimits(this, this.options);
  if (retries !== undefined) sendingAgain().chooseRetries(this, this.options);
  chooseTiming(this, this.options);
  validateOneOf(this.scheduling, 'scheduling', SCHEDULING);
  if (this.maxTotalSockets === undefined) this.maxTotalSockets = Infinity;
  else validateTotal(this.maxTotalSockets);

  if (keepAliveBuffer !== undefined) {
    const buffer = this.options.agentKeepAliveTimeoutBuffer;
    this.agentKeepAliveTimeoutBuffer = NumberIsFinite(buffer) && buffer >= 0 ? buffer : keepAliveBuffer;
  }

  chooseProxy(this);

  this.on('free', onSocketFree);
  this.on('newListener', maybeEnableKeylog);
}
/** @typedef {Agent} OwnAgent see types/lib.d.ts */
ObjectSetPrototypeOf(Agent.prototype, EventEmitter.prototype);
ObjectSetPrototypeOf(Agent, EventEmitter);

function validateTotal(value) {
  validateNumber(value, 'maxTotalSockets', limitsFromOne() ? 1 : undefined);
  if (!(value > 0) && !limitsFromOne()) throw new codes.ERR_OUT_OF_RANGE('maxTotalSockets', '> 0', value);
}

/** The default limit of sockets per origin. */
Agent.defaultMaxSockets = Infinity;

/** Opens the connection of a request; up to Node 20 the same as `net.connect`. May be replaced: return a Duplex or pass it to the callback. */
Agent.prototype.createConnection = agentTakesDefaults ? function createConnection(...args) {
  // node connects to proxies, perhaps over TLS.
  return hasProxy(this) ? plainCreate.apply(this, args) : net.connect(.../** @type {[any]} */ (args));
} : net.connect;
const ownCreate = Agent.prototype.createConnection;

/**
 * The name of a request's origin: connections with the same name may serve each other's requests.
 * @param {{host?: string, port?: number, localAddress?: string, family?: number, socketPath?: string}} [options]
 * @returns {string} `host:port:localAddress[:family][:socketPath]`
 */
Agent.prototype.getName = function getName(options = {}) {
  const { host, port, localAddress, family, socketPath } = options;
  return originName(host, port, localAddress, family, socketPath);
};

const plainName = Agent.prototype.getName;

// Gives a kept socket the high-water mark that a new one would get for the request.
function takeMark(socket, { highWaterMark }) {
  const state = socket._writableState;
  if (highWaterMark !== undefined && highWaterMark !== null && state) state.highWaterMark = highWaterMark;
}

/**
 * Gives a request a free socket, a new one, or a place in the queue.
 * @this {http.Agent}
 * @param {http.ClientRequest} req
 * @param {object|string} options connect options; in the old form a host name
 * @param {number} [port] with a host name
 * @param {string} [localAddress] with a host name
 */
Agent.prototype.addRequest = function addRequest(req, options, port, localAddress) {
  if (typeof options === 'string') options = mergeOptions({ host: options, port, localAddress });

  // Only a new connection needs the merged options.
  let full = null;
  let name;
  if (this.getName === plainName) {
    name = nameOf(this, options);
  } else {
    full = connectOptions(this, req, options);
    name = this.getName(full);
  }

  if (this.sockets[name] === undefined) this.sockets[name] = [];
  const lifo = this.scheduling === 'fifo' ? 0 : 1;
  let decision;
  for (;;) {
    const free = this.freeSockets[name];
    decision = native.placeRequest(this.sockets[name].length, free === undefined ? 0 : free.length, this.totalSocketCount,
                                   idleElsewhere(this, name), +this.maxSockets, +this.maxTotalSockets, lifo);
    if (decision !== REUSE_OLDEST && decision !== REUSE_NEWEST) break;
    const socket = decision === REUSE_OLDEST ? free.shift() : free.pop();
    if (free.length === 0) delete this.freeSockets[name];
    if (req[sockets.kPlaced] === null ? sockets.isUsable(socket) : sockets.isFit(socket)) {
      if (req[sockets.kPlaced] === null) {
        req[sockets.kPlaced] = options;
        req[sockets.kPlacer] = this;
      }
      sockets.endIdle(socket);
      if (marksKeptSockets()) takeMark(socket, ObjectHasOwn(this.options, 'highWaterMark') ? this.options : options);
      sockets.renewAsyncIdentity(socket);
      this.reuseSocket(socket, req);
      assign(this, req, socket);
      const inUse = this.sockets[name];
      if (inUse === undefined) this.sockets[name] = [socket];
      else inUse.push(socket);
      return;
    }
    agentCounters(this).stale++;
    socket.destroy();
  }

  if (decision === OPEN) {
    openFor(this, req, full === null ? connectOptions(this, req, options) : full);
    return;
  }
  if (decision === QUEUE_AND_EVICT) dropIdle(this);
  let queue = this.requests[name];
  if (queue === undefined) queue = this.requests[name] = [];
  req[kWaiting] = { options: full === null ? options : full, resource: new AsyncResource('QueuedRequest') };
  queue.push(req);
};

/**
 * Opens a socket for a request and begins to manage it.
 * @this {http.Agent}
 * @param {http.ClientRequest} req
 * @param {object} options connect options
 * @param {function(Error?, stream.Duplex=): void} callback
 */
Agent.prototype.createSocket = function createSocket(req, options, callback) {
  if (timings.used) req[timings.kTimings]?.opening();
  const full = connectOptions(this, req, options);
  const name = this.getName(full);
  full._agentKey = name;
  full.encoding = null;
  if (req.timeout && connectsWithTimeout()) full.timeout = req.timeout;

  const agent = this;
  const counters = agentCounters(agent);
  const created = once((err, socket) => {
    if (err) {
      callback(err);
      return;
    }
    const inUse = agent.sockets[name];
    if (inUse === undefined) agent.sockets[name] = [socket];
    else inUse.push(socket);
    agent.totalSocketCount++;
    counters.opened++;
    manageSocket(agent, socket, full);
    callback(null, socket);
  });

  if (this.keepAlive) {
    full.keepAlive = this.keepAlive;
    full.keepAliveInitialDelay = this.keepAliveMsecs;
  }
  if (debug.enabled) debug('agent: open %s', name, full);
  const isOwn = this.createConnection === ownCreate && !hasProxy(this);
  const socket = (isOwn ? attachment().open(this, full, created) : undefined) ?? this.createConnection(full, created);
  if (socket && !waitsForTunnel(this, socket)) created(null, socket);
};

/**
 * Removes a socket from the lists, and opens one for a request that waits for room.
 * @param {stream.Duplex} socket
 * @param {object} options with which it was opened
 */
Agent.prototype.removeSocket = function removeSocket(socket, options) {
  const name = this.getName === plainName ? nameOf(this, options) : this.getName(options);
  remove(this.sockets, name, socket);
  // A socket that is becoming idle stays in the free list.
  if (!socket.writable) remove(this.freeSockets, name, socket);

  openForWaiting(this, name);
};

/**
 * Whether, and for how long, a socket is kept when its request is done. May be replaced.
 * @param {stream.Duplex} socket
 * @returns {boolean} false to have it destroyed
 */
Agent.prototype.keepSocketAlive = function keepSocketAlive(socket) {
  socket.setKeepAlive(true, this.keepAliveMsecs);
  socket.unref();

  let timeout = this.options.timeout || 0;
  const res = socket._httpMessage && socket._httpMessage.res;
  const margin = hintMargin();
  const hint = margin !== undefined && res ? headerOf(res, 'keep-alive') : undefined;
  let hinted = hint === undefined ? timeout : native.idleTimeout(hint, timeout, this.agentKeepAliveTimeoutBuffer ?? margin);
  // Without a margin, a hint of 0 means a socket without a timeout.
  if (margin === 0 && hinted < 0) hinted = 0;
  if (hinted >= 0) timeout = hinted;
  if (socket.timeout !== timeout) socket.setTimeout(timeout);
  return hinted >= 0;
};

/**
 * Prepares a kept socket for its next request. May be replaced.
 * @param {stream.Duplex} socket
 * @param {http.ClientRequest} req
 */
Agent.prototype.reuseSocket = function reuseSocket(socket, req) {
  req.reusedSocket = true;
  socket.removeListener('error', sockets.freeSocketErrorListener);
  socket.ref();
};

/** Destroys every socket of this agent, even those in use. */
Agent.prototype.destroy = function destroy() {
  destroyAll(this.freeSockets);
  destroyAll(this.sockets);
};

/** Statistics of the agent and its sockets; see `AgentStats` in index.d.ts. Not in Node. */
ObjectDefineProperty(Agent.prototype, 'stats', {
  configurable: true,
  writable: true,
  value: function stats() {
    return agentStats(this);
  },
});

function destroyAll(lists) {
  for (const name of ObjectKeys(lists)) {
    // Destroying a socket removes it from the list.
    for (const socket of lists[name].slice()) socket.destroy();
  }
}

/** The agent's own options override those of the request. */
function connectOptions(agent, req, options) {
  const full = { __proto__: null, ...options, ...agent.options };
  if (full.socketPath) full.path = full.socketPath;
  // An empty name is a decision: none is sent.
  if (!full.servername && full.servername !== '') full.servername = serverName(full, req);
  return full;
}

/** The name that a TLS certificate must match: that of the Host field, unless it is an address (RFC 6066, section 3). */
function serverName(options, req) {
  let name = options.host;
  const field = req.getHeader('host');
  if (field) {
    validateString(field, 'options.headers.host');
    name = hostOfField(field);
  }
  return net.isIP(name) ? '' : name;
}

/** A Host field without its port. */
function hostOfField(field) {
  if (field.charCodeAt(0) === 0x5b) {
    const end = field.indexOf(']');
    return end === -1 ? field : field.slice(1, end);
  }
  const colon = field.indexOf(':');
  return colon === -1 ? field : field.slice(0, colon);
}

/** getName() of the merged options, without merging them. */
function nameOf(agent, options) {
  const own = agent.options;
  const host = 'host' in own ? own.host : options.host;
  const port = 'port' in own ? own.port : options.port;
  const localAddress = 'localAddress' in own ? own.localAddress : options.localAddress;
  const family = 'family' in own ? own.family : options.family;
  const socketPath = 'socketPath' in own ? own.socketPath : options.socketPath;
  return originName(host, port, localAddress, family, socketPath);
}

/** The number of idle sockets of other origins; counted only if the total limit keeps a request waiting. */
function idleElsewhere(agent, name) {
  if (agent.totalSocketCount < agent.maxTotalSockets) return 0;
  let count = 0;
  for (const other in agent.freeSockets) {
    if (other !== name) count += agent.freeSockets[other].length;
  }
  return count;
}

/** There is no socket for a request. A socket that comes with the error is destroyed by onSocket(). */
function refuse(req, err, socket) {
  if (isTunnelError(err)) {
    // No socket can report the request's timeout.
    if (err.proxyTunnelTimeout) req.emit('timeout');
    if (!err.proxyTunnelTimeout || tellsTunnelOnce()) {
      requestFailed(req.agent, err);
      req.emit('error', err);
    }
  }
  req.onSocket(socket, err);
}

function openFor(agent, req, options) {
  agent.createSocket(req, options, (err, socket) => {
    if (err) {
      refuse(req, err, socket);
      return;
    }
    agentCounters(agent).first++;
    assign(agent, req, socket);
  });
}

/**
 * Finds another socket for a request whose kept socket went bad before the tick in which the request was to begin.
 * @param {http.Agent} agent
 * @param {http.ClientRequest} req
 * @param {stream.Duplex} socket
 * @param {object} options as addRequest() got them
 */
function replace(agent, req, socket, options) {
  const counters = agentCounters(agent);
  counters.stale++;
  counters.requests--;
  req.reusedSocket = false;
  socket.destroy();
  // A subclass's addRequest() was already called for this request.
  Agent.prototype.addRequest.call(agent, req, options);
}

/**
 * Queues a request whose kept socket died before it was answered: the request gets the place that the socket is about to leave.
 * @param {http.Agent} agent
 * @param {http.ClientRequest} req
 * @param {object} options as addRequest() got them
 */
function requeue(agent, req, options) {
  const name = agent.getName === plainName ? nameOf(agent, options) : agent.getName(connectOptions(agent, req, options));
  req[kWaiting] = { options, resource: new AsyncResource('QueuedRequest') };
  const queue = agent.requests[name];
  if (queue === undefined) agent.requests[name] = [req];
  else queue.unshift(req);
}

/** Gives a request its socket, with the request's own timeout if it differs from the agent's. */
function assign(agent, req, socket) {
  agentCounters(agent).requests++;
  sockets.setPhase(socket, sockets.IN_USE);
  req.onSocket(socket);
  const agentTimeout = agent.options.timeout || 0;
  if (req.timeout === undefined || req.timeout === agentTimeout) return;
  socket.setTimeout(req.timeout);
}

function manageSocket(agent, socket, options) {
  sockets.installListeners(agent, socket, options, agent.createConnection === ownCreate);
  if (agent[kOnKeylog] !== undefined) socket.on('keylog', agent[kOnKeylog]);
  if (agent[kLimits] !== undefined) socketLimits().limitSocket(agent, socket);
}

function remove(lists, name, socket) {
  const list = lists[name];
  if (list === undefined) return;
  const index = list.indexOf(socket);
  if (index === -1) return;
  // Usually it is the last one: pop() allocates no array of removed elements.
  if (index === list.length - 1) list.pop();
  else list.splice(index, 1);
  if (list.length === 0) delete lists[name];
}

/** The origin whose first waiting request gets the place that a socket of origin `name` has left, if any. */
function nextWaiting(agent, name) {
  const queue = agent.requests[name];
  const waiting = queue === undefined ? 0 : queue.length;
  // The order of the keys is the order in which the origins began to wait.
  for (const other in agent.requests) {
    if (other === name) continue;
    const inUse = agent.sockets[other];
    const decision = native.refillPlace(waiting, inUse === undefined ? 0 : inUse.length);
    if (decision === REFILL_OWN) return name;
    if (decision === REFILL_OTHER) return other;
  }
  return native.refillPlace(waiting, -1) === REFILL_OWN ? name : undefined;
}

function openForWaiting(agent, name) {
  // Usually no request waits.
  for (const _ in agent.requests) { // eslint-disable-line no-unused-vars
    const next = nextWaiting(agent, name);
    if (next === undefined) return;
    const req = agent.requests[next][0];
    const waiting = req[kWaiting];
    if (waiting !== undefined) {
      agent.createSocket(req, connectOptions(agent, req, waiting.options), (err, socket) => onSocketForQueue(agent, next, req, err, socket));
    }
    return;
  }
}

/** A socket opened for the queue goes to its first request, which may not be the one that it was opened for. */
function onSocketForQueue(agent, name, req, err, socket) {
  if (!err) {
    socket.emit('free');
    return;
  }
  // The failed request leaves the queue, and the next one gets the room.
  remove(agent.requests, name, req);
  refuse(req, err, socket);
  openForWaiting(agent, name);
}

/** Ends the socket that has been idle longest to make room; when it closes, a waiting request gets the place. */
function dropIdle(agent) {
  for (const name in agent.freeSockets) {
    for (const socket of agent.freeSockets[name]) {
      if (!socket.destroyed) {
        socket.destroy();
        return;
      }
    }
  }
}

/** Listener of 'free': gives the socket to the next request in the queue, keeps it in the free list, or ends it. */
function onSocketFree(socket, options) {
  const name = this.getName === plainName ? nameOf(this, options) : this.getName(options);
  const req = socket._httpMessage;
  const queue = this.requests[name];
  const inUse = this.sockets[name];
  let free = this.freeSockets[name];
  let flags = 0;
  // A poisoned socket has bytes that the next request would take for its response.
  if (socket.writable && !sockets.isPoisoned(socket)) flags |= WRITABLE;
  if (req && req.shouldKeepAlive && this.keepAlive) flags |= PERSISTENT;
  if (this.totalSocketCount >= this.maxTotalSockets && othersStarve(this, name)) flags |= OTHERS_STARVE;
  const decision = native.releaseSocket(flags, queue === undefined ? 0 : queue.length, inUse === undefined ? 0 : inUse.length,
                                        free === undefined ? 0 : free.length, this.totalSocketCount, +this.maxSockets,
                                        +this.maxFreeSockets, +this.maxTotalSockets);
  if (debug.enabled) debug('agent: socket of %s is free, decision %d', name, decision);
  if (decision === GIVE) {
    // The socket was opened for the queue.
    if (socket._httpMessage === undefined) agentCounters(this).first++;
    const next = queue.shift();
    const waiting = next[kWaiting];
    if (waiting === undefined) {
      handOver(this, next, socket);
    } else {
      next[kWaiting] = undefined;
      if (this[kRetries] !== undefined) next[kQueued] = waiting.options;
      waiting.resource.runInAsyncScope(handOver, null, this, next, socket);
    }
    // If a socket without setTimeout() throws above, the queue keeps its entry.
    if (queue.length === 0) delete this.requests[name];
    return;
  }
  if (decision !== KEEP || !this.keepSocketAlive(socket)) {
    socket.destroy();
    return;
  }

  if (free === undefined) free = this.freeSockets[name] = [];
  socket[kAsyncId] = -1;
  socket._httpMessage = null;
  this.removeSocket(socket, options);
  socket.once('error', sockets.freeSocketErrorListener);
  sockets.beginIdle(socket);
  free.push(socket);
}

// It has no name in node.
ObjectDefineProperty(onSocketFree, 'name', { value: '' });

function othersStarve(agent, name) {
  for (const other in agent.requests) {
    const inUse = agent.sockets[other];
    if (other !== name && (inUse === undefined || inUse.length === 0)) return true;
  }
  return false;
}

function handOver(agent, req, socket) {
  sockets.renewAsyncIdentity(socket);
  assign(agent, req, socket);
}

/**
 * Makes sockets report TLS keys once 'keylog' has a listener.
 * @this {http.Agent}
 */
function maybeEnableKeylog(eventName) {
  if (eventName !== 'keylog') return;
  this.removeListener('newListener', maybeEnableKeylog);
  const agent = this;
  this[kOnKeylog] = function onkeylog(line) {
    agent.emit('keylog', line, this);
  };
  for (const pool of [this.sockets, this.freeSockets]) {
    for (const name of ObjectKeys(pool)) {
      for (const socket of pool[name]) socket.on('keylog', this[kOnKeylog]);
    }
  }
}

follow(Agent.prototype, Builtin.prototype, ['stats']);

module.exports = {
  Agent,
  /** The agent of requests that name none; may be replaced. */
  globalAgent: new Agent(globalAgentOptions),
  replace,
  requeue,
};
