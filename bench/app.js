'use strict';

// The server under load:  node app.js MODULE HANDLER     prints its port, ends with its standard input.
// MODULE is 'node:http' or the path of a module with the same exports; with BENCH_TLS in the environment, that of https. Bun and Deno run
// this same file.

const fs = require('node:fs');
const path = require('node:path');
const { bodyHandlers } = require('./bodies');

const [module_, name] = process.argv.slice(2);
const http = require(module_);
const { isFramework, serveFramework } = require('./frameworks');

const chunk = 'x'.repeat(256);

const handlers = {
  hello: (req, res) => {
    res.end('Hello World\n');
  },
  // For servers without fixed answers, and when respond() is not used.
  fixed: (req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    res.setHeader('Content-Length', 12);
    res.end('Hello World\n');
  },
  headers: (req, res) => {
    const { headers } = req;
    res.end(headers['user-agent'] !== undefined && headers.cookie !== undefined ? 'Hello World\n' : 'no headers\n');
  },
  echo: (req, res) => {
    const parts = [];
    req.on('data', (part) => {
      parts.push(part);
    });
    req.on('end', () => {
      res.end(parts.length === 1 ? parts[0] : Buffer.concat(parts));
    });
  },
  json: (req, res) => {
    const body = JSON.stringify({ message: 'Hello World', url: req.url, list: [1, 2, 3] });
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Content-Length', body.length);
    res.end(body);
  },
  chunked: (req, res) => {
    res.write(chunk);
    res.write(chunk);
    res.write(chunk);
    res.end(chunk);
  },
  ...bodyHandlers(http),
};

// busy-20 computes for 20 us, and answers.
function busy(microseconds) {
  return (req, res) => {
    const end = performance.now() + microseconds / 1000;
    while (performance.now() < end);
    res.end('Hello World\n');
  };
}

function handlerOf(handler) {
  if (handler === 'express') return expressApp();
  return handler.startsWith('busy-') ? busy(Number(handler.slice(5))) : handlers[handler];
}

function expressApp() {
  const app = require('express')();
  app.get('/hello', (req, res) => {
    res.send('Hello World\n');
  });
  return app;
}

function tlsOptions() {
  const dir = path.join(__dirname, '..', '__test__', 'fixtures', 'tls');
  return { key: fs.readFileSync(path.join(dir, 'key.pem')), cert: fs.readFileSync(path.join(dir, 'cert.pem')) };
}

// Echoes messages with the package ws, if it is installed.
function webSocketServer() {
  const server = http.createServer();
  const { WebSocketServer } = require('ws');
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  return server;
}

function createServer() {
  if (name === 'ws') return webSocketServer();
  const server = process.env.BENCH_TLS ? http.createServer(tlsOptions(), handlerOf(name)) : http.createServer(handlerOf(name));
  if (name === 'fixed' && server.respond) server.respond({ path: '/' }, { headers: { 'Content-Type': 'text/plain' }, body: 'Hello World\n' });
  return server;
}

function serve() {
  const server = createServer();
  return new Promise((resolve) => server.listen(0, '127.0.0.1', 1024, () => resolve(server.address().port)));
}

const started = isFramework(name) ? serveFramework(http, name) : serve();
started.then((port) => console.log(`port ${port}`), (error) => {
  console.error(error);
  process.exit(1);
});
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
