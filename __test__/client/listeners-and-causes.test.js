'use strict';
// What a program sees of a request in progress: the listeners on request, socket and agent with their names, how
// methods wait for a socket, what an agent sets on a socket that it does not keep, and the cause of a truncated answer.
// Compared with the built-in client.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const builtin = require('node:http');
const { Duplex } = require('node:stream');
const { test } = require('node:test');
const ours = require('../..');
const { withPeers } = require('./scenario');

const TRANSPORTS = ['native', 'stream'];
const PART = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi';

/** The listeners of an emitter, by event, each with its name and the name of the function it wraps. */
function namesOn(emitter) {
  return emitter.eventNames().map(String).sort()
    .map((event) => `${event}: ${emitter.rawListeners(event).map(({ name, listener }) => `${name}(${listener?.name ?? ''})`)}`);
}

/** Like once(), but ignores errors. */
function closing(emitter) {
  return new Promise((resolve) => {
    emitter.on('close', resolve);
  });
}

const withServer = (serve, run) => withPeers((peer) => peer.on('data', () => serve(peer)), run);

async function everyListener(http, transport) {
  const log = [];
  await withServer((peer) => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), async (port) => {
    const agent = new http.Agent({ keepAlive: true, timeout: 90000, ...(transport && { transport }) });
    log.push(namesOn(agent));
    for (let n = 0; n < 3; n += 1) {
      const req = http.request({ host: '127.0.0.1', port, agent, timeout: 80000 });
      req.setTimeout(70000, () => {});
      req.setNoDelay(true);
      req.setSocketKeepAlive(true, 1);
      log.push(namesOn(req));
      req.on('socket', (socket) => log.push(namesOn(socket), namesOn(req)));
      req.end();
      const [res] = await once(req, 'response');
      log.push(namesOn(res), namesOn(req));
      res.resume();
      await closing(req);
      // The agent takes the socket back in this tick.
      await new Promise(setImmediate);
      log.push(namesOn(req));
    }
    agent.destroy();
  });
  return log;
}

test('the listeners on an agent, its requests, their sockets and answers have the names of the built-in client', async () => {
  const expected = await everyListener(builtin);
  for (const transport of TRANSPORTS) assert.deepEqual(await everyListener(ours, transport), expected, transport);
});

/** A stream with the socket methods that a request calls. */
function socketLike(log, connecting) {
  const stream = new Duplex({
    read() {},
    write(chunk, encoding, done) { done(); },
    destroy(error, done) {
      log.push(`destroyed ${error?.message}`);
      done(error);
    },
  });
  for (const name of ['setNoDelay', 'setKeepAlive', 'setTimeout']) stream[name] = (...args) => log.push(`${name} ${args}`);
  return Object.assign(stream, { connecting });
}

async function deferredMethods(http, connecting, writable) {
  const log = [];
  const socket = socketLike(log, connecting);
  Object.defineProperty(socket, 'writable', { value: writable, writable: true });
  const req = http.request({ host: 'a.example', createConnection: () => socket });
  req.on('error', (error) => log.push(error.message));
  req.setNoDelay(true);
  req.setSocketKeepAlive(true, 5);
  await once(req, 'socket');
  log.push(namesOn(socket));
  req.setNoDelay(false);
  socket.writable = true;
  req.setNoDelay(2);
  log.push(namesOn(socket));
  socket.emit('connect');
  log.push(namesOn(socket));
  req.destroy();
  await closing(req);
  return log;
}

test('setNoDelay() and setSocketKeepAlive() reach a socket that connects at once, and one that cannot be written to when it is connected', async () => {
  for (const connecting of [true, false]) {
    for (const writable of [true, false]) {
      assert.deepEqual(await deferredMethods(ours, connecting, writable), await deferredMethods(builtin, connecting, writable), `${connecting} ${writable}`);
    }
  }
});

async function refused(http, kind, along) {
  const log = [];
  const stream = along ? socketLike(log, false).on('error', () => log.push('error of the stream')) : undefined;
  const failed = (options, callback) => { setImmediate(callback, new Error('refused'), stream); };
  const agent = new http.Agent({ maxSockets: 1 });
  if (kind === 'createConnection') agent.createConnection = failed;
  else agent.createSocket = (req, options, callback) => failed(options, callback);
  const req = http.get({ host: 'a.example', agent });
  const { onSocket } = req;
  req.onSocket = function(socket, error) {
    log.push(`onSocket ${socket === stream ? 'what came' : socket} ${error.message}`);
    return onSocket.call(this, socket, error);
  };
  req.on('error', (error) => log.push(error.message));
  await closing(req);
  await new Promise(setImmediate);
  return log;
}

test('a request without a socket gets the error together with what came along, which is destroyed', async () => {
  for (const kind of ['createConnection', 'createSocket']) {
    for (const along of [false, true]) assert.deepEqual(await refused(ours, kind, along), await refused(builtin, kind, along), `${kind} ${along}`);
  }
});

function keeping(http, timeout, hint, current) {
  const log = [];
  const res = new http.IncomingMessage();
  res._addHeaderLines(['Keep-Alive', hint], 2);
  const socket = {
    timeout: current,
    _httpMessage: { res },
    unref() {},
    setKeepAlive(...args) { log.push(`setKeepAlive ${args}`); },
    setTimeout(msecs) {
      this.timeout = msecs;
      log.push(`setTimeout ${msecs}`);
    },
  };
  log.push(new http.Agent({ keepAlive: true, timeout }).keepSocketAlive(socket), socket.timeout);
  return log;
}

test('a socket that is not kept because of what its server has said gets the timeout of the agent all the same', () => {
  for (const timeout of [undefined, 500, 5000]) {
    for (const hint of ['timeout=0', 'timeout=1', 'timeout=2', 'timeout=100', 'max=3']) {
      for (const current of [0, 300, 5000]) {
        assert.deepEqual(keeping(ours, timeout, hint, current), keeping(builtin, timeout, hint, current), `${timeout} ${hint} ${current}`);
      }
    }
  }
});

const replaceDestroy = (socket, error) => {
  const { destroy } = socket;
  socket.destroy = () => destroy.call(socket, error);
};

const ENDS = {
  'the server ends it': (req, peer) => peer.end(),
  'the server destroys it': (req, peer) => peer.destroy(),
  'the server resets it': (req, peer) => peer.resetAndDestroy(),
  'the request is destroyed': (req) => req.destroy(),
  'the request is destroyed with an error': (req) => req.destroy(new Error('mine')),
  'the request is destroyed with text': (req) => req.destroy('mine'),
  'the request is destroyed with an error that its socket does not tell': (req) => {
    replaceDestroy(req.socket);
    req.destroy(new Error('mine'));
  },
  'the request is destroyed with an error, and its socket with another': (req) => {
    replaceDestroy(req.socket, new Error('other'));
    req.destroy(new Error('mine'));
  },
  'the socket is destroyed': (req) => req.socket.destroy(),
  'the socket is destroyed with an error': (req) => req.socket.destroy(new Error('mine')),
  'an error is emitted on the socket': (req) => req.socket.emit('error', new Error('mine')),
  'a listener of the error throws': (req) => {
    req.once('error', () => { throw new Error('thrown'); });
    assert.throws(() => req.socket.emit('error', new Error('mine')), /thrown/);
    req.socket.destroy();
  },
  'a falsy error is emitted on the socket': (req) => req.socket.emit('error', ''),
  'the request does not listen to its socket': (req) => {
    req.socket.removeAllListeners('error').on('error', () => {}).destroy(new Error('mine'));
  },
  'the answer is destroyed with an error': (req) => req.res.destroy(new Error('mine')),
};

async function causeOf(http, end, transport) {
  const log = [];
  let peer;
  await withServer((socket) => {
    peer = socket;
    socket.write(PART);
  }, async (port) => {
    const agent = new http.Agent(transport && { transport });
    const req = http.get({ host: '127.0.0.1', port, agent });
    req.on('error', (error) => log.push(`error ${error.message ?? error}`));
    const closed = closing(req);
    const [res] = await once(req, 'response');
    const over = closing(res);
    const told = (error) => error && [error.message, Object.getOwnPropertyDescriptor(error, 'cause'), error.cause?.message];
    res.on('error', (error) => log.push('error of the answer', told(error)));
    await once(res, 'data');
    end(req, peer);
    await closed;
    await over;
    log.push(told(res.errored));
    agent.destroy();
  });
  return log;
}

for (const [title, end] of Object.entries(ENDS)) {
  test(`the error of an answer that is cut short has the cause of the built-in one: ${title}`, async () => {
    const expected = await causeOf(builtin, end);
    for (const transport of TRANSPORTS) assert.deepEqual(await causeOf(ours, end, transport), expected, transport);
  });
}

async function dumped(http, when) {
  const log = [];
  await withServer((peer) => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), async (port) => {
    const agent = new http.Agent();
    const req = http.get({ host: '127.0.0.1', port, agent });
    const closed = closing(req);
    const [res] = await once(req, 'response');
    for (const name of ['resume', 'read', 'pause']) {
      const method = res[name];
      res[name] = function(...args) {
        log.push(`${name} ${args}`);
        return method.apply(this, args);
      };
    }
    res.on('end', () => {
      log.push('end');
      if (when === 'end') res._dump();
    });
    if (when === 'response') res._dump();
    else res.resume();
    await closed;
    agent.destroy();
  });
  return log;
}

test('an answer that was read to its end is read away with the calls of the built-in one', async () => {
  for (const when of ['response', 'end']) assert.deepEqual(await dumped(ours, when), await dumped(builtin, when), when);
});
