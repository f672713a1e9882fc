'use strict';
// The transport of each server and agent, the counts of their connections, and the state of each socket that the core reads.

const { Map, Symbol, WeakMap, process } = require('../globals/primordials');
const { Socket } = require('node:net');
const { limits: { IO_THREADS } } = require('../native/layout');
const { validateInteger, validateOneOf } = require('../util/validators');

const NATIVE = 'native';
const OFFLOAD = 'offload';
const STREAM = 'stream';
const OF_AGENTS = [STREAM, NATIVE];
const OF_SERVERS = [STREAM, NATIVE, OFFLOAD];

/** Why a socket is read by its stream: the names under which `stats()` counts. */
const REASONS = {
  CHANGED: 'changed socket',
  DATA: 'data listener',
  FULL: 'full',
  HANDLE: 'handle',
  OTHER: 'no plain socket',
  PAUSED: 'paused',
  READ: 'read',
  READABLE: 'readable listener',
  REPLACED: 'replaced method',
  UNASKED: 'bytes without request',
  UPGRADE: 'upgrade',
};

/** The methods of a socket that show a program what is read and written, or let it do so itself, once it replaces them. */
const WATCHED = ['write', 'end', 'cork', 'uncork', 'read', 'push', 'unshift', 'on', 'addListener', 'prependListener', 'emit',
  'pipe', '_read', '_write', '_writev', '_final', '_destroy', 'ref', 'unref'];
/** These methods of net.Socket, in the same order. */
const watchedMethods = WATCHED.map((name) => Socket.prototype[name]);

/** The counts of one server or agent. */
class Record {
  constructor(name, threads) {
    this.name = name;
    this.threads = threads;
    this.attached = 0;
    this.open = 0;
    this.streamed = new Map();
  }

  count(reason) {
    this.streamed.set(reason, (this.streamed.get(reason) ?? 0) + 1);
  }
}

// Not a property of theirs: they have exactly the properties of node's.
const records = new WeakMap();
const WITHOUT_OWNER = new Record(STREAM, 0);

/**
 * Sets how the connections of a server are read: by their streams ('stream'), by the core on the event loop where it can
 * ('native'), or by the core's I/O threads ('offload').
 * @param {net.Server} server
 * @param {{transport?: string, ioThreads?: number}} options by default one thread and the transport in RUST_HTTP_TRANSPORT, or 'native'
 * @throws  for another name, ERR_OUT_OF_RANGE for a number of threads outside 1 to 64
 */
function chooseForServer(server, { transport = fromEnvironment(), ioThreads = 1 }) {
  validateOneOf(transport, 'options.transport', OF_SERVERS);
  validateInteger(ioThreads, 'options.ioThreads', 1, IO_THREADS);
  records.set(server, new Record(transport, ioThreads));
}

/**
 * The same for an agent. 'offload' from the environment is for servers only: an agent is 'native' then.
 * @param {Agent} agent
 * @param {string} [name]
 * @throws  for another name
 */
function chooseForAgent(agent, name = forAgents(fromEnvironment())) {
  validateOneOf(name, 'options.transport', OF_AGENTS);
  records.set(agent, new Record(name, 0));
}

function forAgents(name) {
  return name === OFFLOAD ? NATIVE : name;
}

function fromEnvironment() {
  const name = process.env.RUST_HTTP_TRANSPORT || NATIVE;
  validateOneOf(name, 'RUST_HTTP_TRANSPORT', OF_SERVERS);
  return name;
}

/**
 * @param {net.Server|Agent|undefined} owner
 * @returns {Record} its own; owners that chose nothing share one, and use streams
 */
function recordOf(owner) {
  return records.get(owner) ?? WITHOUT_OWNER;
}

/** On a socket: its number while the core reads it, and its Attached, which stays. */
const kIndex = Symbol('transport');
const kAttached = Symbol('transportAttached');

/** The state of a socket from the first time it is attached. */
class Attached {
  constructor(socket, handle, driver, protocol, record) {
    this.socket = socket;
    this.handle = handle;
    this.driver = driver;
    this.protocol = protocol;
    this.record = record;
    // The async resource of the last parser: events of a client's connection after that are delivered in its scope.
    this.resource = null;
    // The async scope that the core enters when it delivers parsed bytes, or null.
    this.scope = null;
    // Whether the socket keeps the event loop alive while it is read; whether reading is paused; and whether it is counted as alive.
    this.referenced = handle.hasRef();
    this.paused = false;
    this.counted = false;
    // Whether a session is taking from the socket's buffer what was read before.
    this.isHandedOver = false;
    // The stream writes from this many bytes on, and no more than these are queued.
    this.limit = socket.writableHighWaterMark;
    // The length of the queued data that waits for uncork(), as the stream counts it: characters of strings and bytes of the rest.
    this.corkedLength = 0;
    // The error number of a write of the core that failed; the stream's write fails with it.
    this.failed = 0;
    // How many bytes were queued before cork(), to leave at the end of the turn.
    this.uncorkedBytes = 0;
    // How many bytes were queued, and never sent, when the socket was destroyed.
    this.lostBytes = 0;
    // How often the socket was given back, and how many bytes the core had moved by then.
    this.returns = 0;
    this.received = 0;
    this.sent = 0;
  }
}

/**
 * How the owner of a connection handles what comes on it.
 * @typedef {object} Protocol
 * @property {boolean} isServer whether several messages may come at once and be answered together
 * @property {Function} read called with the socket, what `parser.execute()` would return for the bytes read, and their number: see `received()`
 * @property {Function} [endsSilently] called with a socket that has no message on it, when something came; returns whether the
 *   socket ends without an event. Only if `isServer` is false
 * @property {Function} [heard] called with a socket each time the program begins to listen to what comes
 * @property {Function} [materialized] called with a socket whose net.Socket part was just made, to add its listeners
 * @property {Function} [timeoutOf] called with a closed lazy socket; returns its `timeout`
 * @property {Function} [ended] called with a lazy socket whose peer has ended its side; returns whether that was handled, so that
 *   the stream need not end
 * @property {Function} [readable] called when something has come on a watched descriptor, which has no socket: see readable.js
 */

module.exports = { Attached, NATIVE, OFFLOAD, REASONS, STREAM, WATCHED, chooseForAgent, chooseForServer, kAttached, kIndex, recordOf, watchedMethods };
