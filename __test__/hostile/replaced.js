'use strict';
// node replaced.js WHAT TRANSPORT: replaces what a program can after http is loaded, goes on with exchanges, and prints
// their results.

const [what, transport] = process.argv.slice(2);
const isBuiltin = transport === 'node';
const http = isBuiltin ? require('node:http') : require('../../lib');
const net = require('node:net');

const own = { process, log: console.log, stringify: JSON.stringify, defineProperty: Object.defineProperty, names: Object.getOwnPropertyNames, setTimeout };
const heard = [];

function refuse(name) {
  return function refused() {
    throw new own.Error(`${name} was called`);
  };
}
own.Error = Error;

const KINDS = {
  nothing() {},
  // The values of global names.
  globals() {
    for (const name of ['Math', 'Number', 'JSON', 'Reflect', 'Date', 'Map', 'Set', 'WeakMap', 'Promise', 'Buffer', 'Symbol', 'URL', 'Array', 'String', 'Boolean',
      'Error', 'TypeError', 'RangeError', 'Int32Array', 'Uint8Array', 'process', 'setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate',
      'setInterval', 'clearInterval', 'queueMicrotask', 'Object', 'AbortController']) {
      own.defineProperty(globalThis, name, { configurable: true, writable: true, value: refuse(name) });
    }
  },
  // Static functions.
  statics() {
    for (const [name, object] of Object.entries({ Math, Number, JSON, Reflect, Object, Array, Date, String })) {
      for (const key of own.names(object)) {
        if (typeof object[key] === 'function' && key !== 'prototype') {
          try {
            object[key] = refuse(`${name}.${key}`);
          } catch {}
        }
      }
    }
  },
  // The clock and the timers, as libraries that fake them do.
  timers() {
    const timers = require('node:timers');
    for (const object of [globalThis, timers]) {
      for (const name of ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate']) object[name] = () => ({});
    }
    globalThis.Date = class extends Date {
      constructor() {
        super(0);
      }

      static now() {
        return 0;
      }
    };
  },
  // Accessors that every object inherits.
  accessors() {
    for (const name of ['timer', 'index', 'kind', 'parser', 'text', 'start', 'counted', 'attached', 'failed']) {
      own.defineProperty(Object.prototype, name, {
        configurable: true,
        get() {
          return undefined;
        },
        set(value) {
          own.defineProperty(this, name, { __proto__: null, configurable: true, enumerable: true, writable: true, value });
        },
      });
    }
  },
};

const server = http.createServer(isBuiltin ? {} : { transport }, (req, res) => {
  heard[heard.length] = `${req.method} ${req.url} ${req.headers['x-a']}`;
  let size = 0;
  req.on('data', (data) => { size += data.length; });
  req.on('end', () => {
    res.setHeader('X-B', ['1', '2']);
    res.setTimeout(30_000);
    if (req.url === '/chunked') res.write('a');
    try {
      res.setHeader('X C', 'no');
    } catch (error) {
      heard[heard.length] = error.code;
    }
    res.end(`size ${size}`);
  });
});
server.on('clientError', (error, socket) => {
  heard[heard.length] = error.code;
  socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
});
const agent = new http.Agent({ keepAlive: true, ...(isBuiltin ? {} : { transport: transport === 'offload' ? 'native' : transport }) });

function ask(n, path, body, then) {
  if (n === 0) return then();
  const headers = { 'X-A': 'b' };
  const req = http.request({ port: server.address().port, host: '127.0.0.1', agent, path, method: body === undefined ? 'GET' : 'POST', headers, timeout: 30_000 }, (res) => {
    let text = '';
    res.setEncoding('utf8');
    res.on('data', (data) => { text += data; });
    res.on('close', () => {
      heard[heard.length] = `${res.statusCode} ${res.headers['x-b']} ${text} ${new RegExp('^[A-Z][a-z]{2}, .*20[0-9]{2}').test(res.headers.date)}`;
      ask(n - 1, path, body, then);
    });
  });
  req.on('error', (error) => { heard[heard.length] = `error ${error.code}`; });
  req.end(body);
}

function garbage(then) {
  const client = net.connect(server.address().port, '127.0.0.1');
  client.on('error', () => {});
  client.on('close', then);
  client.resume();
  client.write('garbage\r\n\r\n');
}

own.process.on('uncaughtException', (error) => {
  own.log(own.stringify([...heard, `thrown ${error.message} ${error.stack}`]));
  own.process.exit(1);
});
server.listen(0, '127.0.0.1', () => {
  KINDS[what]();
  ask(3, '/', undefined, () => ask(3, '/chunked', 'body', () => garbage(() => {
    // Without the stringify() of a program that replaces Object.prototype.
    own.log(heard.join('\n'));
    own.process.exit();
  })));
});
own.setTimeout(() => {
  own.log(`nothing more after\n${heard.join('\n')}`);
  own.process.exit(1);
}, 20_000).unref();
