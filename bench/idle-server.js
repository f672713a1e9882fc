'use strict';
// The server of bench/idle.js.   node --expose-gc idle-server.js node|stream|native|offload
// Messages: { port }; then, for each 'look', the memory of the process in bytes.

const [way] = process.argv.slice(2);
const http = way === 'node' ? require('node:http') : require('..');

const server = http.createServer(way === 'node' ? {} : { transport: way }, (req, res) => {
  // Not idle before the body has arrived.
  if (req.method === 'POST') req.resume().on('end', () => res.end('Hello, World!'));
  else res.end('Hello, World!');
});
server.keepAliveTimeout = 600_000;
process.on('message', () => {
  global.gc();
  global.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send({ rss, heapUsed, external });
});
process.on('disconnect', () => { process.exit(); });
server.listen(0, '127.0.0.1', 8192, () => { process.send({ port: server.address().port }); });
