'use strict';

// Servers and exchanges that tests of several areas need.

const { once } = require('node:events');

/**
 * @param {import('net').Server} server
 * @returns {Promise<number>} its port on 127.0.0.1, now that it listens
 */
async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/**
 * Makes a request and waits until its socket is free again or gone.
 * @param {object} module http or https, ours or the built-in
 * @param {object} options of the request
 * @returns {Promise<{body: string, req: object, res: object, socket: object}>}
 */
async function exchange(module, options) {
  const req = module.get({ host: '127.0.0.1', ...options });
  const [res] = await once(req, 'response');
  const closed = once(req, 'close');
  let body = '';
  res.setEncoding('utf8');
  for await (const chunk of res) body += chunk;
  await closed;
  await new Promise(setImmediate);
  return { body, req, res, socket: req.socket };
}

module.exports = { exchange, listening };
