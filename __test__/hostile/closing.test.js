'use strict';
// Connections that are closed while their peers send: what the program hears of the request, and how the peer hears of the end, as with node.

const fs = require('node:fs');
const { everyWay, get, pass, until } = require('../transport/ways');

/** Milliseconds in which the kernel, and threads, have taken what was sent, while the JavaScript thread is busy. */
const BUSY = 20;

function busy() {
  for (const end = performance.now() + BUSY; performance.now() < end;);
}

// ------------------------------------------------------------------------- a request that goes on behind its answer

const chunks = (count, size) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`.repeat(count);
// More than one read takes, and no more than the kernel takes at once.
const BODIES = {
  'of 100,000 bytes': ['Content-Length: 100000', 'x'.repeat(100_000)],
  'of 15,000 chunks': ['Transfer-Encoding: chunked', `${chunks(15_000, 1)}0\r\n\r\n`],
  'of 5,000 chunks with extensions, and trailers': ['Transfer-Encoding: chunked', `${chunks(5_000, 1).replaceAll('1\r\n', '1;name=value\r\n')}0\r\nA: b\r\n\r\n`],
  'of large chunks': ['Transfer-Encoding: chunked', `${chunks(10, 10_000)}0\r\n\r\n`],
};
const ANSWERS = {
  'at once': (req, res) => { res.end('ok'); },
  'in a microtask': async (req, res) => {
    await null;
    res.end('ok');
  },
  'at its first piece': (req, res) => { req.once('data', () => res.end('ok')); },
  'while it is read': (req, res) => {
    req.resume();
    res.end('ok');
  },
  'with its socket looked at': (req, res) => { res.end(req.socket.remoteAddress); },
  'in a tick': (req, res) => { process.nextTick(() => res.end('ok')); },
  'in setImmediate()': (req, res) => { setImmediate(() => res.end('ok')); },
  'in setImmediate(), while it is read': (req, res) => {
    req.resume();
    setImmediate(() => res.end('ok'));
  },
  'in a timer': (req, res) => { setTimeout(() => res.end('ok'), 0); },
  'in a callback of the file system, while it is read': (req, res) => {
    req.resume();
    fs.stat(__filename, () => res.end('ok'));
  },
};

// Behind the read that brought the request: a body that is not read may then be held back.
const LATER = new Set(['in setImmediate()', 'in a timer']);

for (const [size, [field, body]] of Object.entries(BODIES)) {
  for (const [when, answer] of Object.entries(ANSWERS)) {
    everyWay(`a request with a body ${size}, whose connection is closed behind its answer, ends (answered ${when})`, async (way) => {
      const seen = [];
      const server = await way.serve((req, res) => {
        for (const event of ['end', 'close', 'error', 'aborted']) req.on(event, () => seen.push(`${event} ${req.complete}`));
        for (const event of ['finish', 'close']) res.on(event, () => seen.push(`response ${event}`));
        answer(req, res);
      });
      const client = await way.connect(server);
      client.write(`POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${field}\r\n\r\n${body}`);
      busy();
      await until(() => client.ended || client.failed);
      await until(() => seen.includes('response close'));
      await pass(5);
      return [seen.filter((event) => event.startsWith('response')), seen.filter((event) => !event.startsWith('response')), client.failed];
    }, LATER.has(when) ? {} : { expected: [['response finish', 'response close'], ['end true', 'close true'], undefined] });
  }
}

// ----------------------------------------------------------------------------------------- a peer whose bytes are unread

const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc';
const BEFORE = {
  'an answered request': [get('/1'), (req, res) => res.end('ok')],
  'an open request': [get('/1'), () => {}],
  'a body that is read': [POST, (req) => req.resume()],
  'a body that is not read': [POST, (req) => req.pause()],
};
const UNREAD = { 'nothing': '', 'a part of a head': 'GET / HT', 'a request': get('/2'), 'much': 'x'.repeat(100_000) };
const CLOSES = {
  'server.closeAllConnections()': ({ server }) => server.closeAllConnections(),
  'socket.destroy()': ({ socket }) => socket.destroy(),
  'socket.end(), and destroy() at once': ({ socket }) => {
    socket.end();
    socket.destroy();
  },
};

for (const [how, close] of Object.entries(CLOSES)) {
  everyWay(`a connection is reset where bytes were unread, and ends where none were (${how})`, async (way) => {
    const ends = {};
    for (const [before, [request, handle]] of Object.entries(BEFORE)) {
      for (const [what, unread] of Object.entries(UNREAD)) {
        let it;
        const server = await way.serve((req, res) => {
          it ??= { server, req, res, socket: req.socket };
          req.on('error', () => {});
          handle(req, res);
        });
        const client = await way.connect(server);
        client.write(request);
        await until(() => it !== undefined);
        await pass(10);
        client.write(unread);
        busy();
        close(it);
        await until(() => client.ended || client.failed);
        ends[`${what} behind ${before}`] = client.failed ?? 'end';
      }
    }
    return ends;
  });
}
