'use strict';
// Kept connections of a client behave the same however they are read: node's client, ours over streams, ours over the
// core.

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { undisturbed } = require('../support/undisturbed');
const { Exchange, OK, everyClient, pass, until } = require('./client-ways');

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n';
const FIRST = 'first half';
const SECOND = 'second one';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n';

const whole = (text) => (peer) => peer.write(text);

async function inPieces(peer, text) {
  for (const byte of text) {
    peer.write(byte);
    await new Promise(setImmediate);
  }
}

/** What happened, and the state of the connection. */
async function outcome(exchange, options) {
  await exchange.ask(options);
  await pass(5);
  const { log, bytes, socket, agent } = exchange;
  return { log, bytes, destroyed: socket.destroyed, kept: Object.keys(agent.freeSockets).length };
}

const ANSWERS = {
  'a whole answer': { answer: whole(OK) },
  'an answer byte by byte': { answer: (peer) => inPieces(peer, OK) },
  'a chunked answer with trailers': { answer: whole(CHUNKED) },
  'a chunked answer byte by byte': { answer: (peer) => inPieces(peer, CHUNKED) },
  'an answer that ends with the connection': { answer: (peer) => { peer.write('HTTP/1.1 200 OK\r\n\r\nsome'); setImmediate(() => peer.end('more')); } },
  'an answer and the end in one packet': { answer: (peer) => peer.end(OK) },
  'an answer that closes the connection': { answer: whole('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok') },
  'an answer without body': { answer: whole('HTTP/1.1 204 No Content\r\n\r\n') },
  'a 304 with a length': { answer: whole('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n') },
  'the answer to a HEAD': { method: 'HEAD', answer: whole('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n') },
  'interim answers and the final one in one packet': { answer: whole(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${OK}`) },
  'interim answers byte by byte': { answer: (peer) => inPieces(peer, `HTTP/1.1 102 Processing\r\n\r\n${CHUNKED}`) },
  'an answer with bytes behind it': { answer: whole(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`) },
  'an answer to a POST': { method: 'POST', body: 'x'.repeat(1000), answer: whole(OK) },
  'the end before any answer': { answer: (peer) => peer.end() },
  'the end in a head': { answer: (peer) => peer.end('HTTP/1.1 200 OK\r\nConte') },
  'the end in a body': { answer: (peer) => peer.end(HEAD + FIRST) },
  'the end in a chunk': { answer: (peer) => peer.end(CHUNKED.slice(0, -20)) },
  'no HTTP': { answer: whole('SMTP ready\r\n') },
  'an error behind a good head': { answer: whole(`${CHUNKED.slice(0, CHUNKED.indexOf('\r\n\r\n') + 4)}zz\r\n`) },
  'a reset before any answer': { answer: (peer) => peer.resetAndDestroy() },
  'destroy() in the response': { answer: whole(HEAD + FIRST), at: { response: (res) => res.destroy() } },
  'destroy() of the request in the response': { answer: whole(OK), at: { response: (res, req) => req.destroy(new Error('mine')) } },
  'destroy() of the socket when it is got': { answer: whole(OK), at: { made: (req) => req.on('socket', (socket) => socket.destroy()) } },
};

for (const [name, options] of Object.entries(ANSWERS)) {
  everyClient(`${name}, on a kept connection`, (exchange) => outcome(exchange, options));
}

// The answer's second half is on its way when the socket is touched: it is sent in the very tick of the touch.
const TOUCHES = {
  'data listener': (socket, seen) => socket.on('data', (data) => seen.push(`${data}`)),
  'data listener, once': (socket, seen) => socket.once('data', (data) => seen.push(`${data}`)),
  'data listener, prepended': (socket, seen) => socket.prependListener('data', (data) => seen.push(`${data}`)),
  'readable listener': (socket, seen) => socket.on('readable', () => {
    for (let data = socket.read(); data !== null; data = socket.read()) seen.push(`${data}`);
  }),
  'read by pipe': (socket, seen) => socket.pipe(Object.assign(new (require('node:stream').Writable)({
    write(data, encoding, callback) {
      seen.push(`${data}`);
      callback();
    },
  }))),
  'paused': (socket, seen) => {
    socket.pause();
    setTimeout(() => {
      seen.push('resumed');
      socket.resume();
    }, 20);
  },
  'upgrade by agentRemove': (socket) => socket.emit('agentRemove'),
  'handle': (socket) => {
    socket._handle.readStop();
    socket._handle.readStart();
  },
};

for (const [name, touch] of Object.entries(TOUCHES)) {
  everyClient(`${name}: half an answer before, half an answer after`, async (exchange) => {
    const seen = [];
    const asked = exchange.ask({
      answer: (peer) => peer.write(HEAD + FIRST),
      at: {
        response: () => {
          touch(exchange.socket, seen);
          exchange.peer.write(SECOND);
        },
      },
    });
    await asked;
    return { seen: seen.join(''), log: exchange.log, bytes: exchange.bytes, read: exchange.socket.bytesRead };
  }, { reason: name.split(/,| by /)[0] });
}

everyClient('an upgrade gets the bytes after its head, and all later ones', async (exchange) => {
  let got = '';
  exchange.ask({
    headers: { Connection: 'Upgrade', Upgrade: 'echo' },
    answer: (peer) => {
      peer.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\none ');
      peer.write('two ');
      setImmediate(() => peer.write('three'));
    },
    at: {
      upgrade: (res, socket, head) => {
        got += head;
        exchange.peer.write('in the tick ');
        socket.on('data', (data) => { got += data; });
      },
    },
  });
  await until(() => got.length === 'one two in the tick three'.length);
  return { got: got.split(' ').sort(), log: exchange.log, read: exchange.socket.bytesRead };
}, { reason: 'upgrade' });

everyClient('CONNECT gets the bytes after its head', async (exchange) => {
  let got = '';
  exchange.ask({
    method: 'CONNECT', path: 'a:1',
    answer: (peer) => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nearly '),
    at: {
      connect: (res, socket, head) => {
        got += head;
        exchange.peer.write('late');
        socket.on('data', (data) => { got += data; });
      },
    },
  });
  await until(() => got === 'early late');
  return { got, log: exchange.log };
}, { reason: 'upgrade' });

everyClient('a response that is not read holds the server back, and arrives whole when it is', async (exchange) => {
  const body = Buffer.alloc(8 << 20, Buffer.from('0123456789abcdef'.repeat(17)));
  let response;
  const hash = createHash('sha1');
  const asked = exchange.ask({
    answer: (peer) => {
      peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      peer.write(body);
    },
    read: (res) => { response = res; },
  });
  await until(() => response !== undefined);
  await pass(60);
  const held = exchange.socket.bytesRead < 1 << 20 && exchange.peer.writableLength > 0;
  response.on('data', (data) => hash.update(data));
  await asked;
  assert.strictEqual(hash.digest('hex'), createHash('sha1').update(body).digest('hex'));
  return { held, log: exchange.log };
}, { reason: 'paused' });

everyClient('an upload against a slow reader waits for drain, and arrives whole', async (exchange) => {
  const piece = Buffer.alloc(1 << 20, 'abc');
  let received = 0;
  const asked = exchange.ask({
    method: 'POST', headers: { 'Content-Length': 8 << 20 }, body: null,
    answer: (peer) => {
      received = peer.text.length - peer.text.indexOf('\r\n\r\n') - 4;
      peer.pause();
      setTimeout(() => peer.resume(), 30);
      peer.on('data', (data) => {
        received += data.length;
        if (received === 8 << 20) peer.write(OK);
      });
    },
    at: {
      made: (req) => {
        let n = 0;
        (function more() {
          while (n++ < 8) if (!req.write(piece)) return req.once('drain', more);
          return req.end();
        })();
      },
    },
  });
  await asked;
  return { received, drained: exchange.log.includes('drain'), ok: exchange.bytes, written: exchange.socket.bytesWritten > 8 << 20 };
}, { reason: 'full' });

everyClient('each of several writes of a request leaves at once', async (exchange) => {
  const arrived = [];
  await exchange.ask({
    method: 'POST', body: null,
    answer: (peer) => peer.on('data', (data) => {
      arrived.push(`${data}`);
      if (arrived.length === 3) peer.write(OK);
      else exchange.req[arrived.length === 1 ? 'write' : 'end'](`${arrived.length}`);
    }),
    at: { made: (req) => { req.flushHeaders(); setTimeout(() => req.write('0'), 10); } },
  });
  return { arrived, log: exchange.log };
});

const IDLE = {
  'ended': (peer) => peer.end(),
  'reset': (peer) => peer.resetAndDestroy(),
  'given bytes': (peer) => peer.write(OK),
};

for (const [name, spoil] of Object.entries(IDLE)) {
  everyClient(`an idle connection that is ${name} leaves the agent at once, and the next request gets another`, async (exchange) => {
    const events = [];
    exchange.socket.on('close', (hadError) => events.push(`close ${hadError}`));
    spoil(exchange.peer);
    await until(() => exchange.socket.destroyed || exchange.name === 'node');
    const { destroyed } = exchange.socket;
    const kept = Object.keys(exchange.agent.freeSockets).length;
    if (exchange.name === 'node') return { destroyed: true, kept: 0, bytes: 'ok', another: true };
    await pass(5);
    assert.strictEqual(events.length, 1);
    await exchange.ask({ answer: whole(OK) });
    return { destroyed, kept, bytes: exchange.bytes, another: exchange.req.socket !== exchange.socket };
  }, name === 'given bytes' ? { reason: 'bytes without request' } : {});
}

everyClient('a request times out on a silent connection, not on a busy one', async (exchange) => {
  const silent = exchange.ask({ answer: () => {}, timeout: 40, at: { made: (req) => req.on('timeout', () => req.destroy()) } });
  await silent;
  const { log } = exchange;
  const busy = await undisturbed(50, async () => {
    exchange.log = [];
    exchange.answer = null;
    exchange.peer.text = '';
    for (let n = 0; n < 2; n++) await exchange.warm();
    exchange.socket = exchange.agent.freeSockets[Object.keys(exchange.agent.freeSockets)[0]][0];
    await exchange.ask({ answer: async (peer) => {
      for (const byte of OK) {
        peer.write(byte);
        await pass(5);
      }
    }, timeout: 100 });
    return exchange.log;
  });
  return { log, busy };
});

everyClient('every event of a request has the stores of that request', async (exchange) => {
  const storage = new AsyncLocalStorage();
  const stores = [];
  const note = (name) => stores.push(`${name} ${storage.getStore()}`);
  const ask = (n, answer) => storage.run(n, () => {
    const asked = exchange.ask({
      answer,
      at: {
        made: (req) => { for (const name of ['socket', 'information', 'response', 'error', 'close']) req.on(name, () => note(name)); },
        response: (res) => { for (const name of ['data', 'end', 'close', 'aborted', 'error']) res.on(name, () => note(`res ${name}`)); },
      },
    });
    return asked;
  });
  await ask(1, whole(`HTTP/1.1 103 Early Hints\r\n\r\n${OK}`));
  await ask(2, (peer) => inPieces(peer, CHUNKED));
  await ask(3, (peer) => peer.end(HEAD + FIRST));
  exchange.answer = null;
  for (let n = 0; n < 2; n++) await exchange.warm();
  await ask(4, (peer) => peer.resetAndDestroy());
  for (let n = 1; n <= 4; n++) assert.ok(stores.some((each) => each.endsWith(` ${n}`)));
  return stores.filter((each) => !each.endsWith('undefined'));
});

everyClient('a unix domain socket is a connection like any other', (exchange) => outcome(exchange, { answer: whole(CHUNKED) }), {
  where: () => [path.join(os.tmpdir(), `rust-http-${process.pid}-${Math.random()}.sock`)],
  skip: process.platform === 'win32' && 'there they are named pipes',
});

test('a connection that was given back is attached again, three times', { skip: process.platform === 'win32' && 'the core reads no connections there' }, async () => {
  const exchange = new Exchange('native');
  await exchange.listen();
  const attached = [];
  for (let n = 0; n < 5; n++) {
    await exchange.ask({ answer: whole(OK), at: { response: () => { exchange.socket.pause(); exchange.socket.resume(); } } });
    await pass(2);
    attached.push(exchange.agent.stats().attached);
    assert.strictEqual(exchange.bytes, 'ok');
  }
  assert.deepStrictEqual(attached, [1, 2, 3, 3, 3]);
  assert.strictEqual(exchange.socket.bytesRead, 7 * OK.length);
  await exchange.close();
});

const FOREIGN = {
  'createConnection of the agent': (http, net) => {
    const agent = new http.Agent({ keepAlive: true, transport: 'native' });
    agent.createConnection = (...args) => net.connect(...args);
    return agent;
  },
  'the transport stream': (http) => new http.Agent({ keepAlive: true, transport: 'stream' }),
  'a replaced write': (http) => {
    const agent = new http.Agent({ keepAlive: true, transport: 'native' });
    agent.on('free', (socket) => { socket.write = function write(...args) { return Object.getPrototypeOf(this).write.apply(this, args); }; });
    return agent;
  },
};

for (const [name, make] of Object.entries(FOREIGN)) {
  test(`${name} leaves connections to their streams`, async () => {
    const exchange = new Exchange('stream');
    exchange.agent = make(exchange.http, require('node:net'));
    await exchange.listen();
    await exchange.ask({ answer: whole(OK) });
    assert.strictEqual(exchange.bytes, 'ok');
    assert.strictEqual(exchange.agent.stats().attached, 0);
    await exchange.close();
  });
}

test('an unknown transport is refused', () => {
  const { Agent } = require('../../lib');
  assert.throws(() => new Agent({ transport: 'other' }), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('an unknown transport in RUST_HTTP_TRANSPORT is refused when the package is loaded, with the name of the variable', () => {
  const { status, stderr } = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', path.join(__dirname, '../..')], {
    env: { ...process.env, RUST_HTTP_TRANSPORT: 'fast' }, encoding: 'utf8',
  });
  assert.notStrictEqual(status, 0);
  assert.match(stderr, /\[ERR_INVALID_ARG_VALUE\]: The argument 'RUST_HTTP_TRANSPORT' must be one of: 'stream', 'native', 'offload'\. Received 'fast'/);
});

// Waits for an answer that never comes, or only keeps a connection.
const PROGRAM = `
const http = require(${JSON.stringify(path.join(__dirname, '../../lib'))});
const agent = new http.Agent({ keepAlive: true, transport: process.argv[1] });
const ask = (port, path, then) => http.get({ port, path, agent }, (res) => { res.resume(); res.on('close', () => setImmediate(then)); });
const server = require('node:net').createServer((peer) => {
  peer.unref();
  peer.on('error', () => {});
  peer.on('data', (data) => { if (!data.includes('/never')) peer.write(${JSON.stringify(OK)}); });
}).listen(0, () => {
  server.unref();
  const { port } = server.address();
  ask(port, '/', () => ask(port, '/', () => {
    if (process.argv[2] === 'idle') return;
    ask(port, '/never');
    setTimeout(() => { console.log('waits'); process.exit(); }, 300).unref();
  }));
});
process.on('exit', (code) => console.log('exit', code));
`;

for (const transport of ['stream', 'native']) {
  test(`${transport}: an idle connection does not keep the process alive, a request in progress does`, () => {
    const run = (what) => spawnSync(process.execPath, ['-e', PROGRAM, transport, what], { encoding: 'utf8', timeout: 20_000 });
    const idle = run('idle');
    assert.deepStrictEqual([idle.stdout, idle.signal], ['exit 0\n', null], idle.stderr);
    const waiting = run('wait');
    assert.deepStrictEqual([waiting.stdout, waiting.signal], ['waits\nexit 0\n', null], waiting.stderr);
  });
}
