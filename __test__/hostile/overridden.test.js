'use strict';
// Subclasses that override a method, and programs that change what a method of node's would read: with us it is read at the same time.
// Each program runs on the built-in http, too.

const assert = require('node:assert/strict');
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { test } = require('node:test');
const ours = require('../..');

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

async function closed(server) {
  server.close();
  await once(server, 'close');
}

/** @returns {Promise<string>} what a server answers to a text */
async function answers(port, text) {
  const peer = net.connect(port, '127.0.0.1').setEncoding('latin1');
  let got = '';
  peer.on('data', (data) => { got += data; }).on('error', () => {});
  peer.end(text);
  await once(peer, 'close');
  return got.replace(/Date: .*\r\n/g, '');
}

/** A response that hears its 'finish' from when it gets its socket: then it still has that. */
async function early({ ServerResponse, createServer }) {
  const seen = [];
  class Response extends ServerResponse {
    assignSocket(socket) {
      super.assignSocket(socket);
      this.on('finish', () => seen.push(`finish with a socket: ${this.socket === socket}`));
    }
  }
  const server = createServer({ ServerResponse: Response }, (req, res) => {
    res.on('finish', () => seen.push(`finish of the handler with a socket: ${Boolean(res.socket)}`));
    res.end('x');
  });
  const port = await listening(server);
  seen.push(await answers(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2)));
  await closed(server);
  return seen;
}

/** The methods of a server that are called for a bad request. */
async function refused({ Server }) {
  const calls = [];
  class Watched extends Server {
    listenerCount(...args) {
      calls.push(`listenerCount(${args})`);
      return super.listenerCount(...args);
    }

    listeners(...args) {
      calls.push(`listeners(${args})`);
      return super.listeners(...args);
    }
  }
  const server = new Watched((req, res) => res.end('x'));
  const port = await listening(server);
  calls.length = 0;
  calls.push(await answers(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\nBAD\r\n\r\n'));
  await closed(server);
  return calls;
}

/** A request whose getHeader() knows fields that nobody has set. */
async function knowing({ ClientRequest }) {
  const KNOWN = { host: 'known.test', authorization: 'Known', expect: '100-continue' };
  const heads = [];
  const peer = net.createServer((socket) => {
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      heads.push(data);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  const port = await listening(peer);
  for (const known of Object.keys(KNOWN)) {
    class Request extends ClientRequest {
      getHeader(name) {
        return name.toLowerCase() === known ? KNOWN[known] : super.getHeader(name);
      }
    }
    const req = new Request({ host: '127.0.0.1', port, auth: 'a:b', agent: false });
    heads.push(req.headersSent);
    req.end();
    const [res] = await once(req, 'response');
    res.resume();
    await once(req, 'close');
  }
  await closed(peer);
  return heads.map((head) => String(head).replaceAll(String(port), 'PORT'));
}

/** How long a socket is kept whose response has other headers than those received. */
async function kept({ Agent, createServer, request }) {
  const server = createServer({ keepAliveTimeout: 9000 }, (req, res) => res.end('x'));
  const port = await listening(server);
  const CHANGES = {
    'no change': () => {},
    'read': (res) => res.headers,
    'a longer time': (res) => { res.headers['keep-alive'] = 'timeout=30'; },
    'no field': (res) => delete res.headers['keep-alive'],
    'another object': (res) => { res.headers = { 'keep-alive': 'timeout=20' }; },
    'an own property': (res) => Object.defineProperty(res, 'headers', { value: { 'keep-alive': 'timeout=25' } }),
    'an own _addHeaderLine()': (res) => { res._addHeaderLine = () => {}; },
  };
  const times = [];
  for (const [name, change] of Object.entries(CHANGES)) {
    // The response can only shorten the time of the agent.
    const agent = new Agent({ keepAlive: true, timeout: 28_000 });
    const req = request({ host: '127.0.0.1', port, agent });
    req.end();
    const [res] = await once(req, 'response');
    change(res);
    res.resume();
    await once(req, 'close');
    await new Promise(setImmediate);
    times.push([name, Object.values(agent.freeSockets).flat().map(({ timeout }) => timeout)]);
    agent.destroy();
  }
  server.closeAllConnections?.();
  await closed(server);
  return times;
}

/** A request class that looks at the headers while they are made, and one whose making fails half-way. */
async function halfMade({ IncomingMessage, createServer }) {
  const seen = [];
  class Looking extends IncomingMessage {
    _addHeaderLine(field, value, headers) {
      seen.push(Object.keys(this.headers));
      if (value === 'fails') throw new Error('fails');
      super._addHeaderLine(field, value, headers);
    }
  }
  const server = createServer({ IncomingMessage: Looking }, (req, res) => {
    for (let n = 0; n < 2; n++) seen.push(Object.keys(req.headers));
    res.end('x');
  });
  server.on('clientError', ({ message }, socket) => {
    seen.push(message);
    socket.destroy();
  });
  const port = await listening(server);
  seen.push(await answers(port, 'GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nConnection: close\r\n\r\n'));
  await closed(server);
  const message = new Looking();
  message._addHeaderLines(['A', '1', 'B', 'fails', 'C', '3'], 6);
  assert.throws(() => message.headers);
  return [...seen, { ...message.headers }];
}

for (const [name, program] of Object.entries({ early, refused, knowing, kept, halfMade })) {
  test(`what a program has overridden is asked as with the built-in: ${name}`, async () => {
    assert.deepEqual(await program(ours), await program(http));
  });
}
