'use strict';
// `maxSocketAge` and `maxRequestsPerSocket` of an agent: after so long, or so many requests, a connection is closed and the next request
// opens another, so that a name that leads elsewhere by now, and a balancer that has got more servers, are seen.
//
// What is counted hangs on the sockets of an agent that has such a limit; no other pays for it.

const { Symbol } = require('../globals/primordials');
const { clearTimeout, setTimeout } = require('node:timers');
const { agentCounters } = require('./stats');
const { isFree } = require('./agent-sockets');
const { TIMEOUT_MAX, validateInteger } = require('../util/validators');

/** On an agent with limits: its SocketLimits. */
const kLimits = Symbol('socketLimits');

class SocketLimits {
  constructor(age, requests) {
    this.age = age;
    this.requests = requests;
  }
}

/**
 * Reads the options.
 * @param {Agent} agent
 * @param {{maxSocketAge?: number, maxRequestsPerSocket?: number}} options
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
function chooseSocketLimits(agent, { maxRequestsPerSocket = Infinity, maxSocketAge = Infinity }) {
  if (maxSocketAge !== Infinity) validateInteger(maxSocketAge, 'options.maxSocketAge', 1);
  if (maxRequestsPerSocket !== Infinity) validateInteger(maxRequestsPerSocket, 'options.maxRequestsPerSocket', 1);
  if (maxSocketAge !== Infinity || maxRequestsPerSocket !== Infinity) agent[kLimits] = new SocketLimits(maxSocketAge, maxRequestsPerSocket);
}

/**
 * Begins to count for a new socket.
 * @param {Agent} agent that has limits
 * @param {stream.Duplex} socket
 */
function limitSocket(agent, socket) {
  const { age, requests } = agent[kLimits];
  let left = requests;
  // A longer time has no timer.
  const timer = age <= TIMEOUT_MAX ? setTimeout(onAge, age).unref() : undefined;

  function end() {
    leave();
    agentCounters(agent).expired++;
    socket.destroy();
  }
  function onAge() {
    left = 0;
    if (isFree(agent, socket)) end();
  }
  // Before the agent's own listener, which gives no request a socket that is destroyed. One that was opened for the queue has served none yet.
  function onFree() {
    if (socket._httpMessage) left--;
    if (left <= 0) end();
  }
  function leave() {
    clearTimeout(timer);
    socket.removeListener('free', onFree);
    socket.removeListener('close', leave);
    socket.removeListener('agentRemove', leave);
  }

  socket.prependListener('free', onFree);
  socket.on('close', leave);
  socket.on('agentRemove', leave);
}

module.exports = { chooseSocketLimits, kLimits, limitSocket };
