'use strict';
// What our server and client make of raw bytes.

const net = require('node:net');
const { once } = require('node:events');
const { serving } = require('../server/exchange');

/**
 * Turns of 5 ms without a byte after which an exchange counts as over. Turns are counted, since a process that was held
 * up has received nothing meanwhile.
 */
const QUIET_TURNS = 24;

const TRANSPORTS = ['native', 'stream', 'offload'];

/**
 * Runs a server that records what reaches it, and answers every request when its body has ended.
 * @param {object} http ours or the built-in
 * @param {object} options of the server
 * @param {function(number, function(number): object): Promise<*>} use gets the port, and a function that finds the
 *   record of a client's local port: `{ requests, codes }`
 * @returns {Promise<*>} what `use` returned
 */
function recording(http, options, use) {
  const records = new Map();
  const recordOf = (port) => {
    if (!records.has(port)) records.set(port, { requests: [], codes: [] });
    return records.get(port);
  };
  const server = http.createServer(options, (req, res) => {
    const request = { url: req.url, body: '', complete: false };
    const record = recordOf(req.socket.remotePort);
    // A request after an error must never happen: the list of codes shows the order.
    request.afterError = record.codes.length > 0;
    record.requests.push(request);
    req.on('data', (chunk) => { request.body += chunk.toString('latin1'); });
    req.on('end', () => {
      request.complete = true;
      res.end('ok');
    });
    req.on('error', () => {});
  });
  server.on('clientError', (error, socket) => {
    recordOf(socket.remotePort).codes.push(error.code);
    const status = { HPE_HEADER_OVERFLOW: 431, HPE_CHUNK_EXTENSIONS_OVERFLOW: 413, ERR_HTTP_REQUEST_TIMEOUT: 408 };
    if (socket.writable) socket.write(`HTTP/1.1 ${status[error.code] ?? 400} No\r\nConnection: close\r\n\r\n`);
    socket.destroy();
  });
  return serving(server, (port) => use(port, recordOf));
}

/**
 * Sends bytes to a recording server.
 * @param {number} port
 * @param {function(number): object} recordOf
 * @param {string} input latin1
 * @param {number} [size] bytes of each write; all at once without
 * @returns {Promise<{requests: object[], codes: string[], statuses: number[], closed: boolean}>}
 */
async function send(port, recordOf, input, size = input.length) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let closed = false;
  let quiet;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    quiet = 0;
  });
  socket.on('error', () => {});
  socket.on('close', () => { closed = true; });
  await once(socket, 'connect');
  const { localPort } = socket;
  // An earlier connection may have had that port.
  Object.assign(recordOf(localPort), { requests: [], codes: [] });
  for (let at = 0; at < input.length && !closed; at += size) {
    socket.write(Buffer.from(input.slice(at, at + size), 'latin1'));
    if (size < input.length) await new Promise(setImmediate);
  }
  for (quiet = 0; !closed && quiet < QUIET_TURNS; quiet++) await new Promise((resolve) => setTimeout(resolve, 5));
  socket.destroy();
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
  return { ...recordOf(localPort), statuses, closed };
}

/**
 * Answers one request of a client with raw bytes.
 * @param {object} http ours or the built-in
 * @param {string} answer latin1
 * @param {object} [options] of the request
 * @param {number} [size] bytes of each write; all at once without
 * @returns {Promise<{code: string|undefined, status: number|undefined, body: string, complete: boolean}>}
 */
async function answered(http, answer, options = {}, size = answer.length) {
  const server = net.createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.once('data', async () => {
      for (let at = 0; at < answer.length && !socket.destroyed; at += size) {
        socket.write(Buffer.from(answer.slice(at, at + size), 'latin1'));
        if (size < answer.length) await new Promise(setImmediate);
      }
      socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const seen = { code: undefined, status: undefined, body: '', complete: false };
  await new Promise((resolve) => {
    const fail = (error) => {
      seen.code ??= error.code;
      resolve();
    };
    const req = http.get({ port: server.address().port, host: '127.0.0.1', agent: false, ...options }, (res) => {
      seen.status = res.statusCode;
      res.on('data', (chunk) => { seen.body += chunk.toString('latin1'); });
      res.on('error', fail);
      res.on('close', () => {
        seen.complete = res.complete && seen.code === undefined;
        // An error in what follows the response comes in the same turn.
        setImmediate(resolve);
      });
    });
    req.on('error', fail);
  });
  server.close();
  return seen;
}

module.exports = { TRANSPORTS, answered, recording, send };
