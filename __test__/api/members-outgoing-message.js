'use strict';
// The members of OutgoingMessage, which requests and responses share. Each runs on both.

const assert = require('node:assert/strict');
const { PassThrough } = require('node:stream');
const { event, http, open, serve, textOf } = require('./helpers');

/** Bytes that no socket buffer of this machine takes at once. */
const LARGE = 16 * 1024 * 1024;

/**
 * Runs an exercise on a live response and on a live request; it has to end the message.
 * @param {function(OutgoingMessage): *} use
 * @param {function(object, string): *} [check] gets the message that arrived and its body, on either side
 */
async function onBoth(use, check = () => {}) {
  let inServer;
  let fail;
  const broke = new Promise((_resolve, reject) => (fail = reject));
  await serve((req, res) => {
    inServer = (async () => use(res))();
    inServer.catch(fail);
  }, async (port) => {
    const [res] = await Promise.race([event(open(port).end(), 'response'), broke]);
    const text = await textOf(res);
    await inServer;
    await check(res, text);
  });
  await serve(async (req, res) => {
    const text = await textOf(req);
    await check(req, text);
    res.end();
  }, async (port) => {
    const req = open(port, { method: 'POST' });
    const responded = event(req, 'response');
    await use(req);
    const [res] = await responded;
    res.resume();
  });
}

module.exports = {
  "Event: 'drain'": () => onBoth(async (message) => {
    assert.equal(message.write(Buffer.alloc(LARGE)), false);
    await event(message, 'drain');
    message.end();
  }, (_message, text) => assert.equal(text.length, LARGE)),

  "Event: 'finish'": () => onBoth(async (message) => {
    message.end('x');
    await event(message, 'finish');
    assert.equal(message.writableFinished, true);
  }),

  "Event: 'prefinish'": () => onBoth(async (message) => {
    const order = [];
    message.on('prefinish', () => order.push('prefinish'));
    const finished = event(message, 'finish').then(() => order.push('finish'));
    message.end('x');
    await finished;
    assert.deepEqual(order, ['prefinish', 'finish']);
  }),

  'outgoingMessage.addTrailers(headers)': () => onBoth((message) => {
    message.setHeader('Trailer', 'X-T');
    message.setHeader('Transfer-Encoding', 'chunked');
    message.write('data');
    message.addTrailers({ 'X-T': 'v' });
    message.end();
  }, (message, text) => {
    assert.equal(text, 'data');
    assert.deepEqual(message.rawTrailers, ['X-T', 'v']);
  }),

  'outgoingMessage.connection': () => onBoth(async (message) => {
    if (!message.socket) await event(message, 'socket');
    assert.equal(message.connection, message.socket);
    assert.ok(message.connection);
    message.end();
  }),

  'outgoingMessage.cork()': () => onBoth((message) => {
    message.cork();
    message.write('one ');
    message.write('two');
    assert.ok(message.writableLength >= 7);
    message.uncork();
    message.end();
  }, (_message, text) => assert.equal(text, 'one two')),

  'outgoingMessage.destroy([error])': async () => {
    await serve((req, res) => {
      assert.equal(res.destroyed, false);
      assert.equal(res.destroy(), res);
      assert.equal(res.destroyed, true);
    }, async (port) => {
      const failed = new Promise((resolve) => open(port).on('error', resolve).end());
      assert.equal((await failed).code, 'ECONNRESET');
    });
    await serve(() => {}, async (port) => {
      const req = open(port);
      const failed = new Promise((resolve) => req.on('error', resolve));
      const [socket] = await event(req.end(), 'socket');
      assert.equal(req.destroy(new Error('mine')), req);
      assert.equal((await failed).message, 'mine');
      assert.equal(socket.destroyed, true);
    });
  },

  'outgoingMessage.end(chunk[, encoding][, callback])': () => onBoth(async (message) => {
    let called = 0;
    const finished = event(message, 'finish');
    assert.equal(message.end('6869', 'hex', () => called++), message);
    await finished;
    assert.equal(called, 1);
  }, (_message, text) => assert.equal(text, 'hi')),

  'outgoingMessage.flushHeaders()': () => onBoth((message) => {
    assert.equal(message.headersSent, false);
    message.flushHeaders();
    assert.equal(message.headersSent, true);
    message.end();
  }),

  'outgoingMessage.getHeader(name)': () => onBoth((message) => {
    message.setHeader('X-A', 5);
    assert.equal(message.getHeader('x-a'), 5);
    assert.equal(message.getHeader('none'), undefined);
    message.end();
  }, (message) => assert.equal(message.headers['x-a'], '5')),

  'outgoingMessage.getHeaderNames()': () => onBoth((message) => {
    const before = message.getHeaderNames();
    message.setHeader('X-A', 1);
    message.setHeader('X-B', 2);
    assert.deepEqual(message.getHeaderNames(), [...before, 'x-a', 'x-b']);
    message.end();
  }),

  'outgoingMessage.getHeaders()': () => onBoth((message) => {
    message.setHeader('Foo', 'bar');
    message.setHeader('X-Many', ['a', 'b']);
    const headers = message.getHeaders();
    assert.equal(Object.getPrototypeOf(headers), null);
    assert.equal(headers.foo, 'bar');
    assert.deepEqual(headers['x-many'], ['a', 'b']);
    message.end();
  }, (message) => assert.equal(message.headers['x-many'], 'a, b')),

  'outgoingMessage.getRawHeaderNames()': () => onBoth((message) => {
    message.setHeader('X-a', 1);
    message.setHeader('x-B', 2);
    assert.deepEqual(message.getRawHeaderNames().slice(-2), ['X-a', 'x-B']);
    message.end();
  }, (message) => assert.ok(message.rawHeaders.includes('x-B'))),

  'outgoingMessage.hasHeader(name)': () => onBoth((message) => {
    assert.equal(message.hasHeader('content-type'), false);
    message.setHeader('Content-Type', 'x');
    assert.equal(message.hasHeader('content-TYPE'), true);
    message.end();
  }),

  'outgoingMessage.headersSent': () => onBoth((message) => {
    assert.equal(message.headersSent, false);
    message.end('x');
    assert.equal(message.headersSent, true);
  }),

  'outgoingMessage.pipe()': () => onBoth((message) => {
    let failed;
    message.once('error', (error) => (failed = error));
    try {
      message.pipe(new PassThrough());
    } catch (error) {
      failed = error;
    }
    message.end();
    return new Promise((resolve) => setImmediate(resolve)).then(() => assert.equal(failed.code, 'ERR_STREAM_CANNOT_PIPE'));
  }),

  'outgoingMessage.removeHeader()': () => onBoth((message) => {
    message.setHeader('X-A', 1);
    message.removeHeader('x-a');
    assert.equal(message.hasHeader('X-A'), false);
    message.end();
  }, (message) => assert.equal(message.headers['x-a'], undefined)),

  'outgoingMessage.setHeader(name, value)': () => onBoth((message) => {
    assert.equal(message.setHeader('X-A', 'one'), message);
    message.setHeader('x-a', 'two');
    assert.throws(() => message.setHeader('X-A'), { code: 'ERR_HTTP_INVALID_HEADER_VALUE' });
    message.end();
  }, (message) => assert.equal(message.headers['x-a'], 'two')),

  'outgoingMessage.setTimeout(msesc[, callback])': () => onBoth(async (message) => {
    let called = 0;
    assert.equal(message.setTimeout(20, () => called++), message);
    message.flushHeaders();
    await event(message, 'timeout');
    assert.equal(called, 1);
    message.end();
  }),

  'outgoingMessage.socket': () => onBoth(async (message) => {
    if (!message.socket) await event(message, 'socket');
    assert.equal(message.socket.writable, true);
    message.end();
  }),

  'outgoingMessage.uncork()': () => onBoth((message) => {
    message.cork();
    message.cork();
    message.write('a');
    message.uncork();
    assert.equal(message.writableCorked, 1);
    message.uncork();
    assert.equal(message.writableCorked, 0);
    message.end('b');
  }, (_message, text) => assert.equal(text, 'ab')),

  'outgoingMessage.writableCorked': () => onBoth((message) => {
    assert.equal(message.writableCorked, 0);
    message.cork();
    assert.equal(message.writableCorked, 1);
    message.cork();
    assert.equal(message.writableCorked, 2);
    message.uncork();
    message.uncork();
    message.end();
  }),

  'outgoingMessage.writableEnded': () => onBoth((message) => {
    assert.equal(message.writableEnded, false);
    message.end('x');
    assert.equal(message.writableEnded, true);
  }),

  'outgoingMessage.writableFinished': () => onBoth(async (message) => {
    message.write('x');
    assert.equal(message.writableFinished, false);
    message.end();
    await event(message, 'finish');
    assert.equal(message.writableFinished, true);
  }),

  'outgoingMessage.writableHighWaterMark': async () => {
    const alone = new http.OutgoingMessage();
    assert.ok(alone.writableHighWaterMark > 0);
    await onBoth(async (message) => {
      if (!message.socket) await event(message, 'socket');
      assert.equal(message.writableHighWaterMark, message.socket.writableHighWaterMark);
      message.end();
    });
  },

  'outgoingMessage.writableLength': () => onBoth(async (message) => {
    assert.equal(message.writableLength, 0);
    message.write(Buffer.alloc(LARGE));
    assert.ok(message.writableLength > 0);
    message.end();
    await event(message, 'finish');
    assert.equal(message.writableLength, 0);
  }),

  'outgoingMessage.writableObjectMode': () => onBoth((message) => {
    assert.equal(message.writableObjectMode, false);
    message.end();
  }),

  'outgoingMessage.write(chunk[, encoding][, callback])': () => onBoth(async (message) => {
    const flushed = [];
    message.write('aGk', 'base64', () => flushed.push(1));
    message.write(new Uint8Array([33]), () => flushed.push(2));
    const finished = event(message, 'finish');
    message.end();
    await finished;
    assert.deepEqual(flushed, [1, 2]);
    assert.ok(message.chunkedEncoding);
  }, (_message, text) => assert.equal(text, 'hi!')),
};
