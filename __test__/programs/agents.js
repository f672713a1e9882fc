'use strict';

// Agents as other packages make them, by the name in a program; and ways of opening a connection.

const net = require('node:net');
const tls = require('node:tls');
const { Duplex } = require('node:stream');

/** A stream over a socket, without the socket's own methods. */
function duplexOver(socket) {
  const duplex = new Duplex({
    read() { socket.resume(); },
    write(chunk, encoding, done) { socket.write(chunk, encoding, done); },
    final(done) { socket.end(done); },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => { if (!duplex.push(chunk)) socket.pause(); });
  socket.on('end', () => duplex.push(null));
  socket.on('error', (error) => duplex.destroy(error));
  socket.on('close', () => duplex.destroy());
  return duplex;
}

/** How a connection is opened: returned at once, in a later tick or turn, twice, as another stream, or not at all. */
const WAYS = {
  sync: (open) => open(),
  callback: (open, done) => { done(null, open()); },
  tick: (open, done) => { process.nextTick(() => done(null, open())); },
  late: (open, done) => { setImmediate(() => done(null, open())); },
  connected: (open, done) => {
    const socket = open();
    const failed = (error) => done(error);
    socket.once('error', failed);
    socket.once(socket.encrypted ? 'secureConnect' : 'connect', () => {
      socket.removeListener('error', failed);
      done(null, socket);
    });
  },
  twice: (open, done) => {
    const socket = open();
    setImmediate(() => done(null, socket));
    return socket;
  },
  duplex: (open) => duplexOver(open()),
  refuses: (_open, done) => { setImmediate(() => done(new Error('no connection'))); },
  throws: () => { throw new Error('cannot connect'); },
  nothing: () => {},
};

/** The function createConnection(options, callback) that opens connections in a way. */
function opener(way, isTls) {
  const open = WAYS[way] ?? WAYS.sync;
  const connect = isTls ? tls.connect : net.connect;
  return (options, done) => open(() => connect(options), done);
}

/** Like agent-base: a promise makes a connection before the agent's own createSocket() takes it. */
function asyncAgent(Agent, connect) {
  return class AsyncAgent extends Agent {
    #socket;

    createSocket(req, options, callback) {
      const name = this.getName(options);
      // A placeholder holds its place in the meantime.
      const placeholder = new net.Socket({ writable: false });
      (this.sockets[name] ??= []).push(placeholder);
      this.totalSocketCount += 1;
      const leave = () => {
        const list = this.sockets[name];
        list.splice(list.indexOf(placeholder), 1);
        this.totalSocketCount -= 1;
        if (list.length === 0) delete this.sockets[name];
      };
      Promise.resolve().then(() => connect(options)).then((socket) => {
        leave();
        this.#socket = socket;
        super.createSocket(req, options, callback);
      }, (error) => {
        leave();
        callback(error);
      });
    }

    createConnection() {
      const socket = this.#socket;
      this.#socket = undefined;
      return socket;
    }
  };
}

/** Like agentkeepalive: observes sockets when they are made, kept and reused. */
function watchingAgent(Agent, trace) {
  return class WatchingAgent extends Agent {
    createSocket(req, options, callback) {
      super.createSocket(req, options, (error, socket) => {
        trace.add('agent', `created ${error ? error.message : 'a socket'}`);
        if (socket) {
          socket.uses = 0;
          socket.on('free', () => trace.add('agent', `free after ${socket.uses} uses`));
          socket.on('timeout', () => trace.add('agent', 'timeout of a socket'));
          socket.on('close', () => trace.add('agent', `close after ${socket.uses} uses`));
        }
        callback(error, socket);
      });
    }

    keepSocketAlive(socket) {
      const kept = super.keepSocketAlive(socket);
      trace.add('agent', `keeps: ${kept}`);
      socket.uses += 1;
      return kept && socket.uses < 3;
    }

    reuseSocket(socket, req) {
      trace.add('agent', `reuses: ${req.reusedSocket}`);
      super.reuseSocket(socket, req);
    }

    removeSocket(socket, options) {
      trace.add('agent', `removes ${socket.destroyed ? 'a destroyed one' : 'one'}`);
      super.removeSocket(socket, options);
    }
  };
}

/** Not an Agent: it gives each request its own connection. */
function foreignAgent(protocol, port, connect) {
  return {
    protocol,
    defaultPort: port,
    addRequest(req, options) { req.onSocket(connect(options)); },
  };
}

/**
 * @param {{Agent: Function}} http the module
 * @param {string|undefined} kind a way of opening connections; 'async', 'watching', 'named', 'foreign'; undefined for an Agent as it is
 * @param {object} options of the agent
 * @param {boolean} isTls
 * @param {object} trace
 */
function agentOf({ Agent }, kind, options, isTls, trace) {
  const connect = isTls ? tls.connect : net.connect;
  if (kind === 'async') return new (asyncAgent(Agent, connect))(options);
  if (kind === 'watching') return new (watchingAgent(Agent, trace))(options);
  if (kind === 'named') return new (class extends Agent { getName() { return 'one'; } })(options);
  if (kind === 'foreign') return foreignAgent(isTls ? 'https:' : 'http:', isTls ? 443 : 80, (given) => connect({ host: given.host, port: given.port, rejectUnauthorized: false }));
  const agent = new Agent(options);
  if (WAYS[kind] !== undefined) agent.createConnection = opener(kind, isTls);
  return agent;
}

module.exports = { agentOf, opener, WAYS: Object.keys(WAYS) };
