'use strict';
// Sockets and servers that are passed to another process or another protocol, or closed by other code: as with node's
// http, and no bytes are lost.

const assert = require('node:assert');
const fs = require('node:fs');
const http2 = require('node:http2');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { fork } = require('node:child_process');
const { Duplex } = require('node:stream');
const { once } = require('node:events');
const { after } = require('node:test');
const { bodies, endScope, everyWay, get, pass, until } = require('./ways');

const PROGRAM = path.join(__dirname, 'traveller.js');
const toChild = { skip: process.platform === 'win32' && 'no socket is sent to another process there' };
const HEAD = /HTTP\/1\.1 \d+ [^]*?\r\n\r\n/g;

const children = new Set();

/** Starts the serving process of a way. */
async function start(program, way) {
  const child = fork(PROGRAM, [program, way.name]);
  children.add(child);
  const [{ port }] = await once(child, 'message');
  child.taken = new Promise((resolve) => { child.on('message', ({ taken }) => { if (taken) resolve(); }); });
  return { child, connect: () => way.connect({ address: () => ({ port }) }) };
}

async function stop(child) {
  await child.taken;
  const exit = once(child, 'exit');
  child.disconnect();
  assert.deepStrictEqual(await exit, [0, null]);
  children.delete(child);
}

// Processes of failed tests.
after(() => { for (const child of children) child.kill(); });

everyWay('a connection that was answered is then served by the process that it is sent to', async (way) => {
  const { child, connect } = await start('answered', way);
  const client = await connect();
  client.write(get('/1'));
  await child.taken;
  await until(() => client.text.endsWith('here /1'));
  for (const path of ['/2', '/3']) {
    client.write(get(path));
    await until(() => client.text.endsWith(`there ${path}`));
  }
  client.write(get('/4') + get('/5'));
  await until(() => client.text.endsWith('there /5'));
  client.destroy();
  await stop(child);
  return bodies(client.text);
}, { expected: ['here /1', 'there /2', 'there /3', 'there /4', 'there /5'], ...toChild });

everyWay('a connection that the sender keeps is written to by both, and read by the other', async (way) => {
  const { child, connect } = await start('kept', way);
  const client = await connect();
  client.write(get('/1'));
  await until(() => client.text.endsWith('sent '));
  client.write(get('/2'));
  await until(() => client.text.endsWith('there /2'));
  client.destroy();
  await stop(child);
  return client.text.replaceAll(HEAD, '|');
}, { expected: '|here /1sent |there /2', ...toChild });

everyWay('a request whose connection is sent away is answered there', async (way) => {
  const { child, connect } = await start('unanswered', way);
  const client = await connect();
  client.write(get('/1'));
  await until(() => client.ended);
  client.destroy();
  await stop(child);
  return client.text.replaceAll(HEAD, '|');
}, { expected: '|there', ...toChild });

const ONWARD = {
  'the rest of a body goes with its connection to another process': ['body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc', 'began abc'],
  'what follows an upgrade goes with its connection to another process': ['upgraded', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc', 'began abc'],
};

for (const [sentence, [program, first, began]] of Object.entries(ONWARD)) {
  everyWay(sentence, async (way) => {
    const { child, connect } = await start(program, way);
    const client = await connect();
    client.write(first);
    await until(() => client.text.endsWith(began));
    for (const piece of ['one ', 'two ', 'three']) {
      client.write(piece);
      await until(() => client.text.endsWith(piece));
    }
    client.destroy();
    await stop(child);
    return client.text.replaceAll(HEAD, '');
  }, { expected: `${began}one two three`, ...toChild });
}

everyWay('an idle connection of an agent is sent to another process, which reads and writes it', async (way) => {
  const { child } = await start('agent', way);
  let text = '';
  child.on('message', (message) => { if (typeof message === 'string') text += message; });
  await until(() => text === 'began ');
  child.send('write');
  await until(() => text === 'began to the other ');
  await stop(child);
  return text;
}, { on: ['node', 'stream', 'native'], expected: 'began to the other ', ...toChild });

everyWay('a server that is sent to another process also listens there, even after this one has closed it', async (way) => {
  const { child, connect } = await start('server', way);
  const ask = async () => {
    const client = await connect();
    client.write(get('/'));
    await until(() => client.ended);
    client.destroy();
    return client.text.replaceAll(HEAD, '');
  };
  const alone = await ask();
  child.send('send');
  await child.taken;
  child.send('close');
  // Until this process no longer has it.
  let last = '';
  for (let n = 0; n < 200 && last !== 'there'; n++) last = await ask();
  const there = [];
  for (let n = 0; n < 10; n++) there.push(await ask());
  await stop(child);
  return [alone, new Set(there)];
}, { expected: ['here', new Set(['there'])], ...toChild });

// How a program hands over HTTP/2 by prior knowledge, after the parser has refused it.
const STOPPED = 'paused, with the listener of that';
const LOST = 'later, without what was refused';
const HANDED_ON = {
  'as a Duplex around the socket': (socket, { rawPacket }, other) => {
    socket.removeAllListeners('data');
    const around = new Duplex({
      read() { socket.resume(); },
      write(chunk, encoding, callback) { socket.write(chunk, callback); },
      final(callback) { socket.end(callback); },
    });
    around.push(rawPacket);
    socket.on('data', (chunk) => { if (!around.push(chunk)) socket.pause(); });
    socket.on('end', () => around.push(null));
    other.emit('connection', around);
  },
  'when its bytes are there again': (socket, { rawPacket }, other) => {
    socket.removeAllListeners();
    socket.on('error', () => {});
    socket.once('readable', () => other.emit('connection', socket));
    socket.unshift(rawPacket);
  },
  'through a connection of its own': (socket, { rawPacket }, other) => {
    socket.removeAllListeners();
    const onward = net.connect(other.address().port, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => {});
    onward.write(rawPacket);
    socket.pipe(onward).pipe(socket);
  },
  'paused, when its bytes are there again': (socket, { rawPacket }, other) => {
    socket.removeAllListeners();
    socket.on('error', () => {});
    socket.pause();
    socket.once('readable', () => other.emit('connection', socket));
    socket.unshift(rawPacket);
  },
  // The session misses the preface, here and with node's.
  'paused, without listeners': (socket, { rawPacket }, other) => {
    socket.removeAllListeners();
    socket.pause();
    socket.unshift(rawPacket);
    other.emit('connection', socket);
  },
  // What has come meanwhile is in the system, and the session reads it there: it fails, and says so, before its peer hears of it.
  [LOST]: (socket, error, other) => {
    socket.removeAllListeners();
    socket.on('error', () => {});
    setImmediate(() => {
      // More comes, and an I/O thread would take it.
      for (const end = performance.now() + 20; performance.now() < end;);
      other.emit('connection', socket);
    });
  },
  // It stops the handle, and the session gets no further than what it is given first.
  [STOPPED]: (socket, { rawPacket }, other) => {
    socket.removeAllListeners('data');
    socket.pause();
    socket.unshift(rawPacket);
    other.emit('connection', socket);
  },
};

for (const [how, handOn] of Object.entries(HANDED_ON)) {
  for (const when of ['first', 'second']) {
    everyWay(`HTTP/2 by prior knowledge instead of a ${when} request, handed over ${how}`, async (way) => {
      const SIZE = 300_000;
      const errors = [];
      const other = http2.createServer((req, res) => {
        let length = 0;
        req.on('data', (data) => { length += data.length; });
        req.on('end', () => res.end(`${length} bytes to ${req.url}`));
      });
      other.on('sessionError', ({ code }) => errors.push(code));
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      // A socket without its listeners keeps its timer, and the timer keeps its parser.
      const server = await way.serve((req, res) => res.end('of HTTP/1'), { keepAliveTimeout: 0 });
      let parser;
      server.on('clientError', (error, socket) => {
        // What comes before it is handed over is refused, too: how often depends on how it comes.
        if (parser !== undefined && how === LOST) return;
        errors.push(error.code);
        parser = socket.parser;
        handOn(socket, error, other);
      });
      const client = net.connect({ port: server.address().port, host: '127.0.0.1', noDelay: true });
      way.clients.push(client);
      client.on('error', () => {});
      if (when === 'second') {
        client.write(get('/1'));
        await once(client, 'readable');
        assert.match(String(client.read()), /of HTTP\/1$/);
      }
      const session = http2.connect('http://localhost', { createConnection: () => client });
      session.on('error', () => {});
      const stream = session.request({ ':method': 'POST', ':path': '/it' });
      let text = '';
      let over = false;
      stream.on('data', (data) => { text += data; });
      stream.on('error', () => {});
      stream.on('close', () => {
        errors.push('the peer hears');
        over = true;
      });
      stream.end(Buffer.alloc(SIZE, 'x'));
      if (how === STOPPED) await pass(100);
      else await until(() => over);
      const result = [[...errors], text];
      session.destroy();
      other.close();
      await once(other, 'close');
      // There the server still has it, and closes it.
      if (how !== STOPPED) endScope(parser);
      return result;
    }, [STOPPED, LOST, 'paused, without listeners'].includes(how) ? {} : { expected: [['HPE_PAUSED_H2_UPGRADE', 'the peer hears'], '300000 bytes to /it'] });
  }
}

// A program closes a descriptor that is not its own; a file may get the number next.
const file = path.join(os.tmpdir(), `rust-http-travel-${process.pid}`);

const CLOSED = {
  'in its handler': (req, res, close) => {
    close();
    res.end('answer');
  },
  'in the middle of an answer': (req, res, close) => {
    res.write('begun');
    close();
    setImmediate(() => res.end('answer'));
  },
  'behind its answer': (req, res, close) => {
    res.end('answer');
    res.on('close', () => setImmediate(close));
  },
};

// A server with a request that closes its connection's descriptor, and then destroys the connection.
async function closeAnothers(way, handle, isTaken) {
  const seen = { closes: 0 };
  let socket;
  let number;
  let opened;
  const server = await way.serve((req, res) => {
    ({ socket } = req);
    socket.on('error', (error) => { seen.error = error.code; });
    socket.on('close', () => { seen.closes++; });
    handle(req, res, () => {
      number = socket._handle.fd;
      fs.closeSync(number);
      if (isTaken) opened = fs.openSync(file, 'w+');
    });
  });
  const client = await way.connect(server);
  client.write(get('/'));
  await until(() => number !== undefined);
  if (isTaken) assert.strictEqual(opened, number);
  await pass(50);
  socket.destroy();
  await until(() => seen.closes > 0);
  // libuv closes the number that it has, whoever owns it by now. The next owner's descriptor is not closed.
  const next = fs.openSync(file, 'a+');
  client.destroy();
  await pass(50);
  assert.strictEqual(next, number);
  assert.ok(fs.fstatSync(next).isFile());
  fs.closeSync(next);
  return { ...seen, text: client.text.replaceAll(HEAD, '|'), written: fs.readFileSync(file, 'latin1').replaceAll(HEAD, '|') };
}

for (const [when, handle] of Object.entries(CLOSED)) {
  everyWay(`a connection whose descriptor other code closes ${when} fails as with node`, (way) => closeAnothers(way, handle, false),
           { on: ['node', 'stream', 'native'], skip: process.platform === 'win32' && 'sockets have no descriptors there' });
  // The core sends only to sockets; libuv writes to whatever has the number.
  everyWay(`a file that gets the number of a connection ${when} has nothing of its answer`, async (way) => {
    const { closes, written } = await closeAnothers(way, handle, true);
    return { closes, written };
  }, { on: ['native', 'offload'], expected: { closes: 1, written: '' } });
}

after(() => fs.rmSync(file, { force: true }));
