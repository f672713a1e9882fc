'use strict';
// SIGTERM: no new connections, every request that has come is answered, then the process ends.   node examples/graceful-shutdown.js

const http = require('rust-http');

/** Milliseconds after which what is still open is cut off. */
const PATIENCE = 10_000;

let isClosing = false;

const server = http.createServer((req, res) => {
  setTimeout(() => {
    // Else the client would keep the connection for a next request.
    if (isClosing) res.setHeader('Connection', 'close');
    res.end('That took a while.\n');
  }, 500);
});

process.once('SIGTERM', () => {
  isClosing = true;
  server.close(() => console.log('closed'));
  // From Node 19 on close() does it.
  server.closeIdleConnections();
  console.log(`closing, ${server.stats().connections.active} busy`);
  setTimeout(() => server.closeAllConnections(), PATIENCE).unref();
});

server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
