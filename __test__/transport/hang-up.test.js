'use strict';
// Bytes and the reset of a connection that are there in the same wake-up of the loop: an end after the bytes up to
// libuv 1.51, the reset in later versions. Writes to such a connection fail in the tick in which node's fail.

const { getDefaultHighWaterMark } = require('node:stream');
const { everyWay, get, pass, until } = require('./ways');
const { OK, everyClient } = require('./client-ways');

/** More than the head of any answer here. */
const HEAD_BYTES = 60;
// I/O threads may read between the bytes and the reset: tests/offload_hang_up.rs has the tests.
const ON_ONE_THREAD = ['node', 'stream', 'native'];

const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const GET = get('/2');
const post = (bytes, announced = 1e8) => {
  const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${announced}\r\n\r\n`;
  return head + 'x'.repeat(bytes - head.length);
};
const answerOf = (bytes) => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n';
  return head + 'x'.repeat(bytes - head.length);
};

function resetBehind(text) {
  return (peer) => {
    peer.write(text);
    peer.resetAndDestroy();
  };
}

const ANSWERS = {
  'a whole answer': hello,
  'an answer that ends the connection': 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello',
  'a part of an answer': answerOf(100),
  'a part of an answer, one byte short of a read': answerOf(65_535),
  'a part of an answer that fills a read': answerOf(65_536),
  'a part of a chunked answer': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  'an answer up to the end of the connection': 'HTTP/1.1 200 OK\r\n\r\nhello',
  'a part of a head': 'HTTP/1.1 200 OK\r\nConte',
  'an interim answer': 'HTTP/1.1 100 Continue\r\n\r\n',
  'two answers': hello + OK,
  nothing: '',
};

for (const [what, text] of Object.entries(ANSWERS)) {
  everyClient(`a client whose connection is reset after ${what}`, async (exchange) => {
    await exchange.ask({ answer: resetBehind(text) });
    await pass(20);
    return [exchange.log, exchange.bytes.length];
  }, { reason: text.length - HEAD_BYTES >= (getDefaultHighWaterMark?.(false) ?? 16384) ? 'paused' : undefined });
}

everyClient('a client that reads the answer later than its connection is reset', async (exchange) => {
  await exchange.ask({ answer: resetBehind(hello), read: (res) => { setTimeout(() => res.resume(), 20); } });
  await pass(20);
  return exchange.log;
});

everyClient('a client whose connection is reset after an upgrade', async (exchange) => {
  const seen = [];
  await exchange.ask({
    answer: resetBehind('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc'),
    headers: { Connection: 'upgrade', Upgrade: 'x' },
    at: {
      upgrade(_res, socket, head) {
        seen.push(`head ${head}`);
        for (const name of ['data', 'end', 'close']) socket.on(name, () => seen.push(name));
        socket.on('error', (error) => seen.push(`${error.syscall} ${error.code}`));
      },
    },
  });
  await pass(30);
  return [exchange.log, seen];
}, { reason: 'upgrade' });

/** Serves what a peer sends before it resets the connection; returns what was received on the way. */
async function served(way, texts, { handle = (_req, res) => res.end('answer'), reads = true, on = {} } = {}) {
  const log = [];
  let onReset;
  const reset = new Promise((resolve) => { onReset = resolve; });
  const hear = (emitter, name, events) => {
    for (const event of events) {
      emitter.on(event, (error) => log.push([name, event, error?.code, error?.syscall].filter((it) => it !== undefined && typeof it !== 'boolean').join(' ')));
    }
  };
  const server = await way.serve((req, res) => {
    log.push(`request ${req.method}`);
    hear(req, 'req', ['error', 'aborted', 'end', 'close']);
    hear(res, 'res', ['error', 'finish', 'close']);
    if (reads) req.on('data', () => {});
    handle(req, res, reset);
  });
  server.on('clientError', (error, socket) => {
    log.push(`clientError ${error.code} ${error.syscall}`);
    socket.destroy();
  });
  for (const event of Object.keys(on)) server.on(event, (...args) => on[event](log, ...args));
  const closed = new Promise((resolve) => { server.on('connection', (socket) => socket.on('close', resolve)); });
  const client = await way.connect(server);
  for (const text of texts.slice(0, -1)) {
    const before = log.length;
    client.write(text);
    await until(() => log.length > before);
    await pass(5);
  }
  client.write(texts[texts.length - 1]);
  client.resetAndDestroy();
  onReset();
  await closed;
  await pass(5);
  return log;
}

const later = async (_req, res, reset) => {
  await reset;
  setTimeout(() => res.end('answer'), 60);
};

const REQUESTS = {
  'a request that is answered at once': [[GET]],
  'a request that is answered later': [[GET], { handle: later }],
  'two requests that are answered at once': [[GET + GET]],
  'two requests that are answered later': [[GET + GET], { handle: later }],
  'a further request that is answered at once': [[GET, GET]],
  'a part of a head': [[GET.slice(0, 20)]],
  'no request': [['\r\n']],
  'a part of a body that is answered at once': [[post(300)]],
  'a part of a body': [[post(300)], { handle: later }],
  'a part of a body that nobody reads': [[post(300)], { handle: later, reads: false }],
  'more than a stream keeps of a body that nobody reads': [[post(40_000)], { handle: later, reads: false }],
  'a further part of a body': [[post(300), 'more'], { handle: later }],
  'a part of a body, one byte short of a read': [[post(65_535)], { handle: later }],
  'a part of a body that fills a read': [[post(65_536)], { handle: later }],
  'a handler that has the socket read by its stream': [[post(300)], { handle: (req) => req.socket.on('data', () => {}) }],
  'a request that is refused': [['garbage\r\n\r\n']],
  'an upgrade': [['GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc'], { on: { upgrade: tunnel } }],
  'a CONNECT': [['CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\nabc'], { on: { connect: tunnel } }],
};

function tunnel(log, _req, socket, head) {
  log.push(`tunnel ${head}`);
  for (const name of ['data', 'end', 'close']) socket.on(name, () => log.push(name));
  socket.on('error', (error) => log.push(`${error.syscall} ${error.code}`));
  socket.on('end', () => socket.end());
}

for (const [what, [texts, options]] of Object.entries(REQUESTS)) {
  everyWay(`a server whose connection is reset after ${what}`, (way) => served(way, texts, options), { on: ON_ONE_THREAD });
}
