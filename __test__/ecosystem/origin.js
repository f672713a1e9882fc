'use strict';

// Servers for the clients under test, on the built-in http of the test process: an origin and a proxy.

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { setTimeout } = require('node:timers/promises');

const fixtures = path.join(__dirname, '../fixtures/tls');
const fill = Buffer.alloc(65536, 'd');
// Bytes of a long upload after which reading pauses.
const hesitateAt = 10 * 1024 * 1024;

function json(res, value) {
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(value));
}

async function echo(req, res) {
  const parts = [];
  for await (const part of req) parts.push(part);
  json(res, { method: req.method, url: req.url, headers: req.headers, body: Buffer.concat(parts).toString() });
}

async function count(req, res) {
  let bytes = 0;
  for await (const part of req) {
    const before = bytes;
    bytes += part.length;
    // A sender without backpressure would be far ahead by then.
    if (before < hesitateAt && bytes >= hesitateAt) await setTimeout(300);
  }
  json(res, { bytes, length: req.headers['content-length'] ?? null });
}

function redirect(req, res, rest, search) {
  const left = Number(rest);
  const status = Number(search.get('status')) || 302;
  req.resume();
  res.writeHead(status, { Location: left > 1 ? `/redirect/${left - 1}${search.size ? `?${search}` : ''}` : (search.get('to') ?? '/small') });
  res.end();
}

function* pieces(bytes) {
  for (let left = bytes; left > 0; left -= fill.length) yield left < fill.length ? fill.subarray(0, left) : fill;
}

function large(req, res, rest) {
  res.setHeader('Content-Length', rest);
  return pipeline(Readable.from(pieces(Number(rest))), res);
}

// Handlers by path segment; `rest` is what follows it.
const routes = {
  small: (req, res) => res.end('small answer'),
  echo,
  count,
  redirect,
  large,
  // accepts the request and never answers
  silence: (req) => req.resume(),
  // begins an answer and stops
  stall: (req, res) => {
    res.write('beginning');
  },
  reset: (req) => req.socket.resetAndDestroy(),
};

function digestOfLarge(bytes) {
  const hash = createHash('sha256');
  for (const piece of pieces(bytes)) hash.update(piece);
  return hash.digest('hex');
}

// Returns a promise of { url, secureUrl, seen, stop }; seen = { connections, requests, cut, flaky } counts what reached
// the origin since reset(); cut has the URLs whose answers had no receiver.
async function startOrigin() {
  const seen = { connections: 0, requests: 0, cut: [], flaky: 0 };
  const handle = (req, res) => {
    seen.requests++;
    const { pathname, searchParams } = new URL(req.url, 'http://localhost');
    const [, name, rest] = pathname.split('/');
    res.on('close', () => {
      if (!res.writableFinished) seen.cut.push(req.url);
    });
    if (name === 'flaky') {
      // fails twice, then answers
      res.statusCode = ++seen.flaky <= 2 ? 503 : 200;
      res.end(`attempt ${seen.flaky}`);
    } else if (routes[name]) {
      Promise.resolve(routes[name](req, res, rest, searchParams)).catch(() => res.destroy());
    } else {
      res.statusCode = 404;
      res.end();
    }
  };
  const tls = { key: fs.readFileSync(path.join(fixtures, 'key.pem')), cert: fs.readFileSync(path.join(fixtures, 'cert.pem')) };
  const plain = http.createServer({ keepAliveTimeout: 20000 }, handle);
  const secure = https.createServer({ ...tls, keepAliveTimeout: 20000 }, handle);
  plain.on('connection', () => seen.connections++);
  const stopAll = await Promise.all([listening(plain), listening(secure)]);
  return {
    url: `http://127.0.0.1:${plain.address().port}`,
    secureUrl: `https://127.0.0.1:${secure.address().port}`,
    plain,
    seen,
    reset: () => Object.assign(seen, { connections: 0, requests: 0, cut: [], flaky: 0 }),
    stop: () => Promise.all(stopAll.map((stop) => stop())),
  };
}

// A forward proxy: absolute-form requests and CONNECT. Returns a promise of { url, seen, stop }.
async function startProxy() {
  const seen = { forwarded: 0, tunnels: 0 };
  const tunnels = new Set();
  const server = http.createServer({ keepAliveTimeout: 20000 }, (req, res) => {
    if (!req.url.startsWith('http://')) {
      res.statusCode = 400;
      res.end('a proxy wants the whole URL');
      return;
    }
    seen.forwarded++;
    const headers = { ...req.headers };
    delete headers['proxy-connection'];
    const onward = http.request(req.url, { method: req.method, headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode, { ...answer.headers, 'via': '1.1 test', 'connection': 'keep-alive' });
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });
  server.on('connect', (req, socket, head) => {
    seen.tunnels++;
    const [host, port] = req.url.split(':');
    const onward = net.connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    tunnels.add(socket).add(onward);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const stop = await listening(server);
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    stop: () => {
      for (const socket of tunnels) socket.destroy();
      return stop();
    },
  };
}

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
}

module.exports = { startOrigin, startProxy, digestOfLarge };
