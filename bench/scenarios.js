'use strict';

// What is measured: one row per scenario of the server benchmark. `load` names a request of wrk/load.lua, `handler` one
// of app.js.

const defaultConnections = 64;

const scenarios = [
  { name: 'hello', handler: 'hello', load: 'get', connections: defaultConnections, about: 'GET, 12 byte answer' },
  { name: 'headers', handler: 'headers', load: 'browser', connections: defaultConnections, about: 'GET with 12 browser headers, req.headers read' },
  { name: 'post', handler: 'echo', load: 'post', connections: defaultConnections, about: 'POST of 1 KiB, echoed' },
  { name: 'json', handler: 'json', load: 'get', connections: defaultConnections, about: 'GET, JSON answer with two headers set' },
  { name: 'chunked', handler: 'chunked', load: 'get', connections: defaultConnections, about: 'GET, 4 writes, chunked' },
  { name: 'body-1m', handler: 'large', load: 'get', connections: 16, about: 'GET, 1 MiB answer' },
  { name: 'pipelined', handler: 'hello', load: 'pipelined', connections: defaultConnections, about: 'GET, 16 requests in flight per connection' },
  { name: 'close', handler: 'hello', load: 'close', connections: defaultConnections, about: 'GET, Connection: close' },
  { name: 'latency', handler: 'hello', load: 'get', connections: 1, about: 'GET, one connection' },
  { name: 'c256', handler: 'hello', load: 'get', connections: 256, about: 'GET, 256 connections' },
  { name: 'express', handler: 'express', load: 'browser', connections: defaultConnections, about: 'Express 5, GET with 12 browser headers' },
];

// What the core answers by itself, compared with the least that an answer can cost: `bare` adds a loop in C as an arm.
scenarios.push({ name: 'fixed', handler: 'fixed', load: 'get', connections: defaultConnections, extra: true, bare: true, about: 'GET, an answer of respond(), elsewhere a handler' });
scenarios.push({ name: 'fixed-pipelined', handler: 'fixed', load: 'pipelined', connections: defaultConnections, extra: true, bare: true, about: 'the same, 16 requests in flight per connection' });

// The cost of a head that differs from the previous one: the others repeat one head.
scenarios.push({ name: 'varied', handler: 'headers', load: 'varied', connections: defaultConnections, extra: true, about: 'GET with 12 browser headers, each with another target and cookie' });

// Where the transports differ most: run only if --only names them.
for (const microseconds of [5, 10, 20, 50, 100]) {
  const handler = `busy-${microseconds}`;
  scenarios.push({ name: handler, handler, load: 'get', connections: defaultConnections, extra: true, about: `GET, a handler that computes for ${microseconds} us` });
}
for (const connections of [2, 4, 8, 16]) {
  scenarios.push({ name: `c${connections}`, handler: 'hello', load: 'get', connections, extra: true, about: `GET, ${connections} connections` });
}

// Bodies, where the kernel takes most of the time for their bytes. `origin`: the handler needs a server behind it;
// `tls`: over https; `needs`: a package. Run only if --only names them.
const bodyConnections = 16;
const bodies = [
  { name: 'body-pieces', handler: 'pieces', load: 'get', about: 'GET, 1 MiB in 64 writes, Content-Length' },
  { name: 'body-chunked', handler: 'pieces-chunked', load: 'get', about: 'GET, 1 MiB in 64 writes, chunked' },
  { name: 'body-drain', handler: 'pieces-drain', load: 'get', about: "GET, 1 MiB in 64 writes that wait for 'drain'" },
  { name: 'body-file', handler: 'file', load: 'get', about: 'GET, a file of 1 MiB piped' },
  { name: 'body-proxy', handler: 'proxy', load: 'get', origin: true, about: 'GET, 1 MiB piped from another server' },
  { name: 'upload-data', handler: 'upload-data', load: 'upload', about: "POST of 1 MiB, 'data'" },
  { name: 'upload-iterate', handler: 'upload-iterate', load: 'upload', about: 'POST of 1 MiB, async iteration' },
  { name: 'upload-pipe', handler: 'upload-pipe', load: 'upload', about: 'POST of 1 MiB, piped to nothing' },
  { name: 'tls-hello', handler: 'hello', load: 'get', tls: true, connections: defaultConnections, about: 'https, GET, 12 byte answer' },
  { name: 'tls-headers', handler: 'headers', load: 'browser', tls: true, connections: defaultConnections, about: 'https, GET with 12 browser headers, req.headers read' },
  { name: 'tls-body', handler: 'large', load: 'get', tls: true, about: 'https, GET, 1 MiB answer' },
  { name: 'ws-echo', handler: 'ws', load: 'ws', needs: 'ws', about: 'WebSocket, a message of 64 bytes echoed by the package ws' },
];
for (const scenario of bodies) scenarios.push({ connections: bodyConnections, extra: true, ...scenario });

// Frameworks, with --frameworks: the server is the framework's, and ours is loaded by register.
const FRAMEWORKS = {
  express5: ['Express 5', 'hello', 'json', 'post', 'static'],
  express4: ['Express 4', 'hello', 'json', 'post', 'static'],
  fastify: ['Fastify 5', 'hello', 'json', 'post'],
  koa: ['Koa 3', 'hello', 'json'],
  hono: ['Hono', 'hello', 'json', 'post'],
  nest: ['Nest', 'hello', 'json', 'post'],
};
const ASKED = {
  hello: { load: 'browser', path: '/hello', about: 'GET' },
  json: { load: 'browser', path: '/json', about: 'GET, JSON answer' },
  post: { load: 'post-json', path: '/json', about: 'POST of JSON, parsed' },
  static: { load: 'browser', path: '/static/file.txt', about: 'a file of 10 KiB' },
};
for (const [handler, [title, ...asked]] of Object.entries(FRAMEWORKS)) {
  for (const what of asked) {
    const { about, ...how } = ASKED[what];
    scenarios.push({ name: `${handler}-${what}`, handler, ...how, connections: defaultConnections, extra: true, framework: true, about: `${title}, ${about}` });
  }
}

// Paths by handler, for scenarios without one; the others ask for '/'.
const paths = { express: '/hello' };

function pathOf(scenario) {
  return scenario.path ?? paths[scenario.handler] ?? '/';
}

module.exports = { scenarios, pathOf };
