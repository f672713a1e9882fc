'use strict';
// A server and a client whose objects have every public method replaced by one that records its call: watched.js WAY SIDE OBJECT.
// Prints the calls of each exchange in their order.

const net = require('node:net');

const [, , way, side, object] = process.argv;
// Which transport, stands in RUST_HTTP_TRANSPORT.
const http = require(way === 'node' ? 'node:http' : '../..');
let calls = [];

function described(value) {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 20));
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object';
  return typeof value === 'function' ? 'function' : String(value);
}

// Own methods for all that a program can call by a public name; each is replaced once.
const watched = new WeakSet();
function watch(name, target) {
  if (name !== object || watched.has(target)) return;
  watched.add(target);
  const done = new Set(['constructor']);
  for (let at = target; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [key, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof method !== 'function' || key.startsWith('_') || done.has(key)) continue;
      done.add(key);
      target[key] = function(...args) {
        calls.push(`${key}(${args.map(described).join(', ')})`);
        return method.apply(this, args);
      };
    }
  }
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';

/** What the peer sends, in how many answers that ends, and what the handler does. */
const SERVED = {
  'an end': [GET, 1, (req, res) => res.end('x')],
  'pipelined requests': [GET.repeat(3), 3, (req, res) => res.end('x')],
  'pipelined requests, answered later': [GET.repeat(3), 3, (req, res) => setImmediate(() => res.end('x'))],
  'a head and an end': [GET, 1, (req, res) => res.writeHead(200, { 'Content-Length': 1 }).end('x')],
  'pieces': [GET, 1, (req, res) => {
    res.writeHead(200, { 'Content-Length': 3 });
    res.write('a');
    res.write('b');
    setImmediate(() => res.end('c'));
  }],
  'a body that is read': [POST, 1, (req, res) => req.on('data', () => {}).on('end', () => res.end('x'))],
  'a body that is not read': [POST, 1, (req, res) => res.end('x')],
  'a body that is piped': [POST, 1, (req, res) => {
    res.writeHead(200, { 'Content-Length': 5 });
    req.pipe(res);
  }],
  'a last answer': [GET, 1, (req, res) => {
    res.setHeader('Connection', 'close');
    res.end('x');
  }],
  'a request that is destroyed': [GET, 0, (req) => req.destroy()],
  'a socket that is ended': [GET, 0, (req) => req.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')],
  'a socket that is ended behind the request': [`${POST}`, 1, (req, res) => {
    req.resume().on('end', () => req.socket.end());
    res.end('x');
  }],
};

function serve([text, answers, handle], done) {
  const server = http.createServer((req, res) => {
    watch('request', req);
    watch('response', res);
    watch('socket', req.socket);
    calls.push('a request');
    handle(req, res);
  });
  watch('server', server);
  server.on('close', done);
  server.listen(0, '127.0.0.1', () => {
    const peer = net.connect(server.address().port, '127.0.0.1').setEncoding('latin1');
    let received = '';
    peer.on('data', (data) => {
      received += data;
      if (answers > 0 && received.split('HTTP/1.1').length === answers + 1 && /(x|c|hello)$/.test(received)) peer.end();
    });
    peer.on('error', () => {});
    peer.on('close', function close() {
      // The server's side first; asked by a method that is not replaced.
      net.Server.prototype.getConnections.call(server, (error, count) => setImmediate(count === 0 ? () => server.close() : close));
    });
    peer.write(text);
  });
}

/** What the peer answers, the options of the request, and what is done with the request. */
const REQUESTED = {
  'a GET': ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', {}, (req) => req.end()],
  'a POST': ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', { method: 'POST' }, (req) => {
    req.write('ab');
    req.end('cd');
  }],
  'chunks': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n', {}, (req) => req.end()],
  'a last answer': ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi', {}, (req) => req.end()],
  'an answer that is destroyed': ['HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhi', {}, (req) => {
    req.on('response', (res) => res.destroy());
    req.end();
  }],
  'no answer': ['BAD\r\n\r\n', {}, (req) => req.end()],
};

function request([text, options, send], done) {
  const peer = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      // One answer for each request.
      if (/(\r\n\r\n|0\r\n\r\n|cd)$/.test(data)) socket.write(text);
    });
  });
  peer.listen(0, '127.0.0.1', () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    watch('agent', agent);
    const one = (then) => {
      const req = http.request({ host: '127.0.0.1', port: peer.address().port, agent, ...options });
      watch('request', req);
      req.on('socket', (socket) => {
        // The events that tell of its connecting name the port.
        if (socket.connecting) socket.once('connect', () => watch('socket', socket));
        else watch('socket', socket);
      });
      req.on('response', (res) => {
        watch('response', res);
        calls.push('a response');
        res.resume();
      });
      req.on('error', ({ code }) => calls.push(`error ${code}`));
      req.on('close', () => setImmediate(setImmediate, then));
      send(req);
    };
    one(() => one(() => {
      agent.destroy();
      peer.close(done);
    }));
  });
}

const [perform, exchanges] = side === 'server' ? [serve, SERVED] : [request, REQUESTED];

function next([name, ...names]) {
  calls = [];
  perform(exchanges[name], () => {
    console.log(`${name}: ${JSON.stringify(calls)}`);
    if (names.length > 0) next(names);
  });
}

next(Object.keys(exchanges));
