'use strict';

// The server under load:  node app.js MODULE HANDLER     prints its port, ends with its standard input.
// MODULE is 'node:http' or the path of a module with the same exports. Bun and Deno run this same file.

const [module_, name] = process.argv.slice(2);
const http = require(module_);

const large = Buffer.alloc(1024 * 1024, 'x');
const chunk = 'x'.repeat(256);

const handlers = {
  hello: (req, res) => {
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
  large: (req, res) => {
    res.end(large);
  },
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

const server = http.createServer(handlerOf(name));
server.listen(0, '127.0.0.1', 1024, () => {
  console.log(`port ${server.address().port}`);
});
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
