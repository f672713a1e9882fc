'use strict';

// What is measured: one row per scenario of the server benchmark. `load` names a request of wrk/load.lua, `handler` one of app.js.

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

// What a head costs that is not the one before: the others send the same one again and again.
scenarios.push({ name: 'varied', handler: 'headers', load: 'varied', connections: defaultConnections, extra: true, about: 'GET with 12 browser headers, each with another target and cookie' });

// Where transports meet: run only when --only names them.
for (const microseconds of [5, 10, 20, 50, 100]) {
  const handler = `busy-${microseconds}`;
  scenarios.push({ name: handler, handler, load: 'get', connections: defaultConnections, extra: true, about: `GET, a handler that computes for ${microseconds} us` });
}
for (const connections of [2, 4, 8, 16]) {
  scenarios.push({ name: `c${connections}`, handler: 'hello', load: 'get', connections, extra: true, about: `GET, ${connections} connections` });
}

// Paths by handler; everything else asks for '/'.
const paths = { express: '/hello' };

function pathOf(scenario) {
  return paths[scenario.handler] ?? '/';
}

module.exports = { scenarios, pathOf };
