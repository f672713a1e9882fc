'use strict';
// A WebSocket that echoes what it receives: `ws` does it on the server's 'upgrade'.

const { WebSocketServer } = require('ws');

/** Opens the WebSocket at a path of a server. */
function openEcho(server, path) {
  const sockets = new WebSocketServer({ server, path });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('error', () => {});
  });
}

module.exports = { openEcho };
