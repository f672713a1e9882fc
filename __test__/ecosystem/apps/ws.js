'use strict';

// argv: module of http. WebSockets on the server of an Express app: /echo by { server }, /rooms by handleUpgrade, anything else refused.

const http = require(process.argv[2]);
const express = require('express');
const { WebSocketServer } = require('ws');
const listen = require('./listen');

const app = express();
app.get('/hello', (req, res) => {
  res.send('hello');
});

const server = http.createServer(app);
const echo = new WebSocketServer({ noServer: true, perMessageDeflate: true });
const rooms = new WebSocketServer({ noServer: true });

echo.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
rooms.on('connection', (socket, req) => {
  socket.send(`room ${new URL(req.url, 'http://localhost').searchParams.get('name')} ${req.headers['x-user']}`);
});

server.on('upgrade', (req, socket, head) => {
  const { pathname } = new URL(req.url, 'http://localhost');
  const target = { '/echo': echo, '/rooms': rooms }[pathname];
  if (target) {
    target.handleUpgrade(req, socket, head, (client) => target.emit('connection', client, req));
  } else {
    socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  }
});

listen(server);
