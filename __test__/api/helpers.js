'use strict';
// Real servers, clients and raw sockets for the exercises of the members.

const net = require('node:net');
const { once } = require('node:events');

/**
 * RUST_HTTP_API=builtin runs the same exercises on the built-in module: a failure there is an error in the exercise.
 */
const builtin = process.env.RUST_HTTP_API === 'builtin';
const http = builtin ? require('node:http') : require('../..');

/** Milliseconds after which a waiting exercise has failed. */
const LIMIT = 5000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Waits for a promise, but not forever.
 * @param {Promise<*>} promise
 * @param {string} [what] named in the error
 * @returns {Promise<*>}
 */
async function soon(promise, what = 'it') {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${LIMIT} ms`)), LIMIT);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for an event, whatever else happens first. @returns {Promise<Array>} its arguments */
const event = (emitter, name) => soon(new Promise((resolve) => emitter.once(name, (...args) => resolve(args))), `'${name}'`);

/** Polls until a condition holds. @param {function(): boolean} condition */
async function until(condition) {
  const start = Date.now();
  while (!condition()) {
    if (Date.now() - start > LIMIT) throw new Error(`not within ${LIMIT} ms: ${condition}`);
    await sleep(2);
  }
}

/**
 * Runs a server during `use`.
 * @param {net.Server} server not listening yet
 * @param {function(number, net.Server): Promise<*>} use gets the port
 * @returns {Promise<*>} what `use` returned
 */
async function serving(server, use) {
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await event(server, 'listening');
  try {
    return await use(server.address().port, server);
  } finally {
    const closed = server.listening && once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    if (closed) await soon(closed, 'the end of the server');
  }
}

/** Runs an http server with a 'request' listener during `use`. */
const serve = (listener, use, options = {}) => serving(http.createServer(options, listener), use);

/**
 * A server that reads a request and answers it with given bytes.
 * @param {string|function(net.Socket, string)} reply bytes, or a function that sends them; it gets what came first
 * @param {function(number, string[]): Promise<*>} use gets the port and what the server has received, an entry per
 *   connection
 */
function answering(reply, use) {
  const received = [];
  const server = net.createServer((socket) => {
    const index = received.push('') - 1;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const first = received[index] === '';
      received[index] += chunk.toString('latin1');
      if (typeof reply === 'function') reply(socket, received[index], first);
      else if (first) socket.end(reply, 'latin1');
    });
  });
  return serving(server, (port) => use(port, received));
}

/**
 * Sends bytes and collects what comes back until it matches or the connection closes.
 * @param {number} port
 * @param {string} text
 * @param {RegExp} [enough] without it: until the end
 * @returns {Promise<string>}
 */
function say(port, text, enough) {
  return soon(new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    let heard = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (enough?.test(heard)) socket.destroy();
    });
    socket.on('close', () => resolve(heard));
  }), `the answer to ${JSON.stringify(text.slice(0, 40))}`);
}

/** A request as bytes. @param {string} [head] method and path @param {string} [fields] lines with their ends */
const get = (head = 'GET /', fields = 'Connection: close\r\n', body = '') => `${head} HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;

/** Reads a message to its end. @returns {Promise<string>} */
async function textOf(message) {
  let text = '';
  message.setEncoding('utf8');
  for await (const chunk of message) text += chunk;
  return text;
}

/**
 * Makes a request and reads its response.
 * @param {number} port
 * @param {object} [options] of http.request
 * @param {string} [body]
 * @returns {Promise<{req: object, res: object, text: string}>}
 */
async function ask(port, options = {}, body) {
  const req = http.request({ port, host: '127.0.0.1', agent: false, ...options });
  req.end(body);
  const [res] = await event(req, 'response');
  return { req, res, text: await soon(textOf(res), 'the body') };
}

/** A request that is not ended. Errors of its connection reach the caller only if it listens. */
function open(port, options = {}) {
  const req = http.request({ port, host: '127.0.0.1', agent: false, ...options });
  req.on('error', () => {});
  return req;
}

/**
 * Runs `inside` in the handler of a live server while a client waits for the answer; it has to end the response.
 * @param {function(object, object, object): *} inside gets req, res and the server
 * @param {string} [request] the bytes of the request
 * @param {object} [options] of the server
 * @returns {Promise<{value: *, heard: string}>} what `inside` returned and the bytes that the client received
 */
function answer(inside, request = get(), options = {}) {
  let settle;
  const value = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  const listener = async (req, res) => {
    try {
      settle.resolve(await inside(req, res, server));
    } catch (error) {
      res.destroy();
      settle.reject(error);
    }
  };
  const server = http.createServer(options, listener);
  return serving(server, async (port) => {
    const [result, heard] = await Promise.all([soon(value, 'the handler'), say(port, request)]);
    return { value: result, heard };
  });
}

/** The head of a response as bytes. @param {string} heard @returns {string} */
const headOf = (heard) => heard.slice(0, heard.indexOf('\r\n\r\n') + 4);

/** The body of a response as bytes. @param {string} heard @returns {string} */
const bodyOf = (heard) => heard.slice(heard.indexOf('\r\n\r\n') + 4);

module.exports = { answer, answering, ask, bodyOf, builtin, event, get, headOf, http, open, say, serve, serving, sleep, soon, textOf, until };
