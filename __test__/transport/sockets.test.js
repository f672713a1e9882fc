'use strict';
// The socket of a request does what a net.Socket does, however it is read.

const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { Duplex } = require('node:stream');
const { once } = require('node:events');
const { GET, bodies, endScope, everyWay, get, pass, until } = require('./ways');

const PIPELINED = [1, 2, 3, 4, 5].map((n) => get(`/${n}`)).join('');

for (const method of ['destroy', 'end', 'destroySoon', 'resetAndDestroy']) {
  everyWay(`${method}() while pipelined answers are held`, async (way) => {
    const urls = [];
    const server = await way.serve((req, res) => {
      urls.push(req.url);
      res.end(req.url);
      if (req.url === '/3') req.socket[method]();
    });
    const client = await way.connect(server);
    client.write(PIPELINED);
    await until(() => client.closed_ || client.ended || client.failed);
    await pass(20);
    // A reset may overtake what was sent before it.
    return method === 'resetAndDestroy' ? [urls, client.failed] : [urls, bodies(client.text), client.failed];
  });

  everyWay(`${method}() between write and end`, async (way) => {
    const server = await way.serve((req, res) => {
      res.write('part');
      req.socket[method]();
      res.end('rest');
    });
    const client = await way.connect(server);
    client.write(GET);
    await until(() => client.closed_ || client.ended || client.failed);
    return [client.text.replace(/Date.*/, ''), client.failed];
  });
}

everyWay('destroy() in the middle of a body', async (way) => {
  const events = [];
  const server = await way.serve((req) => {
    req.on('data', () => { req.socket.destroy(); });
    req.on('error', (error) => { events.push(error.code); });
    req.on('aborted', () => { events.push('aborted'); });
    req.on('close', () => { events.push('close'); });
  });
  const client = await way.connect(server);
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345');
  await until(() => client.closed_ || client.ended);
  return events;
}, { expected: ['aborted', 'ECONNRESET', 'close'] });

everyWay('a FIN together with a request', async (way) => {
  const events = [];
  const server = await way.serve((req, res) => { res.end('ok'); });
  server.on('connection', (socket) => {
    for (const event of ['end', 'finish', 'close']) socket.on(event, () => { events.push(event); });
  });
  const client = await way.connect(server);
  client.end(GET);
  await until(() => client.closed_);
  await until(() => events.includes('close'));
  return [bodies(client.text), events];
});

everyWay('a FIN together with pipelined requests that are answered late', async (way) => {
  const server = await way.serve((req, res) => { setTimeout(() => { res.end(req.url); }, 10); });
  server.httpAllowHalfOpen = true;
  const client = await way.connect(server);
  client.end(PIPELINED);
  await until(() => client.ended);
  return bodies(client.text);
});

everyWay('a FIN in the middle of a request', async (way) => {
  const events = [];
  const server = await way.serve((req) => {
    req.on('aborted', () => { events.push('aborted'); });
    req.on('error', (error) => { events.push(error.code); });
  });
  server.on('clientError', (error, socket) => {
    events.push(error.code);
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const client = await way.connect(server);
  client.end('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345');
  await until(() => client.closed_);
  await pass(10);
  return [client.text, events];
});

everyWay('a reset by the client', async (way) => {
  const events = [];
  let isAsked = false;
  const server = await way.serve((req, res) => {
    isAsked = true;
    req.on('error', (error) => { events.push(`req ${error.code}`); });
    res.on('close', () => { events.push('res close'); });
    req.socket.on('close', (failed) => { events.push(`close ${failed}`); });
  });
  server.on('clientError', (error) => { events.push([error.message, error.code, error.syscall, error.errno]); });
  const client = await way.connect(server);
  client.write(GET);
  await until(() => isAsked);
  await pass(20);
  client.resetAndDestroy();
  await until(() => events.length >= 3);
  await pass(20);
  return events;
});

everyWay('pause() and resume() of the socket by a handler', async (way) => {
  let body = '';
  const server = await way.serve((req, res) => {
    req.socket.pause();
    setTimeout(() => { req.socket.resume(); }, 40);
    req.on('data', (data) => { body += data; });
    req.on('end', () => { res.end(body); });
  });
  const client = await way.connect(server);
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n');
  await pass(20);
  client.write('1234567890');
  await until(() => client.text.endsWith('1234567890'));
  return body;
});

everyWay('pause() of a request in the middle of its body', async (way) => {
  const size = 1 << 20;
  const server = await way.serve((req, res) => {
    let seen = 0;
    req.on('data', (data) => {
      seen += data.length;
      req.pause();
      setTimeout(() => { req.resume(); }, 1);
    });
    req.on('end', () => { res.end(String(seen)); });
  });
  const client = await way.connect(server);
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
  client.write(Buffer.alloc(size));
  await until(() => client.text !== '');
  return bodies(client.text);
}, { expected: [`${1 << 20}`] });

everyWay('a client that pipelines and never reads is no longer read', async (way) => {
  const answer = Buffer.alloc(40_000, 'a');
  let requests = 0;
  const server = await way.serve((req, res) => {
    requests++;
    res.end(answer);
  });
  const client = await way.connect(server);
  client.pause();
  const total = 600;
  const request = GET.replace('Host', `Filler: ${'f'.repeat(1000)}\r\nHost`);
  for (let n = 0; n < total; n++) client.write(request);
  await pass(300);
  const stopped = requests < total;
  client.resume();
  await until(() => requests === total);
  await until(() => client.text.length >= total * (answer.length + client.text.indexOf('\r\n\r\n') + 4));
  return [stopped, bodies(client.text).length];
}, { expected: [true, 600] });

everyWay('a data listener in the middle of a pipelined batch', async (way) => {
  const seen = [];
  const server = await way.serve((req, res) => {
    res.end(req.url);
    if (req.url === '/3') req.socket.on('data', (data) => { seen.push(String(data)); });
  });
  const client = await way.connect(server);
  client.write(PIPELINED);
  await until(() => bodies(client.text).length === 5);
  client.write(get('/6'));
  await until(() => bodies(client.text).length === 6);
  return [bodies(client.text), seen.join('')];
});

everyWay('a raw write in the middle of a pipelined batch', async (way) => {
  const server = await way.serve((req, res) => {
    res.sendDate = false;
    res.end(req.url);
    if (req.url === '/3') net.Socket.prototype.write.call(req.socket, '<raw>');
    if (req.url === '/4') req.socket.write('<raw too>');
  });
  const client = await way.connect(server);
  client.write(PIPELINED);
  await until(() => client.text.endsWith('/5'));
  return client.text;
});

everyWay('write() with every kind of data', async (way) => {
  const called = [];
  const server = await way.serve((req) => {
    const { socket } = req;
    const called_ = (name) => () => { called.push(name); };
    socket.write('text ', called_('text'));
    socket.write('\u00fcml\u00e4ut ', 'latin1', called_('latin1'));
    socket.write('\u00fc\u20ac ', 'utf8');
    socket.write('68657820', 'hex');
    socket.write('dWNzMg==', 'base64');
    socket.write(new Uint8Array([32, 65, 66]));
    socket.setDefaultEncoding('hex');
    socket.write('4142');
    assert.throws(() => socket.write(null), { code: 'ERR_STREAM_NULL_VALUES' });
    assert.throws(() => socket.write(5), { code: 'ERR_INVALID_ARG_TYPE' });
    socket.end('2021', called_('end'));
  });
  const client = await way.connect(server);
  client.write(GET);
  await until(() => client.ended);
  await pass(10);
  return [client.text, called];
});

everyWay('cork(), many writes, and uncork() of the socket', async (way) => {
  let lengths;
  const server = await way.serve((req) => {
    const { socket } = req;
    socket.cork();
    const accepted = [socket.write('a'), socket.write('b'.repeat(10_000)), socket.write('c'.repeat(10_000)), socket.write('d')];
    lengths = [...accepted, socket.writableLength, socket.writableNeedDrain];
    socket.uncork();
    socket.end('e');
  });
  const client = await way.connect(server);
  client.write(GET);
  await until(() => client.ended);
  return [client.text, lengths];
});

everyWay('write callbacks, ticks and microtasks come in the same order', async (way) => {
  const order = [];
  const server = await way.serve((req, res) => {
    order.push(`request ${req.url}`);
    process.nextTick(() => order.push(`tick ${req.url}`));
    Promise.resolve().then(() => order.push(`microtask ${req.url}`));
    res.on('finish', () => order.push(`finish ${req.url}`));
    res.on('close', () => order.push(`close ${req.url}`));
    res.write('x', () => order.push(`written ${req.url}`));
    res.end('y', () => order.push(`ended ${req.url}`));
    setImmediate(() => order.push(`immediate ${req.url}`));
  });
  const client = await way.connect(server);
  client.write(PIPELINED);
  await until(() => order.filter((line) => line.startsWith('immediate')).length === 5);
  return order;
});

everyWay('a user replaces write of a socket', async (way) => {
  const seen = [];
  const server = await way.serve((req, res) => {
    if (req.url === '/2') {
      const { socket } = req;
      const { write } = socket;
      socket.write = function(data, ...args) {
        seen.push(String(data).slice(-2));
        return write.call(this, data, ...args);
      };
    }
    res.end(req.url);
  });
  const client = await way.connect(server);
  client.write(PIPELINED);
  await until(() => bodies(client.text).length === 5);
  client.write(get('/6'));
  await until(() => bodies(client.text).length === 6);
  return [bodies(client.text), seen];
});

for (const when of ['before', 'after']) {
  everyWay(`a user replaces net.Socket.prototype.write ${when} the connection`, async (way) => {
    const seen = [];
    const { write } = net.Socket.prototype;
    const server = await way.serve((req, res) => { res.end(req.url); });
    const replace = () => {
      net.Socket.prototype.write = function(data, ...args) {
        if (this.server === server) seen.push(String(data).slice(-2));
        return write.call(this, data, ...args);
      };
    };
    try {
      if (when === 'before') replace();
      const client = await way.connect(server);
      if (when === 'after') {
        client.write(get('/0'));
        await until(() => bodies(client.text).length === 1);
        replace();
      }
      write.call(client, PIPELINED);
      await until(() => bodies(client.text).length === (when === 'after' ? 6 : 5));
      return [bodies(client.text), seen.filter((text) => text !== '')];
    } finally {
      net.Socket.prototype.write = write;
    }
  });
}

everyWay('a user replaces on and emit of the sockets as they come', async (way) => {
  const events = [];
  const listened = [];
  const server = way.create((req, res) => {
    req.socket.on('data', () => { listened.push('data'); });
    res.end('ok');
  });
  server.prependListener('connection', (socket) => {
    const { on, emit } = socket;
    socket.on = function(event, listener) {
      if (event === 'data') listened.push('on data');
      return on.call(this, event, listener);
    };
    socket.emit = function(event, ...args) {
      if (event === 'data') events.push(event);
      return emit.call(this, event, ...args);
    };
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = await way.connect(server);
  client.write(GET);
  await until(() => bodies(client.text).length === 1);
  client.write(GET);
  await until(() => bodies(client.text).length === 2);
  return [events, listened];
}, { on: ['stream', 'native', 'offload'] });

everyWay('unshift() of the socket goes through the parser', async (way) => {
  let unshifted = false;
  const urls = [];
  const server = await way.serve((req, res) => {
    urls.push(req.url);
    res.end(req.url);
    if (unshifted) return;
    unshifted = true;
    setImmediate(() => { req.socket.unshift(Buffer.from(get('/unshifted'))); });
  });
  const client = await way.connect(server);
  client.write(GET);
  await until(() => urls.length === 2);
  return urls;
}, { expected: ['/', '/unshifted'] });

everyWay('async iteration of the socket gets the later bytes', async (way) => {
  let got = '';
  const server = await way.serve(async (req, res) => {
    const { socket } = req;
    res.end('ok');
    for await (const data of socket) {
      got += data;
      if (got.length >= 5) break;
    }
  });
  server.on('clientError', () => {});
  const client = await way.connect(server);
  client.write(GET);
  await until(() => client.text.endsWith('ok'));
  client.write('later');
  await until(() => got.length > 0);
  return got;
});

everyWay('handle.close() called directly', async (way) => {
  let parser;
  const server = await way.serve((req, res) => {
    if (req.url !== '/close') return res.end(req.url);
    ({ parser } = req.socket);
    req.socket._handle.close();
  });
  const client = await way.connect(server);
  client.write(get('/close'));
  await until(() => client.ended || client.closed_);
  // The next owner of the descriptor is not mistaken for the previous one.
  const others = await Promise.all([1, 2, 3].map(() => way.connect(server)));
  others.forEach((other, n) => other.write(get(`/${n}`)));
  await until(() => others.every((other) => other.text !== ''));
  await way.close();
  endScope(parser);
  return others.map((other) => bodies(other.text));
});

everyWay('the handle is taken for another socket', async (way) => {
  let got = '';
  const server = await way.serve((req) => {
    const handle = req.socket._handle;
    req.socket._handle = null;
    const socket = new net.Socket({ handle, readable: true, writable: true });
    socket.on('end', () => { socket.destroy(); });
    socket.on('data', (data) => {
      got += data;
      socket.write(`<${data}>`);
    });
  });
  const client = await way.connect(server);
  client.write(GET);
  await pass(20);
  client.write('to the other');
  await until(() => client.text !== '');
  return [got, client.text];
}, { on: ['native', 'offload'], expected: ['to the other', '<to the other>'] });

everyWay('a unix domain socket', async (way) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'transport-'));
  const server = await way.serve((req, res) => {
    req.resume();
    req.on('end', () => { res.end(`${req.socket.remoteAddress} ${req.socket.bytesRead}`); });
  }, {}, [path.join(folder, 's')]);
  const client = await way.connect(server);
  client.write(GET);
  await until(() => client.text !== '');
  const text = bodies(client.text);
  await way.close();
  fs.rmSync(folder, { recursive: true });
  return text;
}, { skip: process.platform === 'win32' && 'there they are named pipes' });

everyWay('listen({ fd })', async (way) => {
  const holder = net.createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const child = spawn(process.execPath, [path.join(__dirname, 'listen-fd.js'), way.name],
                      { stdio: ['ignore', 'pipe', 'inherit', holder._handle.fd] });
  await once(child.stdout, 'data');
  const address = holder.address();
  holder.close();
  const client = await way.connect({ address: () => address });
  client.write(GET);
  await until(() => client.text !== '');
  child.kill();
  await once(child, 'exit');
  return bodies(client.text);
}, { expected: ['over fd'], skip: process.platform === 'win32' && 'no server listens to a descriptor there' });

everyWay('a Duplex that is no socket', async (way) => {
  const server = way.create((req, res) => { res.end(req.url); });
  const written = [];
  const duplex = new Duplex({
    read() {},
    write(data, encoding, callback) {
      written.push(String(data));
      callback();
    },
  });
  server.emit('connection', duplex);
  duplex.push(PIPELINED);
  await until(() => bodies(written.join('')).length === 5);
  // The timer of a server that does not listen holds its connections on 18.12.
  duplex.destroy();
  return bodies(written.join(''));
});

everyWay('a socket of another server', async (way) => {
  const server = way.create((req, res) => { res.end(req.url); });
  const other = net.createServer((socket) => { server.emit('connection', socket); }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const client = await way.connect(other);
  client.write(PIPELINED);
  await until(() => bodies(client.text).length === 5);
  client.destroy();
  other.close();
  await once(other, 'close');
  return bodies(client.text);
});

everyWay('an upgrade after pipelined requests, with bytes after its head', async (way) => {
  let head = '';
  let late = '';
  const server = await way.serve((req, res) => { res.end(req.url); });
  server.on('upgrade', (req, socket, first) => {
    head = String(first);
    socket.on('error', () => {});
    socket.on('end', () => { socket.end(); });
    socket.on('data', (data) => { late += data; });
  });
  const client = await way.connect(server);
  client.write(`${get('/1')}${get('/2')}GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\nbehind`);
  await until(() => bodies(client.text).length === 2);
  client.write('late');
  await until(() => late === 'late');
  return [bodies(client.text), head, late];
});

everyWay('counters of a socket at every stage', async (way) => {
  const counts = [];
  let socket;
  const note = () => { counts.push([socket.bytesRead, socket.bytesWritten, socket.writableLength]); };
  const server = await way.serve((req, res) => {
    ({ socket } = req);
    res.sendDate = false;
    note();
    res.end(req.url);
    note();
    if (req.url === '/2') req.socket.on('data', () => {});
  });
  const client = await way.connect(server);
  for (const n of [1, 2, 3, 4]) {
    client.write(get(`/${n}`));
    await until(() => bodies(client.text).length === n);
  }
  client.end();
  await until(() => client.closed_);
  await pass(10);
  note();
  return counts;
});
