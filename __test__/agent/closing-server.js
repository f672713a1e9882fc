'use strict';
// A server in its own process that closes each connection shortly after answering, at a random moment.

const net = require('node:net');

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const server = net.createServer({ noDelay: true }, (peer) => {
  let timer;
  peer.on('error', () => {});
  peer.on('data', () => {
    peer.write(ANSWER);
    clearTimeout(timer);
    timer = setTimeout(() => peer.destroy(), Math.floor(Math.random() * 4));
  });
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
