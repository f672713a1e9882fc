'use strict';
// The listeners on a socket while a truncated answer waits for its end, and on a kept socket from one request to the
// next. Compared with the built-in client.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const builtin = require('node:http');
const { Duplex } = require('node:stream');
const { test } = require('node:test');
const ours = require('../..');
const { withPeers } = require('./scenario');

const TRANSPORTS = ['native', 'stream'];
const WHOLE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const PART = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi';

const namesOn = (emitter) => emitter.eventNames().map(String).sort().map((event) => `${event}: ${emitter.listeners(event).map(({ name }) => name)}`);
const closing = (emitter) => new Promise((resolve) => { emitter.on('close', resolve); });
const withServer = (text, run) => withPeers((peer) => peer.on('error', () => {}).on('data', () => peer.write(text)), run);

/** Looks at once, and in each of the next ticks. */
function lookOften(log, what, look, ticks = 4) {
  log.push(`${what}: ${look()}`);
  if (ticks > 0) process.nextTick(lookOften, log, what, look, ticks - 1);
}

async function cutShort(http, transport, error) {
  const log = [];
  await withServer(PART, async (port) => {
    const agent = new http.Agent({ ...(transport && { transport }) });
    const req = http.get({ host: '127.0.0.1', port, agent });
    req.on('error', ({ message }) => log.push(`error of the request: ${message}`));
    const [res] = await once(req, 'response');
    await once(res, 'data');
    const { socket } = req;
    res.on('error', ({ message }) => log.push(`error of the answer: ${message}`)).on('close', () => log.push('close of the answer'));
    res.destroy(error);
    lookOften(log, 'socket', () => namesOn(socket).join('; '));
    await closing(req);
    await new Promise(setImmediate);
    log.push(namesOn(socket));
  });
  return log;
}

test('an answer that is destroyed before its end waits for the end of its socket as the built-in does', async () => {
  for (const error of [undefined, new Error('enough')]) {
    const expected = await cutShort(builtin, undefined, error);
    for (const transport of TRANSPORTS) assert.deepEqual(await cutShort(ours, transport, error), expected, `${transport} ${error}`);
  }
});

/**
 * A stream that answers in part, and ends late: with the error that it is destroyed with, with another, or with none.
 */
function endsLate(log, how) {
  const stream = new Duplex({
    read() {},
    write(chunk, encoding, done) {
      done();
      setImmediate(() => this.push(PART));
    },
    destroy(error, done) {
      setImmediate(setImmediate, () => {
        log.push('the stream ends');
        done(how === 'same' ? error : how === 'other' ? new Error('other') : null);
      });
    },
  });
  return stream.on('error', ({ message }) => log.push(`error of the stream: ${message}`)).on('close', () => log.push('close of the stream'));
}

async function cutShortOn(http, how, error) {
  const log = [];
  const req = http.get({ host: 'a.example', createConnection: () => endsLate(log, how) });
  req.on('error', ({ message }) => log.push(`error of the request: ${message}`)).on('close', () => log.push('close of the request'));
  const [res] = await once(req, 'response');
  await once(res, 'data');
  res.on('error', ({ message }) => log.push(`error of the answer: ${message}`)).on('close', () => log.push('close of the answer'));
  res.destroy(error);
  await closing(res);
  await new Promise(setImmediate);
  return log;
}

test('an answer that is destroyed before its end closes after its stream, which ends late, with the stream\'s error', async () => {
  for (const how of ['same', 'other', 'none']) {
    for (const error of [undefined, new Error('enough')]) {
      assert.deepEqual(await cutShortOn(ours, how, error), await cutShortOn(builtin, how, error), `${how} ${error}`);
    }
  }
});

const ENDS = {
  destroy: (req) => req.destroy(),
  fail: (req) => req.destroy(new Error('enough')),
  abort: (req) => req.abort(),
  later: (req) => process.nextTick(() => req.destroy()),
};

async function handedOn(http, transport, end, maxSockets) {
  const log = [];
  await withServer(WHOLE, async (port) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets, ...(transport && { transport }) });
    let socket;
    const get = (name) => http.get({ host: '127.0.0.1', port, agent }, (res) => {
      log.push(`${name} answered: ${namesOn(res.socket).join('; ')}`);
      res.resume();
    }).on('error', ({ message }) => log.push(`${name}: ${message}`)).on('socket', (given) => {
      socket ??= given;
      log.push(`${name}: ${namesOn(given).join('; ')}`);
    });
    await closing(get('first'));
    await new Promise(setImmediate);
    log.push(`idle: ${namesOn(socket).join('; ')}`);
    const given = get('given up');
    const waits = get('waits');
    end(given);
    lookOften(log, 'kept', () => namesOn(socket).join('; '), 2);
    await Promise.all([closing(given), closing(waits)]);
    await new Promise(setImmediate);
    log.push(`at last: ${namesOn(socket).join('; ')}`);
    agent.destroy();
  });
  return log;
}

test('a kept socket loses the listener of its idle time when it is given to a request, whatever becomes of that', async () => {
  for (const [name, end] of Object.entries(ENDS)) {
    for (const maxSockets of [1, 2]) {
      const expected = await handedOn(builtin, undefined, end, maxSockets);
      for (const transport of TRANSPORTS) assert.deepEqual(await handedOn(ours, transport, end, maxSockets), expected, `${name} ${maxSockets} ${transport}`);
    }
  }
});
