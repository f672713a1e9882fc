'use strict';
// Which transport servers and agents have chosen, what became of their connections, and what is known of those that the core reads.

const { Map, Symbol, WeakMap, process } = require('../globals/primordials');
const { limits: { IO_THREADS } } = require('../native/layout');
const { validateInteger, validateOneOf } = require('../util/validators');

const NATIVE = 'native';
const OFFLOAD = 'offload';
const STREAM = 'stream';
const OF_AGENTS = [STREAM, NATIVE];
const OF_SERVERS = [STREAM, NATIVE, OFFLOAD];

/** Why a socket is with its stream: the names under which `stats()` counts. */
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

/** Methods of a socket: a program that replaces one of them reads or writes by itself, or wants to see what is read and written. */
const WATCHED = ['write', 'end', 'cork', 'uncork', 'read', 'push', 'unshift', 'on', 'addListener', 'prependListener', 'emit',
  'pipe', '_read', '_write', '_writev', '_final', '_destroy', 'ref', 'unref'];

/** The numbers of one server or agent. */
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

// No property of theirs: they have node's own, and no more.
const records = new WeakMap();
const WITHOUT_OWNER = new Record(STREAM, 0);

/**
 * Decides how the connections of a server are read: by their streams alone ('stream'), by the core on the event loop where it can
 * ('native'), or by the core in threads of its own ('offload').
 * @param {net.Server} server
 * @param {{transport?: string, ioThreads?: number}} options by default what the environment says in RUST_HTTP_TRANSPORT, or 'native',
 *   and one thread
 * @throws ERR_INVALID_ARG_VALUE for another name, ERR_OUT_OF_RANGE for other numbers than 1 to 64
 */
function chooseForServer(server, { transport = fromEnvironment(), ioThreads = 1 }) {
  validateOneOf(transport, 'options.transport', OF_SERVERS);
  validateInteger(ioThreads, 'options.ioThreads', 1, IO_THREADS);
  records.set(server, new Record(transport, ioThreads));
}

/**
 * The same for an agent. What the environment says of servers alone is 'native' for it.
 * @param {Agent} agent
 * @param {string} [name]
 * @throws ERR_INVALID_ARG_VALUE for another name
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
 * @returns {Record} its own, or one for all that chose nothing: they use their streams
 */
function recordOf(owner) {
  return records.get(owner) ?? WITHOUT_OWNER;
}

/** On a socket: its number while the core reads it, and its Attached from then on. */
const kIndex = Symbol('transport');
const kAttached = Symbol('transportAttached');

/** What is known of a socket from the day it was attached. */
class Attached {
  constructor(socket, handle, driver, protocol, record) {
    this.socket = socket;
    this.handle = handle;
    this.driver = driver;
    this.protocol = protocol;
    this.record = record;
    // The async resource of the last parser: what becomes of a client's connection afterwards is told in its scope.
    this.resource = null;
    // The async scope which the core has entered when it tells what it has parsed, if it is in one.
    this.scope = null;
    // Whether the socket is to keep the event loop alive, as long as it is read; and whether it is counted as one that does.
    this.referenced = handle.hasRef();
    this.paused = false;
    this.counted = false;
    // Whether a session takes from the socket's buffer what was read before.
    this.isHandedOver = false;
    // Bytes from which on the stream writes, and of which no more are queued.
    this.limit = socket.writableHighWaterMark;
    // Of what is queued, what waits for uncork(): characters of texts and bytes of the rest, as the stream counts them.
    this.corkedLength = 0;
    // The error number of a write of the core's, with which that of the stream fails.
    this.failed = 0;
    // The bytes that were queued before that, for the end of the turn.
    this.uncorkedBytes = 0;
    // The bytes of that which a destroyed socket has not sent.
    this.lostBytes = 0;
    // How often the socket was given back, and the bytes that the core had moved until then.
    this.returns = 0;
    this.received = 0;
    this.sent = 0;
  }
}

/**
 * What a connection is to those who read it.
 * @typedef {object} Protocol
 * @property {boolean} serves whether several messages may come at once, and be answered together
 * @property {Function} read called with the socket, what `parser.execute()` would return for the bytes read, and their number:
 *   see `received()`
 * @property {Function} [endsSilently] called with a socket that no message is on, and that something came on; answers whether it ends
 *   without an event. Only where `serves` is not
 * @property {Function} [heard] called with a socket when the program begins to listen to what comes, each time
 * @property {Function} [built] called with a socket whose net.Socket part has just been made: to add its listeners
 * @property {Function} [timeoutOf] called with a closed socket without that part; answers its `timeout`
 * @property {Function} [ended] called with a socket without that part whose peer has sent its last byte; answers whether that was
 *   dealt with, so that the stream need not end
 * @property {Function} [readable] called when something has come on a descriptor that is watched, see readable.js; such a one has no socket
 */

module.exports = { Attached, NATIVE, OFFLOAD, REASONS, STREAM, WATCHED, chooseForAgent, chooseForServer, kAttached, kIndex, recordOf };
