'use strict';

// Requests of the tests: through the built-in client of the test process, and raw over a socket.

const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');

// Takes a port, a path and { method, headers, body (string, Buffer or Readable), agent }.
// Returns a promise of { status, headers, raw: rawHeaders, body: Buffer, text, json() }.
async function ask(port, path, { method = 'GET', headers = {}, body, agent = false } = {}) {
  const req = http.request({ host: '127.0.0.1', port, path, method, headers, agent });
  if (body?.pipe) body.pipe(req);
  else req.end(body);
  const [res] = await once(req, 'response');
  const parts = [];
  for await (const part of res) parts.push(part);
  const whole = Buffer.concat(parts);
  return {
    status: res.statusCode,
    headers: res.headers,
    body: whole,
    text: whole.toString('utf8'),
    json: () => JSON.parse(whole.toString('utf8')),
    reused: req.reusedSocket,
  };
}

// Takes a port and text; returns a promise of everything that came back until the peer closed.
async function askRaw(port, text) {
  const socket = net.connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  socket.write(text, 'latin1');
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

module.exports = { ask, askRaw };
