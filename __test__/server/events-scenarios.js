'use strict';
// What handlers do with a request, and the log of everything that happens.

const net = require('node:net');
const { SLOWNESS } = require('../support/slowness');
const { turns } = require('../support/turns');

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const HANDLERS = {
  'answers at once': (req, res) => res.end('hi'),
  'answers later': (req, res) => setTimeout(() => res.end('later'), 10),
  'answers in pieces': (req, res) => {
    res.write('a');
    res.write('b');
    setTimeout(() => res.end('c'), 5);
  },
  'reads, then answers': (req, res) => {
    req.resume();
    req.on('end', () => res.end('x'));
  },
  'answers when the body has long ended': (req, res) => {
    req.resume();
    setTimeout(() => res.end('x'), 10);
  },
  'reads by iteration': async (req, res, { log }) => {
    try {
      for await (const piece of req) void piece;
      res.end('i');
    } catch (error) {
      log.push(`iteration ${error.code}`);
    }
  },
  'reads on readable': (req, res, { log }) => {
    req.on('readable', () => log.push(`read ${req.read()}`));
    res.end('z');
  },
  'pauses': (req, res) => {
    req.pause();
    res.end('x');
  },
  'closes': (req, res) => {
    res.setHeader('Connection', 'close');
    res.end('a');
  },
  'destroys the request': (req) => req.destroy(),
  'destroys the request with an error': (req) => req.destroy(new Error('boom')),
  'destroys the response': (req, res) => res.destroy(),
  'destroys the response with an error': (req, res) => res.destroy(new Error('boom')),
  'destroys the socket': (req) => req.socket.destroy(),
  'destroys the socket with an error': (req) => req.socket.destroy(new Error('boom')),
  'destroys after the end': (req) => {
    req.resume();
    req.on('end', () => req.destroy());
  },
  'destroys after the head': (req, res) => {
    res.writeHead(200);
    res.flushHeaders();
    setTimeout(() => req.destroy(), 5);
  },
  'waits while the client goes': (req, res, { client }) => client.destroy(),
  'waits while the client resets': (req, res, { client }) => client.resetAndDestroy(),
  'waits while the client ends': (req, res, { client }) => client.end(),
  'lets the request time out': (req) => req.setTimeout(30),
  'answers when the request times out': (req, res) => req.setTimeout(30, () => res.end('late')),
  'answers when the response times out': (req, res) => res.setTimeout(30, () => res.end('late')),
};

const INPUTS = {
  'GET': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'half a POST': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhello',
  'chunked POST': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n',
};

function listen(log, object, name, events) {
  for (const event of events) {
    object.on(event, (value) => {
      log.push(value instanceof Error ? `${name} ${event}: ${value.code} ${value.message}` : `${name} ${event}`);
    });
  }
}

function flags(req, res) {
  const { complete, aborted, destroyed, readableEnded, readableAborted, readableFlowing, closed } = req;
  return [
    complete, aborted, destroyed, readableEnded, readableAborted, readableFlowing, closed, '|', res.finished, res.destroyed,
    res.closed, res.writableFinished, res.errored && res.errored.code, Boolean(res.socket),
  ].join(' ');
}

/**
 * Serves one connection and logs events, flags and bytes in the order in which they come.
 * @param {Function} createServer of the module under test
 * @param {Function} handler one of HANDLERS
 * @param {string} input one of INPUTS
 * @param {{silent: boolean}} options silent: listens only to the response
 * @returns {Promise<string[]>}
 */
async function logOf(createServer, handler, input, { silent }) {
  const log = [];
  const done = [];
  const client = new net.Socket();
  const server = createServer((req, res) => {
    log.push('request');
    listen(log, res, 'res', ['close', 'finish', 'prefinish', 'error']);
    if (!silent) {
      listen(log, req, 'req', ['aborted', 'close', 'end', 'error', 'pause', 'resume']);
      listen(log, req.socket, 'socket', ['close', 'end', 'error', 'timeout', 'drain', 'finish']);
    }
    handler(req, res, { log, client });
    process.nextTick(() => log.push('-- tick'));
    setImmediate(() => log.push(`-- immediate ${flags(req, res)}`));
    // Whatever was due before that has its turns, even if the process was kept from them.
    done.push(wait(150 * SLOWNESS).then(() => turns(5)).then(() => log.push(`-- after 150 ms ${flags(req, res)}`)));
  });
  server.on('clientError', (error, socket) => {
    log.push(`clientError ${error.code}`);
    socket.destroy();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  let bytes = '';
  client.connect(server.address().port, '127.0.0.1', () => client.write(input));
  client.on('error', () => {});
  client.on('data', (chunk) => {
    bytes += chunk;
  });
  for (let n = 0; n < 200 && done.length === 0; n++) await wait(10);
  await Promise.all(done);
  await wait(20 * SLOWNESS);
  client.destroy();
  server.close();
  log.push(bytes.replace(/Date: [^\r]*\r\n/g, ''));
  // Anything later comes from closing down.
  return [...log];
}

module.exports = { HANDLERS, INPUTS, logOf };
