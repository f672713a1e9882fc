'use strict';
// One request to a scripted TCP server, and the list of everything that happened, for our client or the built-in one.

const { once } = require('node:events');
const net = require('node:net');
const { turns } = require('../support/turns');

const REQUEST_EVENTS = ['socket', 'abort', 'continue', 'information', 'timeout', 'error', 'close'];
const RESPONSE_EVENTS = ['data', 'end', 'aborted', 'error', 'close'];

const WHOLE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const PART = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi';

function label(prefix, name, value) {
  return value instanceof Error ? `${prefix}${name}: ${value.message} (${value.code})` : prefix + name;
}

/**
 * Runs a TCP server during `use`; the connections it accepted end with it.
 * @param {function(net.Socket)} accept called with each connection
 * @param {function(number): Promise<*>} use gets the port
 * @returns {Promise<*>} what `use` returned
 */
async function withPeers(accept, use) {
  const peers = new Set();
  const server = net.createServer((peer) => {
    peers.add(peer);
    peer.on('error', () => {});
    accept(peer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(server.address().port);
  } finally {
    for (const peer of peers) peer.destroy();
    server.close();
    await once(server, 'close');
  }
}

/**
 * @param {object} http the module to try
 * @param {object} scenario
 * @param {function(net.Socket)} scenario.server called once the request has arrived
 * @param {object} [scenario.options] of the request
 * @param {Object<string, function(ClientRequest, string[])>} [scenario.at] what to do at: 'made', 'tick', 'socket', 'connect', 'response', 'data', 'end'
 * @returns {Promise<string[]>} the events in their order
 */
async function play(http, { server: serve, options = {}, at = {} }) {
  const log = [];
  await withPeers((peer) => peer.once('data', () => serve(peer)), (port) => record(http, { port, options, at, log }));
  return log;
}

async function record(http, { port, options, at, log }) {
  const agent = options.agent ?? new http.Agent();
  const req = http.request({ host: '127.0.0.1', port, ...options, agent });
  const closed = new Promise((resolve) => {
    req.on('close', resolve);
  });
  let responseClosed;
  for (const name of REQUEST_EVENTS) req.on(name, (value) => log.push(label('', name, value)));
  req.on('socket', (socket) => {
    at.socket?.(req, log);
    socket.on('connect', () => at.connect?.(req, log));
  });
  req.on('response', (res) => {
    log.push('response');
    responseClosed = new Promise((resolve) => {
      res.on('close', resolve);
    });
    for (const name of RESPONSE_EVENTS) res.on(name, (value) => log.push(label('res.', name, value)));
    at.response?.(req, log);
    res.on('data', () => at.data?.(req, log));
    res.on('end', () => at.end?.(req, log));
  });
  at.made?.(req, log);
  if (at.tick) process.nextTick(at.tick, req, log);
  req.end();
  await closed;
  await responseClosed;
  // Anything later is an error of its own and belongs in the list.
  await turns(20);
  agent.destroy?.();
}

/** A step that writes its own name into the list and does something with the request. */
function step(name, action) {
  return (req, log) => {
    log.push(`<${name}>`);
    action(req);
  };
}

module.exports = { PART, WHOLE, play, step, withPeers };
