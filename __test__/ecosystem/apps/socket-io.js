'use strict';

const http = require(process.argv[2]);
const { Server } = require('socket.io');
const listen = require('./listen');

const server = http.createServer((req, res) => {
  res.end('hello');
});
new Server(server).on('connection', (socket) => {
  socket.on('sum', (numbers, reply) => reply(numbers.reduce((a, b) => a + b, 0)));
});

listen(server);
