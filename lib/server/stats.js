'use strict';
// `server.stats()` (ServerStats in index.d.ts).

const { Set, WeakMap, WeakRef } = require('../globals/primordials');
const { Counters, errorsOf } = require('../observe/counters');
const { isIdle } = require('./connections');
const { kConnection, kConnections } = require('./symbols');
const { statsOf } = require('../transport/stats');

const UPGRADED_MIN = 64;

class ServerCounters extends Counters {
  constructor() {
    super();
    this.ended = 0;
    this.handedOver = 0;
    // Connections of a server that does not listen, and so has no list of them.
    this.unlisted = new Set();
    // Sockets that another protocol has taken over, and the length of the list at which closed ones are removed.
    this.upgraded = [];
    this.upgradedMax = UPGRADED_MIN;
    // The drain of the server, while it drains.
    this.drain = null;
    // Its fixed answers, if it ever had any.
    this.fixed = null;
    // How often each limit that node does not have was reached.
    this.limits = { bodyLimit: 0, minBodyRate: 0, maxConnectionsPerAddress: 0, maxPipelined: 0, proxyProtocol: 0 };
  }

  /** @returns {stream.Duplex[]} open sockets that another protocol has taken over */
  upgradedSockets() {
    return this.upgraded.map((ref) => ref.deref()).filter((socket) => socket !== undefined && !socket.destroyed);
  }

  addUpgraded(socket) {
    if (this.upgraded.length >= this.upgradedMax) {
      this.upgraded = this.upgraded.filter((ref) => ref.deref()?.destroyed === false);
      this.upgradedMax = UPGRADED_MIN + 2 * this.upgraded.length;
    }
    this.upgraded.push(new WeakRef(socket));
  }
}

// Not properties of the servers: these have exactly node's.
const servers = new WeakMap();

function countersOf(server) {
  let counters = servers.get(server);
  if (counters === undefined) servers.set(server, counters = new ServerCounters());
  return counters;
}

/**
 * Called before a connection of a server is served. Its socket does not know the connection yet.
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
 * Called when a connection has closed, or another protocol has taken it over. Only the first call for a connection counts.
 * @param {Connection} connection
 * @param {boolean} handedOver
 */
function connectionEnded(connection, handedOver) {
  if (connection.isCounted) return;
  connection.isCounted = true;
  if (connection.fixed !== null) connection.fixed.ended(connection);
  const counters = countersOf(connection.server);
  counters.ended++;
  if (handedOver) {
    counters.handedOver++;
    counters.addUpgraded(connection.socket);
  }
  addConnection(counters, connection);
  counters.unlisted.delete(connection);
  if (counters.drain !== null) counters.drain.ended(connection, handedOver);
  if (connection.limited !== null) connection.limited.ended(handedOver);
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
 * @param {Error} error with which one of its connections failed
 */
function connectionFailed(server, error) {
  countersOf(server).failed(error);
}

/**
 * @param {net.Server} server
 * @param {string} name of the limit (ServerLimits in index.d.ts) that one of its peers has reached
 */
function limitMet(server, name) {
  countersOf(server).limits[name]++;
}

// Whether a connection is unused, or between two messages with nothing left to answer.
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
  counters.fixed?.sync();
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
    ...statsOf(server),
    connections: { accepted: counters.opened, open, idle, active: open - idle, handedOver: counters.handedOver },
    requests: counters.requests + now.requests,
    fixedAnswers: counters.fixed?.count ?? 0,
    bytesRead: counters.bytesRead + now.bytesRead,
    bytesWritten: counters.bytesWritten + now.bytesWritten,
    limits: { ...counters.limits },
    ...errorsOf(counters),
  };
}

module.exports = { connectionEnded, connectionFailed, connectionOpened, countersOf, limitMet, serverStats };
