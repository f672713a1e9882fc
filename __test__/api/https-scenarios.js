'use strict';
// What happens over TLS, as data: each scenario runs on the built-in module and on ours, and both must give the same
// result.

const { once } = require('node:events');
const net = require('node:net');
const tls = require('node:tls');
const http = require('node:http');
const { cert, key } = require('../client/certificate');
const { event, sleep, soon, textOf, until } = require('./helpers');

const echo = async (req, res) => res.end(`${req.method} ${req.url} ${await textOf(req)}`);

/** Runs a module's server during `use`. */
async function serve(https, listener, use, options = {}) {
  const server = https.createServer({ key, cert, ...options }, listener);
  server.listen(0, '127.0.0.1');
  await event(server, 'listening');
  try {
    return await use(server.address().port, server);
  } finally {
    const closed = server.listening && once(server, 'close');
    server.close();
    server.closeAllConnections();
    if (closed) await soon(closed, 'the end of the server');
  }
}

/** Makes a request and reads its answer. */
async function ask(https, port, options = {}, body = undefined) {
  const req = https.request({ port, host: '127.0.0.1', agent: false, rejectUnauthorized: false, ...options });
  req.end(body);
  const [res] = await Promise.race([event(req, 'response'), event(req, 'error').then(([error]) => Promise.reject(error))]);
  const text = await textOf(res);
  return { req, res, text };
}

/** Sends bytes over TLS and collects what comes back, until the end or until it matches. */
function say(port, text, enough) {
  return soon(new Promise((resolve) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => socket.write(text));
    let heard = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (enough?.test(heard)) socket.destroy();
    });
    socket.on('close', () => resolve(heard.replace(/Date: [^\r]*/g, 'Date: D')));
  }));
}

const failure = (make) => {
  try {
    make();
    return 'none';
  } catch (error) {
    return [error.name, error.code, error.message];
  }
};

const get = (fields = 'Connection: close\r\n', head = 'GET /') => `${head} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

module.exports = {
  'requests with bodies, trailers and both framings': (https) => serve(https, async (req, res) => {
    const text = await textOf(req);
    res.writeHead(201, { Trailer: 'X-T' });
    res.write(text);
    res.addTrailers({ 'X-T': req.headers['content-length'] ?? 'chunked' });
    res.end();
  }, async (port) => {
    const sized = await ask(https, port, { method: 'POST' }, 'sized');
    const chunked = https.request({ port, host: '127.0.0.1', agent: false, rejectUnauthorized: false, method: 'PUT' });
    chunked.write('in ');
    chunked.end('pieces');
    const [res] = await event(chunked, 'response');
    return [sized.text, sized.res.statusCode, sized.res.trailers, await textOf(res), res.trailers, sized.req.socket.encrypted];
  }),

  'raw answers, kept alive, pipelined and refused': (https) => serve(https, echo, async (port) => [
    await say(port, get()),
    await say(port, get('') + get('', 'GET /2') + get()),
    await say(port, 'nonsense\r\n\r\n'),
    await say(port, get('Expect: cake\r\nConnection: close\r\n')),
    await say(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'),
  ]),

  'members of the server and their defaults': (https) => {
    const server = https.createServer({ key, cert });
    return ['timeout', 'headersTimeout', 'requestTimeout', 'keepAliveTimeout', 'maxHeadersCount', 'maxRequestsPerSocket', 'allowHalfOpen', 'httpAllowHalfOpen',
      'listening', 'noDelay', 'keepAlive', 'requireHostHeader', 'rejectNonStandardBodyWrites', 'joinDuplicateHeaders', 'connectionsCheckingInterval', 'ALPNProtocols']
      .map((name) => [name, String(server[name])])
      .concat(server.eventNames().map((name) => [String(name), server.listenerCount(name)]));
  },

  'late heads and late requests': async (https) => {
    const limits = { connectionsCheckingInterval: 10, headersTimeout: 30, requestTimeout: 60 };
    return serve(https, () => {}, async (port) => [
      await say(port, 'GET / HTTP/1.1\r\nHost:'),
      await say(port, `${get('Content-Length: 5\r\n', 'POST /')}ab`),
    ], limits);
  },

  'server.setTimeout and its event': (https) => serve(https, () => {}, async (port, server) => {
    let given;
    server.setTimeout(30, (socket) => {
      given = [socket instanceof tls.TLSSocket, socket.encrypted];
      socket.destroy();
    });
    return [await say(port, get()), given];
  }),

  'closing: idle connections (at once from Node 19 on), and busy ones after their answer': (https) => serve(https, (req, res) => setTimeout(() => res.end('late'), 250), async (port, server) => {
    const agent = new https.Agent({ keepAlive: true });
    const { req } = await ask(https, port, { agent });
    await until(() => Object.keys(agent.freeSockets).length === 1);
    const gone = event(req.socket, 'close');
    const busy = ask(https, port);
    await event(server, 'request');
    const closed = new Promise((resolve) => {
      server.close(resolve);
    });
    const idleGone = await Promise.race([gone.then(() => true), sleep(150).then(() => false)]);
    agent.destroy();
    const { text, res } = await busy;
    const again = await new Promise((resolve) => {
      closed.then(() => server.close((error) => resolve(error.code)));
    });
    return [idleGone, text, res.headers.connection, again];
  }),

  'closeAllConnections and closeIdleConnections': (https) => serve(https, (req, res) => req.url === '/wait' || res.end('x'), async (port, server) => {
    const agent = new https.Agent({ keepAlive: true });
    const { req } = await ask(https, port, { agent });
    const waiting = https.get({ port, host: '127.0.0.1', path: '/wait', agent: false, rejectUnauthorized: false });
    const failed = new Promise((resolve) => waiting.on('error', (error) => resolve(error.code)));
    await event(server, 'request');
    const gone = event(req.socket, 'close');
    server.closeIdleConnections();
    await gone;
    const left = waiting.destroyed;
    server.closeAllConnections();
    agent.destroy();
    return [left, await failed];
  }),

  'an upgrade': (https) => serve(https, echo, async (port, server) => {
    server.on('upgrade', (req, socket, head) => {
      socket.write('HTTP/1.1 101 Go\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n');
      socket.end(`${head}${socket.encrypted}`);
    });
    const req = https.request({ port, host: '127.0.0.1', agent: false, rejectUnauthorized: false, headers: { connection: 'upgrade', upgrade: 'echo' } });
    const [res, socket] = await event(req.end(), 'upgrade');
    return [res.statusCode, await textOf(socket)];
  }),

  '100-continue, 103 and 102': (https) => serve(https, (req, res) => {
    res.writeEarlyHints({ link: '</a>; rel=preload' });
    res.writeProcessing();
    req.pipe(res);
  }, async (port) => {
    const req = https.request({ port, host: '127.0.0.1', agent: false, rejectUnauthorized: false, method: 'POST', headers: { Expect: '100-continue' } });
    const seen = [];
    req.on('information', (info) => seen.push([info.statusCode, info.headers.link]));
    req.flushHeaders();
    await event(req, 'continue');
    req.end('go on');
    const [res] = await event(req, 'response');
    return [await textOf(res), seen];
  }),

  'a certificate that nobody signed, one that is known, and the name that is asked for': (https) => serve(https, echo, async (port) => {
    const refused = await ask(https, port, { rejectUnauthorized: true }).catch((error) => error.code);
    const known = await ask(https, port, { rejectUnauthorized: true, ca: cert });
    const names = [];
    const checkServerIdentity = (name) => void names.push(name);
    await ask(https, port, { rejectUnauthorized: true, ca: cert, headers: { Host: 'from.header:5' }, checkServerIdentity });
    await ask(https, port, { rejectUnauthorized: true, ca: cert, servername: 'given', checkServerIdentity });
    await ask(https, port, { rejectUnauthorized: true, ca: cert, host: 'localhost', family: 4, checkServerIdentity });
    return [refused, known.text, known.req.socket.authorized, names];
  }),

  'a client certificate is asked for and seen': (https) => serve(https, (req, res) => {
    res.end(`${req.client?.authorized ?? req.socket.authorized} ${req.socket.getPeerCertificate().subject?.CN}`);
  }, async (port) => [
    (await ask(https, port, { key, cert })).text,
    (await ask(https, port)).text,
  ], { requestCert: true, rejectUnauthorized: false, ca: cert }),

  'the agent: names, options and sessions': (https) => serve(https, (req, res) => res.end(String(req.socket.isSessionReused())), async (port) => {
    const agent = new https.Agent({ keepAlive: false, maxCachedSessions: 1, rejectUnauthorized: false, ca: cert, maxSockets: 1 });
    const first = https.get({ port, host: '127.0.0.1', agent });
    const names = Object.keys(agent.sockets).map((name) => name.replace(String(port), 'P').replace(cert, 'CERT'));
    const session = event(first, 'socket').then(([socket]) => event(socket, 'session'));
    const [res] = await event(first, 'response');
    const answers = [await textOf(res)];
    await session;
    answers.push((await ask(https, port, { agent, rejectUnauthorized: undefined })).text);
    // A failing connection removes its session.
    const cached = agent._sessionCache.list.length;
    const failing = https.get({ port, host: '127.0.0.1', agent });
    failing.on('error', () => {});
    const [socket] = await event(failing, 'socket');
    socket.destroy(new Error('broken'));
    await event(socket, 'close');
    agent.destroy();
    return [names, answers, cached, agent._sessionCache.list.length, agent.defaultPort, agent.protocol, agent.maxCachedSessions];
  }),

  "'keylog' of an agent": (https) => serve(https, echo, async (port) => {
    const agent = new https.Agent();
    const lines = [];
    agent.on('keylog', (line, socket) => lines.push([/^[A-Z_0-9]+ [0-9a-f]+ [0-9a-f]+\n$/.test(line.toString('latin1')), socket.encrypted]));
    await ask(https, port, { agent });
    agent.destroy();
    return [lines.length > 0, lines[0]];
  }),

  'globalAgent is used, and may be replaced': (https) => serve(https, echo, async (port) => {
    const before = https.globalAgent;
    const mine = new https.Agent();
    https.globalAgent = mine;
    const replaced = await ask(https, port, { agent: undefined });
    https.globalAgent = before;
    const original = await ask(https, port, { agent: undefined, headers: { connection: 'close' } });
    return [replaced.req.agent === mine, original.req.agent === before, before.options.keepAlive, before.options.timeout, before.maxSockets];
  }),

  'what cannot be': (https) => [
    failure(() => https.request('http://a/')),
    failure(() => https.request({ agent: new http.Agent() })),
    failure(() => https.get('no url')),
    failure(() => https.request({ host: 5 })),
    failure(() => https.createServer({ maxHeaderSize: 'x' })),
    failure(() => https.createServer({ headersTimeout: 20, requestTimeout: 10 })),
    failure(() => https.createServer({ key: 'x', cert: 'y' })).slice(0, 1),
    failure(() => https.createServer(null)),
  ],

  'a plain client at a TLS port, heard and unheard': (https) => serve(https, echo, async (port, server) => {
    const speak = () => {
      const socket = net.connect(port, '127.0.0.1', () => socket.write(get()));
      socket.on('error', () => {});
      socket.resume();
      return event(socket, 'close');
    };
    await speak();
    const errors = [];
    server.on('clientError', (error, socket) => {
      errors.push(error.code, socket instanceof tls.TLSSocket);
      socket.destroy();
    });
    await speak();
    return errors;
  }),

  'pipes of a large body both ways': (https) => serve(https, (req, res) => req.pipe(res), async (port) => {
    const body = 'x'.repeat(3_000_000);
    return (await ask(https, port, { method: 'POST' }, body)).text === body;
  }),

  'a request that is destroyed, and an answer that breaks off': (https) => serve(https, (req, res) => {
    res.write('half');
    if (req.url === '/break') setTimeout(() => res.destroy(), 20);
  }, async (port) => {
    const options = { port, host: '127.0.0.1', agent: false, rejectUnauthorized: false };
    const orders = [];
    for (const path of ['/destroy', '/break']) {
      const order = [];
      const req = https.get({ ...options, path });
      for (const name of ['error', 'close', 'abort']) req.on(name, (error) => order.push([name, error?.code]));
      const [res] = await event(req, 'response');
      for (const name of ['aborted', 'error', 'close', 'end']) res.on(name, (error) => order.push([`res ${name}`, error?.code]));
      res.resume();
      await event(res, 'data');
      if (path === '/destroy') req.destroy();
      await event(res, 'close');
      await new Promise(setImmediate);
      orders.push(order);
    }
    return orders;
  }),

  'Symbol.asyncDispose closes': async (https) => {
    if (!Symbol.asyncDispose) return 'no such symbol';
    const server = https.createServer({ key, cert }).listen(0);
    await event(server, 'listening');
    await server[Symbol.asyncDispose]();
    return server.listening;
  },
};
