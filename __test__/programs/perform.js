'use strict';

// Performs one program and returns its trace. Peers and program live in one loop, and a step of the script is taken
// when nothing has happened for some turns: no order depends on the clock.
//
// A program of kind 'server':  {kind, options, props, handlers: [steps], listen: {event: steps}, script, final}
//   handlers   for a request of the target /H-P-K: number H, named by peer P and count K
//   listen     listeners of the server other than 'request'
//   script     ['send', peer, text], ['fill', peer, size], ['end' | 'destroy' | 'reset' | 'pause' | 'resume', peer],
//              ['connect', peer, options], ['on-data', peer, act], ['sleep', ms], ['server', method]
// One of kind 'client':        {kind, agent, own, tls, half, script, final}
//   own        which kind of agent (agents.js)
//   tls        https, and a peer behind TLS
//   script     ['do', steps] of the program; ['answer', connection, act, ...] of the peer: send, end, destroy, reset, pause, resume;
//              ['sleep', ms]
//   final      the states of all objects are recorded at the end
//   contexts   each request runs in an async context, and calls are recorded with their context
//   captures   rejections of async listeners become errors of their emitter
//   channels   what the diagnostics channels of a client publish is recorded

const { AsyncLocalStorage } = require('node:async_hooks');
const diagnostics = require('node:diagnostics_channel');
const EventEmitter = require('node:events');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const tls = require('node:tls');
const certificate = require('../client/certificate');
const { agentOf, opener } = require('./agents');
const { Trace } = require('./trace');
const { Scope, look } = require('./steps');
const { described, errorText } = require('./values');

// A program that is busy for this many milliseconds will not come to rest.
const RESTLESS = 3000;
const CHANNELS = ['http.client.request.created', 'http.client.request.start', 'http.client.request.error', 'http.client.response.finish'];
const contexts = new AsyncLocalStorage();
const NAMED = /(\d+)-(\d+)-(\d+)/;

class World {
  trace = new Trace();
  pending = 0;
  scopes = [];
  sockets = new Set();
  peers = [];

  // Acts to start when nothing else happens.
  #waiting = [];
  // Acts to start after further steps of the script.
  #later = [];

  constructor(program, settle) {
    this.program = program;
    this.settle = settle;
  }

  begin() { this.pending += 1; }
  done() {
    this.pending -= 1;
    this.trace.activity += 1;
  }

  scope(id, objects) {
    const scope = new Scope(this, id, objects);
    this.scopes.push(scope);
    return scope;
  }

  /** Runs what belongs to an exchange in its context, if the program asks for contexts. */
  inContext(id, run) { return this.program.contexts ? contexts.run(id, run) : run(); }

  /** The context in which a function of the program is called. */
  context() { return this.program.contexts ? ` in ${contexts.getStore()}` : ''; }

  /** Starts an act when nothing else happens. */
  atRest(start) { this.#waiting.push(start); }

  /** Starts an act after that many further steps of the script; one that waits longer than the script, at its end. */
  afterActs(left, start) { this.#later.push({ left, start }); }

  /** A step of the script was taken: waits for its effects, and starts the acts that have waited for it. */
  async acted(last = false) {
    await this.quiet();
    const due = this.#later.filter((one) => (one.left -= 1) <= 0 || last);
    if (due.length === 0) return;
    this.#later = this.#later.filter((one) => !due.includes(one));
    for (const { start } of due) start();
    await this.acted(last);
  }

  /** Sockets are named by their peer if it is known, otherwise by the exchange. */
  nameOfSocket(scope) {
    const socket = scope.get('sock');
    if (socket) this.sockets.add(socket);
    return scope.peer === undefined ? `${scope.id}.sock` : `sock${scope.peer}`;
  }

  /** Resolves when nothing has happened for some turns of the loop. */
  async quiet() {
    const { turns, ms } = this.settle;
    const start = Date.now();
    let since = performance.now();
    let seen = -1;
    let calm = 0;
    for (;;) {
      await new Promise(ms > 2 && calm > 0 ? (resolve) => setTimeout(resolve, 1) : setImmediate);
      if (this.pending > 0 || this.trace.activity !== seen) {
        seen = this.trace.activity;
        calm = 0;
        since = performance.now();
      } else calm += 1;
      if (calm >= turns && performance.now() - since >= ms) {
        if (this.#waiting.length === 0) return;
        this.#waiting.shift()();
        seen = -1;
      }
      if (Date.now() - start > RESTLESS) return this.trace.add('process', 'never comes to rest');
    }
  }

  /** A raw socket of the other side: records what it receives. */
  watch(socket, name) {
    const { trace } = this;
    const peer = { socket, onData: undefined, asked: false, isHead: false, sent: '' };
    socket.on('data', (chunk) => {
      if (!peer.asked) {
        peer.isHead = chunk.subarray(0, 5).toString() === 'HEAD ';
        peer.sent = '';
      }
      peer.asked = true;
      trace.addData(name, 'received', chunk.toString('latin1'));
      const act = peer.onData;
      peer.onData = undefined;
      if (act !== undefined) actOn(socket, act, []);
    });
    socket.on('end', () => trace.add(name, 'end'));
    socket.on('error', (error) => trace.add(name, `error ${error.code}`));
    socket.on('close', () => trace.add(name, 'close'));
    return peer;
  }

  finalLook() {
    for (const { id, objects } of this.scopes) {
      for (const name of ['req', 'res', 'agent']) {
        if (objects[name]) this.trace.add(name === 'agent' ? name : `${id}.${name}`, `at last: ${look(objects[name])}`);
      }
    }
  }
}

function actOn(socket, act, [value]) {
  if (act === 'send') socket.write(Buffer.from(String(value), 'latin1'));
  else if (act === 'fill') socket.write(Buffer.alloc(Math.min(value | 0, 1 << 20), 'f'));
  else if (act === 'end') socket.end();
  else if (act === 'destroy') socket.destroy();
  else if (act === 'reset') socket[socket.encrypted ? 'destroy' : 'resetAndDestroy']();
  else if (act === 'pause') socket.pause();
  else if (act === 'resume') socket.resume();
}

function listening(server) {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

// A connection that was reset no longer has a port.
function peerOf({ peers }, { remotePort }) {
  return peers.length === 1 ? 0 : peers.findIndex((peer) => peer?.port !== undefined && peer.port === remotePort);
}

// A server of the http module with the listeners that a program asks for.
function serverOf(world) {
  const { program } = world;
  const server = http.createServer({ ...program.options });
  Object.assign(server, program.props);
  const named = (req, more) => {
    const [, handler, peer, count] = NAMED.exec(req.url) ?? [null, 0, undefined, world.scopes.length];
    const scope = world.scope(peer === undefined ? `x${count}` : `${peer}.${count}`, { req, server, ...more });
    scope.peer = peer;
    return { scope, handler };
  };
  server.on('request', (req, res) => {
    const { scope, handler } = named(req, { res });
    world.trace.add(`${scope.id}.req`, `request ${req.method} ${JSON.stringify(req.headers)}`);
    const { handlers } = program;
    if (handlers.length > 0) scope.run(handlers[handler % handlers.length], '');
  });
  const withSocket = (socket) => {
    world.sockets.add(socket);
    const peer = world.connecting ?? peerOf(world, socket);
    const scope = world.scope(peer < 0 ? 'unknown' : `${peer}.0`, { sock: socket, server });
    if (peer >= 0) scope.peer = peer;
    return scope;
  };
  const KINDS = {
    exchange: (event, steps) => (req, res) => {
      const { scope } = named(req, { res });
      world.trace.add(`${scope.id}.req`, event);
      scope.run(steps, `${event}.`);
    },
    upgrade: (event, steps) => (req, sock, head) => {
      world.sockets.add(sock);
      const { scope } = named(req, { sock });
      world.trace.add(`${scope.id}.req`, `${event} head ${described(head)}`);
      scope.run(steps, `${event}.`);
    },
    socket: (event, steps) => (socket) => {
      const scope = withSocket(socket);
      world.trace.add(scope.nameOf('sock'), event);
      scope.run(steps, `${event}.`);
    },
    clientError: (event, steps) => (error, socket) => {
      const scope = withSocket(socket);
      world.trace.add(scope.nameOf('sock'), `${event} ${errorText(error)}`);
      scope.run(steps, `${event}.`);
    },
    server: (event, steps) => () => {
      world.trace.add('server', event);
      world.scope('server', { server }).run(steps, `${event}.`);
    },
  };
  const kindOf = { checkContinue: 'exchange', checkExpectation: 'exchange', upgrade: 'upgrade', connect: 'upgrade', connection: 'socket', timeout: 'socket', clientError: 'clientError', close: 'server' };
  for (const [event, steps] of Object.entries(program.listen ?? {})) {
    if (kindOf[event] !== undefined) server.on(event, KINDS[kindOf[event]](event, steps));
  }
  return server;
}

async function connectPeer(world, port, p, options) {
  // Without Nagle's algorithm: what is sent arrives in the step that sends it.
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, ...options });
  const peer = world.peers[p] = world.watch(socket, `peer${p}`);
  // Its port is not known yet when the server gets it.
  world.connecting = p;
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  peer.port = socket.localPort;
  await world.quiet();
  world.connecting = undefined;
}

async function performServer(world) {
  const server = serverOf(world);
  await listening(server);
  const { port } = server.address();
  for (const [act, who, ...args] of world.program.script) {
    if (act === 'sleep') await new Promise((resolve) => setTimeout(resolve, Math.min(who, 500)));
    else if (act === 'server') {
      if (typeof server[who] === 'function') server[who]();
    } else if (act === 'connect' || world.peers[who] === undefined) await connectPeer(world, port, who, act === 'connect' ? args[0] : undefined);
    if (act === 'on-data') world.peers[who].onData = args[0];
    else if (act !== 'connect' && world.peers[who] !== undefined) actOn(world.peers[who].socket, act, args);
    await world.acted();
  }
  await world.acted(true);
  if (world.program.final) world.finalLook();
  world.trace.close();
  refuseMore(server, world);
  await world.quiet();
  server.closeAllConnections();
  await closed(server);
}

async function closed(server) {
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

// Connections that come when a program is over are refused.
function refuseMore(server, world) {
  server.removeAllListeners('connection').on('connection', (socket) => socket.on('error', () => {}).destroy());
  for (const peer of world.peers) peer?.socket.destroy();
  for (const socket of world.sockets) socket.destroy();
}

async function refusedPort() {
  const server = net.createServer();
  await listening(server);
  const { port } = server.address();
  await closed(server);
  return port;
}

// How a program makes a request: the options of http.request, with names for what JSON cannot express.
function requester(world, port, refused, agent) {
  const module = world.program.tls ? https : http;
  const agents = { own: agent, none: false };
  return (id, { agent: chosen, signal, to, callback, get, connection, ...options }, steps, place) => world.inContext(`r${id}`, () => {
    const scope = world.scope(String(id), { agent });
    const given = { host: '127.0.0.1', port: to === 'refused' ? refused : port, ...(world.program.tls && { rejectUnauthorized: false }), ...options };
    if (connection !== undefined) given.createConnection = opener(connection, world.program.tls);
    if (chosen !== undefined && chosen !== 'global') given.agent = agents[chosen] ?? agent;
    if (signal) given.signal = (scope.objects.controller = new AbortController()).signal;
    const args = [given];
    if (callback !== undefined) {
      args.push((res) => {
        scope.objects.res = res;
        world.trace.add(`${id}.req`, `callback with ${res.statusCode} ${JSON.stringify(res.headers)}${world.context()}`.replace(/"date":"[^"]*"/, '"date":"now"'));
        scope.run(callback, `${place}.callback.`);
      });
    }
    try {
      world.making = scope;
      scope.objects.req = get ? module.get(...args) : module.request(...args);
    } catch (error) {
      world.trace.add(`${id}.req`, `threw ${errorText(error)}`);
      return;
    } finally {
      world.making = undefined;
    }
    scope.run(steps, `${place}.`);
  });
}

// Records what is published about the requests of a program. Returns the function that ends it.
function subscribed(world) {
  const listeners = CHANNELS.map((name) => (message) => {
    const { request } = message;
    const scope = world.scopes.find(({ objects }) => objects.req === request) ?? world.making;
    if (scope === undefined) return;
    const more = Object.keys(message).map((key) => `${key} ${described(message[key])}`).join(', ');
    world.trace.add(`${scope.id}.req`, `published ${name}: ${more}${world.context()}`);
  });
  if (!world.program.channels) return () => {};
  CHANNELS.forEach((name, n) => diagnostics.subscribe(name, listeners[n]));
  return () => CHANNELS.forEach((name, n) => diagnostics.unsubscribe(name, listeners[n]));
}

function peersOf(world) {
  const { program } = world;
  const accept = (socket) => {
    world.trace.activity += 1;
    world.peers.push(world.watch(socket, `peer${world.peers.length}`));
  };
  const options = { allowHalfOpen: Boolean(program.half), noDelay: true };
  if (!program.tls) return net.createServer(options, accept);
  const server = tls.createServer({ ...options, ...certificate }, accept);
  // During a TLS handshake, nothing else should happen.
  const agreeing = new Set();
  const over = (remote) => { if (agreeing.delete(remote)) world.done(); };
  server.on('connection', (socket) => {
    const { remotePort } = socket;
    agreeing.add(remotePort);
    world.begin();
    socket.once('close', () => over(remotePort));
  });
  server.on('secureConnection', (socket) => over(socket.remotePort));
  server.on('tlsClientError', (_error, socket) => over(socket.remotePort));
  return server;
}

// An answer to HEAD: informational ones, and the head of the final one.
const HEADS = /^(?:HTTP\/1\.\d 1(?!01)\d\d(?:[^\r]|\r\n(?!\r\n))*\r\n\r\n)*HTTP\/1\.\d [2-5](?:[^\r]|\r\n(?!\r\n))*\r\n\r\n/;

// The part of a piece that belongs to the answer: to HEAD, no body does.
function asked(peer, piece) {
  if (!peer.isHead) return piece;
  const before = peer.sent.length;
  peer.sent += piece;
  const [heads] = HEADS.exec(peer.sent) ?? [];
  if (heads !== undefined) peer.sent = heads;
  return peer.sent.slice(before);
}

// Ours refuses bytes of an answer that no request asked for, on purpose (docs/COMPATIBILITY.md): they are not sent.
// `last` follows the last piece of an answer.
function answer(peer, [act, value, last]) {
  if (act === 'send') {
    if (!peer.asked) return;
    value = asked(peer, value);
  }
  if (last === 'last') peer.asked = false;
  actOn(peer.socket, act, [value]);
}

async function performClient(world) {
  const { program } = world;
  const module = program.tls ? https : http;
  const captured = EventEmitter.captureRejections;
  if (program.captures) EventEmitter.captureRejections = true;
  const unsubscribe = subscribed(world);
  const agent = agentOf(module, program.own, { ...program.agent, ...(program.tls && { rejectUnauthorized: false }) }, Boolean(program.tls), world.trace);
  const server = peersOf(world);
  await listening(server);
  const { port } = server.address();
  world.request = requester(world, port, await refusedPort(), agent);
  const main = world.scope('main', { agent });
  let count = 0;
  for (const [act, what, ...args] of program.script) {
    if (act === 'sleep') await new Promise((resolve) => setTimeout(resolve, Math.min(what, 500)));
    else if (act === 'do') main.run([['later', 'immediate', what]], `${count += 1}.`);
    else if (act === 'answer' && world.peers[what] !== undefined) answer(world.peers[what], args);
    await world.acted();
  }
  await world.acted(true);
  if (program.final) world.finalLook();
  world.trace.close();
  unsubscribe();
  EventEmitter.captureRejections = captured;
  for (const { objects } of world.scopes) objects.req?.on('error', () => {}).destroy();
  agent.destroy?.();
  module.globalAgent.destroy();
  refuseMore(server, world);
  await world.quiet();
  await closed(server);
}

let current;

/** Records an uncaught exception for the running program. */
function uncaught(what, error) {
  current?.trace.add('process', `${what} ${described(error)}`);
}

/**
 * @param {object} program
 * @param {{turns: number, ms: number}} settle how long nothing may happen before the next step is taken
 * @returns {Promise<Object<string, string[]>>} the trace
 */
async function perform(program, settle) {
  const world = current = new World(program, settle);
  try {
    await (program.kind === 'client' ? performClient : performServer)(world);
  } finally {
    world.trace.close();
    current = undefined;
  }
  return world.trace.toJSON();
}

module.exports = { perform, uncaught };
