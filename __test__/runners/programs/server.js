'use strict';

// Serves what it was told to say until it is told to end.

const http = require('http');

const text = 'first';
const server = http.createServer((req, res) => {
  res.end(`${text} ${process.pid} ${server.stats !== undefined}`);
});
server.listen(Number(process.env.PORT) || 0, '127.0.0.1', () => console.log(`listens on ${server.address().port} as ${process.pid}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.close(() => process.exit(0)));
