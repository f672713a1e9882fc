'use strict';
// What `server.stats()` and `agent.stats()` tell.
//
// Numbers are kept where something rare happens: a connection opens, ends or fails. What a connection has done is added up when it
// ends, and read from the open ones when somebody asks. Per message there is one increment.

const { isIdle } = require('./server-connections');
const { kConnection, kConnections } = require('./server-symbols');
const transport = require('./transport');

/** On an agent that was used: its AgentCounters. */
const kCounters = Symbol('counters');

const PARSE_ERROR = 'HPE_';

class Counters {
  constructor() {
    this.opened = 0;
    this.requests = 0;
    this.bytesRead = 0;
    this.bytesWritten = 0;
    // By code; made with the first error.
    this.errors = null;
  }

  failed(error) {
    const code = error?.code ?? error?.name ?? 'unknown';
    this.errors ??= new Map();
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  // Streams that are no sockets count no bytes.
  addBytes(socket) {
    this.bytesRead += socket.bytesRead ?? 0;
    this.bytesWritten += socket.bytesWritten ?? 0;
  }
}

class ServerCounters extends Counters {
  constructor() {
    super();
    this.ended = 0;
    this.handedOver = 0;
    // The connections of a server that does not listen, and therefore has no list of them.
    this.unlisted = new Set();
  }
}

class AgentCounters extends Counters {
  constructor() {
    super();
    this.first = 0;
    this.stale = 0;
  }
}

// Servers have node's own properties, and no more.
const servers = new WeakMap();

function countersOf(server) {
  let counters = servers.get(server);
  if (counters === undefined) servers.set(server, counters = new ServerCounters());
  return counters;
}

/**
 * A connection of a server is to be served; its socket does not know it yet.
 * @param {Connection} connection
 */
function connectionOpened(connection) {
  const { socket } = connection;
  if (socket[kConnection] !== undefined) connection.bytesBefore = { read: socket.bytesRead, written: socket.bytesWritten };
  const counters = countersOf(connection.server);
  counters.opened++;
  if (connection.server[kConnections] === undefined) counters.unlisted.add(connection);
}

/**
 * A connection is closed, or has gone to another protocol. Only the first such news counts.
 * @param {Connection} connection
 * @param {boolean} handedOver
 */
function connectionEnded(connection, handedOver) {
  if (connection.isCounted) return;
  connection.isCounted = true;
  const counters = countersOf(connection.server);
  counters.ended++;
  if (handedOver) counters.handedOver++;
  addConnection(counters, connection);
  counters.unlisted.delete(connection);
}

function addConnection(counters, { bytesBefore, requestsSeen, socket }) {
  counters.requests += requestsSeen;
  counters.addBytes(socket);
  if (bytesBefore !== null) {
    counters.bytesRead -= bytesBefore.read;
    counters.bytesWritten -= bytesBefore.written;
  }
}

/**
 * @param {net.Server} server
 * @param {Error} error that one of its connections failed with
 */
function connectionFailed(server, error) {
  countersOf(server).failed(error);
}

// Between two messages with nothing to answer, or not used yet.
function isResting({ bytesBefore, requests, requestsSeen, socket }) {
  if (requests.length > 0 || !socket.parser) return false;
  return requestsSeen === 0 ? (socket.bytesRead ?? 0) === (bytesBefore?.read ?? 0) : isIdle(socket.parser);
}

/**
 * Takes time in proportion to the number of open connections.
 * @param {net.Server} server
 * @returns {ServerStats} see index.d.ts
 */
function serverStats(server) {
  const counters = countersOf(server);
  const list = server[kConnections];
  const now = new Counters();
  let idle = 0;
  const listed = list === undefined ? [] : list.all().map(({ socket }) => socket?.[kConnection]);
  for (const connection of [...counters.unlisted, ...listed]) {
    if (connection === undefined || connection.isCounted) continue;
    addConnection(now, connection);
    if (isResting(connection)) idle++;
  }
  const open = counters.opened - counters.ended;
  return {
    ...transport.statsOf(server),
    connections: { accepted: counters.opened, open, idle, active: open - idle, handedOver: counters.handedOver },
    requests: counters.requests + now.requests,
    bytesRead: counters.bytesRead + now.bytesRead,
    bytesWritten: counters.bytesWritten + now.bytesWritten,
    ...errorsOf(counters),
  };
}

function errorsOf({ errors }) {
  const parseErrors = {};
  const otherErrors = {};
  if (errors !== null) {
    for (const [code, count] of errors) (`${code}`.startsWith(PARSE_ERROR) ? parseErrors : otherErrors)[code] = count;
  }
  return { parseErrors, otherErrors };
}

/**
 * @param {Agent} agent also one that did not come from our constructor
 * @returns {AgentCounters}
 */
function agentCounters(agent) {
  return agent[kCounters] ??= new AgentCounters();
}

/**
 * @param {Agent|undefined} agent of a request, maybe one of another make
 * @param {Error} error that the request failed with
 */
function requestFailed(agent, error) {
  agent?.[kCounters]?.failed(error);
}

/**
 * Takes time in proportion to the number of open sockets.
 * @param {Agent} agent
 * @returns {AgentStats} see index.d.ts
 */
function agentStats(agent) {
  const counters = agentCounters(agent);
  const used = Object.values(agent.sockets).flat();
  const free = Object.values(agent.freeSockets).flat();
  const now = new Counters();
  for (const socket of [...used, ...free]) now.addBytes(socket);
  return {
    ...transport.statsOf(agent),
    connections: { opened: counters.opened, open: used.length + free.length, idle: free.length, active: used.length },
    waiting: Object.values(agent.requests).reduce((sum, queue) => sum + queue.length, 0),
    requests: counters.requests,
    reused: counters.requests - counters.first,
    stale: counters.stale,
    bytesRead: counters.bytesRead + now.bytesRead,
    bytesWritten: counters.bytesWritten + now.bytesWritten,
    ...errorsOf(counters),
  };
}

module.exports = {
  agentCounters,
  agentStats,
  connectionEnded,
  connectionFailed,
  connectionOpened,
  requestFailed,
  serverStats,
};
