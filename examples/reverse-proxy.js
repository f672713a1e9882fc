'use strict';
// Forwards requests to one origin, over kept connections.   node examples/reverse-proxy.js http://127.0.0.1:8080

const { pipeline } = require('node:stream');
const http = require('rust-http');

const origin = new URL(process.argv[2] ?? 'http://127.0.0.1:8080');
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

// RFC 9110, section 7.6.1: these, and those named by Connection, are for one hop only.
const hopByHop = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

// The fields of a message to forward: a flat list, in their order and spelling.
function passedOn({ headers, rawHeaders }) {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  const dropped = new Set([...hopByHop, ...named]);
  const list = [];
  for (let n = 0; n < rawHeaders.length; n += 2) {
    if (!dropped.has(rawHeaders[n].toLowerCase())) list.push(rawHeaders[n], rawHeaders[n + 1]);
  }
  return list;
}

const server = http.createServer((req, res) => {
  const headers = [...passedOn(req), 'X-Forwarded-For', req.socket.remoteAddress];
  // Forward a body of unknown length as such.
  if (req.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');

  const onward = http.request({ host: origin.hostname, port: origin.port, method: req.method, path: req.url, headers, agent });
  onward.on('response', (answer) => {
    res.writeHead(answer.statusCode, answer.statusMessage, passedOn(answer));
    pipeline(answer, res, () => {});
  });
  onward.on('error', (error) => {
    if (res.headersSent) return res.destroy();
    res.writeHead(502, { 'Content-Type': 'text/plain' });
    res.end(`Bad Gateway: ${error.code}\n`);
  });
  res.on('close', () => onward.destroy());
  req.pipe(onward);
});
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
