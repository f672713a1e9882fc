'use strict';

// Serves a given text until it is told to end.

const http = require('http');

const text = 'first';
const server = http.createServer((req, res) => {
  res.end(`${text} ${process.pid} ${server.stats !== undefined}`);
});
server.listen(Number(process.env.PORT) || 0, '127.0.0.1', () => console.log(`listens on ${server.address().port} as ${process.pid}`));
// The primary of a cluster may have sent a connection that has not arrived yet: while this process lives, the primary
// learns that it is not taken, and sends it to another.
const HANDED_OVER = 500;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.close(() => setTimeout(() => process.exit(0), HANDED_OVER)));
