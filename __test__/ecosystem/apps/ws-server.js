'use strict';

// argv: module of http. The plain form: ws attaches itself to a server that also answers requests.

const http = require(process.argv[2]);
const { WebSocketServer } = require('ws');
const listen = require('./listen');

const server = http.createServer((req, res) => {
  res.end('hello');
});
new WebSocketServer({ server, path: '/echo' }).on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});

listen(server);
