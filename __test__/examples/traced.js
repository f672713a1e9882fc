'use strict';
// A program that makes many requests, to be traced. Its own spans, named 'at ...', record which request is current at
// each place.

const fs = require('node:fs');
const path = require('node:path');
const { once } = require('node:events');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const { trace } = require('@opentelemetry/api');

const tls = path.join(__dirname, '../fixtures/tls');
const tracer = trace.getTracer('program');
// The request that is destroyed once the server has it.
let givenUp;

const at = (where) => tracer.startSpan(`at ${where}`).end();

function serve(req, res) {
  at(`request ${req.url}`);
  req.on('data', () => {});
  req.on('end', () => {
    at(`request end ${req.url}`);
    setTimeout(() => {
      at(`timer ${req.url}`);
      answer(req, res);
    }, 1);
  });
  res.on('finish', () => at(`finish ${req.url}`));
  req.on('error', () => {});
}

function answer(req, res) {
  switch (req.url) {
    case '/missing':
      res.writeHead(404).end();
      break;
    case '/broken':
      res.statusCode = 500;
      res.end('broken');
      break;
    case '/hang-up':
      req.socket.destroy();
      break;
    case '/cut':
      res.writeHead(200, { 'Content-Length': 10 });
      res.write('half', () => req.socket.destroy());
      break;
    case '/never':
      givenUp.destroy();
      break;
    case '/chunks':
      res.write('one');
      setImmediate(() => res.end('two'));
      break;
    case '/onward':
      http.get({ port: req.socket.localPort, host: '127.0.0.1', path: '/chunks' }, (inner) => inner.pipe(res));
      break;
    default:
      res.end('ok');
  }
}

/** Makes a request in its own span, and waits until everything is over. */
function ask(name, make) {
  return tracer.startActiveSpan(name, async (span) => {
    const req = make();
    const over = new Promise((resolve) => { req.on('close', resolve); });
    req.on('response', (res) => {
      at(`${name} response`);
      res.on('data', () => {});
      res.on('end', () => at(`${name} response end`));
      res.on('error', () => at(`${name} response error`));
    });
    req.on('error', () => at(`${name} error`));
    await over;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    span.end();
  });
}

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

async function main() {
  const server = http.createServer(serve);
  const port = await listening(server);
  const secure = https.createServer({ key: fs.readFileSync(path.join(tls, 'key.pem')), cert: fs.readFileSync(path.join(tls, 'cert.pem')) }, serve);
  const securePort = await listening(secure);
  const nonsense = net.createServer((peer) => peer.end('nonsense\r\n\r\n').resume());
  const nonsensePort = await listening(nonsense);
  const closed = net.createServer();
  const closedPort = await listening(closed);
  closed.close();

  const host = '127.0.0.1';
  const url = `http://127.0.0.1:${port}`;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  await ask('options', () => http.request({ host, port, path: '/options?a=b', headers: { 'User-Agent': 'me', 'X-Forwarded-For': '10.0.0.1' } }).end());
  await ask('text', () => http.get(`${url}/text`));
  await ask('url and options', () => http.get(new URL(`${url}/url`), { agent }));
  await Promise.all(['first', 'second'].map((name) => ask(`kept ${name}`, () => http.get({ host, port, path: `/kept-${name}`, agent }))));
  await ask('upload', () => {
    const req = http.request({ host, port, path: '/upload', method: 'POST' });
    req.write('a'.repeat(70_000));
    setImmediate(() => req.end('b'));
    return req;
  });
  for (const name of ['missing', 'broken', 'hang-up', 'cut', 'chunks', 'onward']) await ask(name, () => http.get(`${url}/${name}`));
  await ask('given up', () => {
    givenUp = http.get(`${url}/never`);
    return givenUp;
  });
  await ask('nonsense', () => http.get({ host, port: nonsensePort }));
  await ask('refused', () => http.get({ host, port: closedPort }));
  await ask('https', () => https.get({ host, port: securePort, path: '/secure', rejectUnauthorized: false }));

  const ours = Object.getPrototypeOf(server).constructor === require('../../lib/server/server').Server;
  console.log(JSON.stringify({ ours, ports: { server: port, secure: securePort, nonsense: nonsensePort, closed: closedPort } }));
  agent.destroy();
  for (const one of [server, secure]) {
    one.closeAllConnections();
    one.close();
  }
  nonsense.close();
}

main();
