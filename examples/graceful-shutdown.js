'use strict';
// SIGTERM: no new connections, every request that has arrived is answered, then the process ends.   node
// examples/graceful-shutdown.js

const http = require('rust-http');

/** Milliseconds after which open connections are cut off. */
const PATIENCE = 10_000;

const server = http.createServer((req, res) => {
  setTimeout(() => res.end('That took a while.\n'), 500);
});

// A second signal ends what is left.
const impatient = new AbortController();
process.once('SIGTERM', async () => {
  process.once('SIGTERM', () => impatient.abort());
  console.log(`closing, ${server.stats().connections.active} busy`);
  const { answered, cut, idle } = await server.drain({ timeout: PATIENCE, signal: impatient.signal });
  console.log(`closed: ${answered} answered, ${idle} idle, ${cut} cut off`);
});

server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
