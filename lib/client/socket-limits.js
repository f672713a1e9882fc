'use strict';
// An agent's `maxSocketAge` and `maxRequestsPerSocket`: after that time or number of requests a connection is closed, and the next
// request opens another. So the program notices a changed DNS entry, or new servers behind a balancer.
//
// The counts are on the sockets of an agent with such a limit; other agents pay nothing.

const { clearTimeout, setTimeout } = require('../globals/at-load');
const { agentCounters } = require('./stats');
const { isFree } = require('./agent-sockets');
const { kLimits } = require('./symbols');
const { TIMEOUT_MAX, validateInteger } = require('../util/validators');

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
 * @param {Agent} agent with limits
 * @param {stream.Duplex} socket
 */
function limitSocket(agent, socket) {
  const { age, requests } = agent[kLimits];
  let left = requests;
  // setTimeout() cannot wait longer.
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
  // Runs before the agent's own listener, which gives no request a destroyed socket. A socket that was opened for the queue has
  // served no request yet.
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

module.exports = { chooseSocketLimits, limitSocket };
