'use strict';
// Real servers and raw sockets for the tests.

const net = require('node:net');
const { once } = require('node:events');

/** Milliseconds of silence after which an exchange counts as over. */
const QUIET = 80;
/** Milliseconds between two writes. */
const GAP = 20;

/**
 * Runs a server during `use`.
 * @param {object} server not listening yet
 * @param {function(number): Promise<*>} use gets the port
 * @returns {Promise<*>} what `use` returned
 */
async function serving(server, use) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(server.address().port);
  } finally {
    const closed = server.listening && once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
}

/**
 * Sends bytes and collects what comes back, until the peer closes or is silent.
 * @param {number} port
 * @param {string|string[]} pieces each is a separate write
 * @param {{quiet?: number, end?: boolean}} [options] `quiet`: milliseconds of silence; `end`: half-close after the last
 *   piece
 * @returns {Promise<{text: string, closed: boolean}>}
 */
function exchange(port, pieces, { quiet = QUIET, end = false } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    let text = '';
    let isSent = false;
    let isOver = false;
    let timer = setTimeout(silent, quiet + 400);
    // If the loop was busy, what has come meanwhile is read after the timers.
    function silent() {
      const before = text.length;
      setImmediate(setImmediate, () => {
        if (isSent && text.length === before) finish(false);
        else if (!isOver) rest();
      });
    }
    function rest() {
      clearTimeout(timer);
      timer = setTimeout(silent, quiet);
    }
    function finish(closed) {
      isOver = true;
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    }
    socket.on('connect', async () => {
      for (const piece of [].concat(pieces)) {
        socket.write(piece, 'latin1');
        // Long enough for each piece to be a separate read.
        await new Promise((next) => setTimeout(next, GAP));
      }
      isSent = true;
      if (end) socket.end();
    });
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      rest();
    });
    socket.on('error', () => {});
    socket.on('end', () => finish(true));
    socket.on('close', () => finish(true));
  });
}

/** A head and its body without the date, for comparisons. @param {string} text @returns {string} */
function undated(text) {
  return text.replace(/Date: [^\r]*\r\n/g, '');
}

/** The status codes in a stream of responses. @param {string} text @returns {number[]} */
function statuses(text) {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** @param {string} [path] @param {string} [fields] lines with their ends @returns {string} a GET request */
function get(path = '/', fields = '') {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

module.exports = { exchange, get, serving, statuses, undated };
