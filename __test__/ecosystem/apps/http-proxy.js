'use strict';

// argv: module of http, URL of the origin. A proxy in front of it, WebSockets included.

const http = require(process.argv[2]);
const httpProxy = require('http-proxy');
const listen = require('./listen');

const proxy = httpProxy.createProxyServer({ target: process.argv[3], ws: true, xfwd: true, agent: new http.Agent({ keepAlive: true, maxSockets: 4 }) });
proxy.on('error', (error, req, res) => {
  if (res.writeHead && !res.headersSent) res.writeHead(502);
  res.end(`proxy: ${error.code}`);
});
const server = http.createServer((req, res) => proxy.web(req, res));
server.on('upgrade', (req, socket, head) => proxy.ws(req, socket, head, { agent: false }));

listen(server);
