'use strict';
// Server-sent events: a response that does not end.

const clients = new Set();

/** Keeps a client for `send()` until it disconnects. */
function openEvents(req, res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  // How long the browser waits before it connects again, in milliseconds. Also sends the head.
  res.write('retry: 1000\n\n');
  clients.add(res);
  res.on('close', () => clients.delete(res));
}

/** Sends every client an event with a value. A client that is too slow misses some. */
function send(event, value) {
  for (const res of clients) {
    if (!res.writableNeedDrain) res.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
  }
}

module.exports = { openEvents, send };
