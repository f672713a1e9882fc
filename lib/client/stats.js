'use strict';
// `agent.stats()` (AgentStats in index.d.ts).

const { ObjectValues, Symbol } = require('../globals/primordials');
const { lazy } = require('../compat/lazy');
const { Counters, errorsOf } = require('../observe/counters');
const transport = lazy(() => require('../transport/stats'));

/** On an agent that was used: its AgentCounters. */
const kCounters = Symbol('counters');

class AgentCounters extends Counters {
  constructor() {
    super();
    this.first = 0;
    this.stale = 0;
    this.expired = 0;
    this.retried = 0;
  }
}

/**
 * @param {Agent} agent even one that our constructor did not make
 * @returns {AgentCounters}
 */
function agentCounters(agent) {
  return agent[kCounters] ??= new AgentCounters();
}

/**
 * @param {Agent|undefined} agent of a request, maybe of another class
 * @param {Error} error with which the request failed
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
  const used = ObjectValues(agent.sockets).flat();
  const free = ObjectValues(agent.freeSockets).flat();
  const now = new Counters();
  for (const socket of [...used, ...free]) now.addBytes(socket);
  return {
    ...transport().statsOf(agent),
    connections: { opened: counters.opened, open: used.length + free.length, idle: free.length, active: used.length },
    waiting: ObjectValues(agent.requests).reduce((sum, queue) => sum + queue.length, 0),
    requests: counters.requests,
    reused: counters.requests - counters.first,
    stale: counters.stale,
    expired: counters.expired,
    retried: counters.retried,
    bytesRead: counters.bytesRead + now.bytesRead,
    bytesWritten: counters.bytesWritten + now.bytesWritten,
    ...errorsOf(counters),
  };
}

module.exports = { agentCounters, agentStats, requestFailed };
