'use strict';

/**
 * Native transport of a client: which of an agent's connections the core reads and writes (see transport/transport.js), and when.
 *
 * The agent's sockets are made with a prototype that has the core's methods: giving it to a socket of net's takes up to 20 us (V8 12),
 * and own methods would show wherever a program lists or prints a socket.
 *
 * A connection is attached with its second request: by then it is open and known to be kept, so one that serves a single request
 * never pays for it. Between two requests the core watches it without a parser: whatever comes then, an end or bytes that belong to
 * no request, goes to the stream at once.
 */

const { Boolean, ObjectDefineProperty, ObjectValues, Set } = require('../globals/primordials');
const { Socket: NetSocket, channel, connect, debuglog, net, socketMethods } = require('../globals/at-load');
const { guardedPush, kOpener } = require('./agent-sockets');
const { freeParser } = require('../message/parsers');
const { giveBack } = require('../transport/giving-back');
const { METHODS, defineAsInherited, defineMethods } = require('../transport/methods');
const { REASONS, kAttached, kIndex } = require('../transport/owner-state');
const { attach, changeParser, mayAttach } = require('../transport/transport');

/** A socket that was given back this often stays with its stream: attaching it costs several microseconds. */
const MOST_RETURNS = 3;

const plain = NetSocket.prototype;
const { listenerCount } = plain;
const accepted = new Set([...ObjectValues(METHODS), guardedPush]);
// A class that extends net.Socket: V8 keeps its objects in fast mode. Errors of JSON.stringify() and heap snapshots show its name.
const AgentSocket = class Socket extends NetSocket {};
defineMethods(AgentSocket.prototype, { constructor: NetSocket, pause, push: guardedPush, setEncoding });
// connect() gives a socket the `write` of net.Socket if it finds another: that one is not taken.
defineAsInherited(AgentSocket.prototype, 'write', {
  configurable: true,
  get() {
    return METHODS.write;
  },
  set(value) {
    if (value !== plain.write) ObjectDefineProperty(this, 'write', { value, writable: true, enumerable: true, configurable: true });
  },
});

// What net.connect() tells others about the sockets that it makes.
const onClientSocket = channel('net.client.socket');
const debug = debuglog('net');

/**
 * `net.connect(options, listener)` for a connection of an agent. What a program has replaced of it is called as by net.
 * @param {Agent} agent
 * @param {object} options
 * @param {any} listener of 'connect'
 * @returns {net.Socket|undefined} undefined if it must be done by net
 */
function open(agent, options, listener) {
  if (net.connect !== connect || plain.connect !== socketMethods.connect || onClientSocket.hasSubscribers || debug.enabled || !mayAttach(agent)) return undefined;
  const socket = new AgentSocket(options);
  if (options.timeout) socket.setTimeout(options.timeout);
  return socket.connect(options, listener);
}

function isAttached(socket) {
  return socket[kIndex] !== undefined;
}

/**
 * Called when a request begins on a socket.
 * @param {stream.Duplex} socket
 * @param {HTTPParser} parser of the answer
 */
function use(socket, parser) {
  if (isAttached(socket)) changeParser(socket, parser);
}

/**
 * Lets the core read the answer to a further request on a socket, if it can.
 * @param {stream.Duplex} socket with our listener of 'data'
 * @param {HTTPParser} parser of the answer
 * @param {Protocol} protocol see transport/owner-state.js
 */
function take(socket, parser, protocol) {
  const agent = socket[kOpener];
  if (agent === undefined || isAttached(socket) || socket.destroyed || socket[kAttached]?.returns >= MOST_RETURNS || isRead(socket)) return;
  attach(socket, parser, protocol, agent, AgentSocket.prototype, accepted);
}

// Whether the program reads the socket, or has stopped it.
function isRead(socket) {
  const { decoder, flowing } = socket._readableState;
  return flowing !== true || Boolean(decoder) || listenerCount.call(socket, 'data') !== 1 || listenerCount.call(socket, 'readable') > 0;
}

/**
 * Releases the parser when the answer is complete.
 * @param {HTTPParser} parser
 * @param {ClientRequest} req
 * @param {stream.Duplex} socket if the core has read it, the core goes on watching it
 */
function letGo(parser, req, socket) {
  if (isAttached(socket)) {
    changeParser(socket, null);
    freeParser(parser, req, null);
    socket.parser = null;
  } else {
    freeParser(parser, req, socket);
  }
}

/** Methods of an attached socket that only a client's has: a program that waits for an answer may read its stream. */

function pause() {
  giveBack(this, REASONS.PAUSED);
  return plain.pause.call(this);
}

function setEncoding(encoding) {
  giveBack(this, REASONS.READ);
  return plain.setEncoding.call(this, encoding);
}

/**
 * Adds the listener for what a stream reads.
 * @param {stream.Duplex} socket
 * @param {Listener} listener of 'data'; not called while the core reads the socket
 */
function listen(socket, listener) {
  if (isAttached(socket)) plain.on.call(socket, 'data', listener);
  else socket.on('data', listener);
}

module.exports = { letGo, listen, open, take, use };
