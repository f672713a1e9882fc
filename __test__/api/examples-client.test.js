'use strict';
// The examples in the document's chapters Agent and ClientRequest, on loopback and with an end. Each test has the name
// of its section; what the example prints is recorded and compared.

const assert = require('node:assert/strict');
const net = require('node:net');
const { test } = require('node:test');
const { answering, event, http, serve, serving, sleep, textOf, until } = require('./helpers');

const echo = async (req, res) => res.end(await textOf(req));
const host = '127.0.0.1';

test("Class: http.Agent: a socket leaves its agent by 'agentRemove'", () => serve(echo, async (port) => {
  const agent = new http.Agent({ keepAlive: true });
  const options = { host, port, agent };
  let mine;
  const req = http.get(options, (res) => {
    res.resume();
  }).on('socket', (socket) => {
    mine = socket;
    socket.emit('agentRemove');
  });
  await event(req, 'socket');
  assert.deepEqual(Object.keys(agent.sockets), []);
  await event(req, 'close');
  assert.deepEqual(Object.keys(agent.freeSockets), []);
  mine.destroy();
}));

test('Class: http.Agent: agent:false makes an agent for one request', () => serve(echo, async (port) => {
  const [res] = await new Promise((resolve) => {
    http.get({
      hostname: 'localhost',
      port,
      path: '/',
      agent: false, // Create a new agent just for this one request
      family: 4,
    }, (...args) => resolve(args));
  });
  assert.equal(res.headers.connection, 'close');
  assert.notEqual(res.req.agent, http.globalAgent);
  await textOf(res);
}));

test('new Agent([options]): a custom agent is passed with the options', () => serve(echo, async (port) => {
  const options = { host, port };
  const keepAliveAgent = new http.Agent({ keepAlive: true });
  options.agent = keepAliveAgent;
  const res = await new Promise((onResponseCallback) => {
    http.request(options, onResponseCallback).end();
  });
  assert.equal(res.headers.connection, 'keep-alive');
  await textOf(res);
  keepAliveAgent.destroy();
}));

test('agent.keepSocketAlive(socket): the default behaviour', () => {
  const agent = new http.Agent({ keepAlive: true, keepAliveMsecs: 4000 });
  const calls = [];
  const socket = new net.Socket();
  socket.setKeepAlive = (...args) => calls.push(['setKeepAlive', ...args]);
  socket.unref = () => calls.push(['unref']);
  assert.equal(agent.keepSocketAlive(socket), true);
  assert.deepEqual(calls, [['setKeepAlive', true, 4000], ['unref']]);
});

test('agent.reuseSocket(socket, request): the default behaviour', () => {
  const calls = [];
  const socket = new net.Socket();
  socket.ref = () => calls.push('ref');
  new http.Agent().reuseSocket(socket, http.request({ createConnection() {} }));
  assert.deepEqual(calls, ['ref']);
});

test("Event: 'connect': a tunneling proxy and its client", () => serve((req, res) => res.end(`origin ${req.headers.host}`), async (originPort) => {
  const notes = [];
  const proxy = http.createServer((req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/plain' });
    res.end('okay');
  });
  proxy.on('connect', (req, clientSocket, head) => {
    // Connect to an origin server
    const { port, hostname } = new URL(`http://${req.url}`);
    const serverSocket = net.connect(port || 80, hostname, () => {
      clientSocket.write('HTTP/1.1 200 Connection Established\r\n' +
                      'Proxy-agent: Node.js-Proxy\r\n' +
                      '\r\n');
      serverSocket.write(head);
      serverSocket.pipe(clientSocket);
      clientSocket.pipe(serverSocket);
    });
  });
  await serving(proxy, (port) => new Promise((resolve) => {
    // Make a request to a tunneling proxy
    const options = { port, host, method: 'CONNECT', path: `${host}:${originPort}` };
    const req = http.request(options);
    req.end();
    req.on('connect', (res, socket) => {
      notes.push('got connected!', res.headers['proxy-agent']);
      // Make a request over an HTTP tunnel
      socket.write('GET / HTTP/1.1\r\n' +
                   'Host: www.google.com:80\r\n' +
                   'Connection: close\r\n' +
                   '\r\n');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('end', () => {
        notes.push(text);
        resolve();
      });
    });
  }));
  assert.deepEqual(notes.slice(0, 2), ['got connected!', 'Node.js-Proxy']);
  assert.match(notes[2], /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\norigin www\.google\.com:80$/);
}));

test("Event: 'information': what comes before the main response", () => serve((req, res) => {
  res.writeProcessing();
  res.end(req.url);
}, async (port) => {
  const notes = [];
  const req = http.request({ host, port, path: '/length_request', agent: false });
  req.end();
  req.on('information', (info) => {
    notes.push(`Got information prior to main response: ${info.statusCode}`);
  });
  const [res] = await event(req, 'response');
  notes.push(await textOf(res));
  assert.deepEqual(notes, ['Got information prior to main response: 102', '/length_request']);
}));

test("Event: 'upgrade': a client and server pair", async () => {
  const server = http.createServer((req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/plain' });
    res.end('okay');
  });
  server.on('upgrade', (req, socket) => {
    socket.write('HTTP/1.1 101 Web Socket Protocol Handshake\r\n' +
                 'Upgrade: WebSocket\r\n' +
                 'Connection: Upgrade\r\n' +
                 '\r\n');
    socket.pipe(socket); // echo back
  });
  await serving(server, async (port) => {
    const options = { port, host, headers: { 'Connection': 'Upgrade', 'Upgrade': 'websocket' } };
    const req = http.request(options);
    req.end();
    const [res, socket, upgradeHead] = await event(req, 'upgrade');
    assert.equal(res.statusMessage, 'Web Socket Protocol Handshake');
    assert.equal(upgradeHead.length, 0);
    socket.end('echo');
    let text = '';
    for await (const chunk of socket) text += chunk;
    assert.equal(text, 'echo');
  });
});

/** A request that is filled and destroyed before it connects. */
function requesting(use) {
  const request = http.request({ host, port: 1, createConnection() {} });
  request.on('error', () => {});
  use(request);
  request.destroy();
}

test('request.getHeader(name)', () => requesting((request) => {
  const body = 'bödy';
  request.setHeader('content-type', 'text/html');
  request.setHeader('Content-Length', Buffer.byteLength(body));
  request.setHeader('Cookie', ['type=ninja', 'language=javascript']);
  assert.equal(request.getHeader('Content-Type'), 'text/html');
  assert.equal(request.getHeader('Content-Length'), 5);
  assert.deepEqual(request.getHeader('Cookie'), ['type=ninja', 'language=javascript']);
}));

test('request.getRawHeaderNames()', () => requesting((request) => {
  request.removeHeader('Host');
  request.setHeader('Foo', 'bar');
  request.setHeader('Set-Cookie', ['foo=bar', 'bar=baz']);
  assert.deepEqual(request.getRawHeaderNames(), ['Foo', 'Set-Cookie']);
}));

test('request.removeHeader(name)', () => requesting((request) => {
  request.setHeader('Content-Type', 'a');
  request.removeHeader('Content-Type');
  assert.equal(request.hasHeader('Content-Type'), false);
}));

test('request.setHeader(name, value)', () => requesting((request) => {
  request.setHeader('Content-Type', 'application/json');
  request.setHeader('Cookie', ['type=ninja', 'language=javascript']);
  assert.deepEqual({ ...request.getHeaders() }, { 'host': '127.0.0.1:1', 'content-type': 'application/json', 'cookie': ['type=ninja', 'language=javascript'] });
}));

test('request.reusedSocket: requests before and after the server lets go of an idle connection', async () => {
  const agent = new http.Agent({ keepAlive: true });
  const reused = [];
  const server = http.createServer((req, res) => {
    res.write('hello\n');
    res.end();
  });
  await serving(server, async (port) => {
    for (let i = 0; i < 4; i++) {
      // Adapting a keep-alive agent
      const req = http.get(`http://${host}:${port}`, { agent });
      const [res] = await event(req, 'response');
      assert.equal(await textOf(res), 'hello\n');
      reused.push(req.reusedSocket);
      await sleep(5);
      // What the server does by itself after its keep-alive timeout.
      if (i === 2) server.closeIdleConnections();
      await sleep(20);
    }
  });
  agent.destroy();
  assert.deepEqual(reused, [false, true, true, false]);
});

test('request.reusedSocket: a request is made again after an ECONNRESET on a reused socket', () => answering((socket, text) => {
  // Answers the first request of a connection and resets it at the second.
  const requests = text.split('\r\n\r\n').length - 1;
  if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok');
  else socket.resetAndDestroy();
}, async (port) => {
  const agent = new http.Agent({ keepAlive: true });
  const notes = [];
  const retriableRequest = () => new Promise((resolve) => {
    const attempt = () => {
      const req = http.get(`http://${host}:${port}`, { agent }, async (res) => resolve(await textOf(res)))
        .on('error', (err) => {
          notes.push([req.reusedSocket, err.code]);
          // Check if retry is needed
          if (req.reusedSocket && err.code === 'ECONNRESET') attempt();
        });
    };
    attempt();
  });
  assert.equal(await retriableRequest(), 'ok');
  await until(() => Object.keys(agent.freeSockets).length === 1);
  assert.equal(await retriableRequest(), 'ok');
  assert.deepEqual(notes, [[true, 'ECONNRESET']]);
  agent.destroy();
}));

test('request.socket', () => serve((req, res) => res.end(`${req.socket.remoteAddress} ${req.socket.remotePort}`), async (port) => {
  const options = { host, port, agent: false };
  const req = http.get(options);
  req.end();
  const [res] = await new Promise((resolve) => {
    req.once('response', (...args) => resolve(args));
  });
  const ip = req.socket.localAddress;
  const source = req.socket.localPort;
  assert.equal(await textOf(res), `${ip} ${source}`);
}));
