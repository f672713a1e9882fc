'use strict';
// The options of Agent, createServer and request. Each has an effect visible on a connection.

const assert = require('node:assert/strict');
const dns = require('node:dns');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { answering, ask, event, get, http, open, say, serve, serving, until } = require('./helpers');

const portOf = (req, res) => res.end(String(req.socket.remotePort));
const echo = (req, res) => res.end(`${req.method} ${req.url} ${req.headers.host}`);
const count = (lists) => Object.values(lists).reduce((sum, list) => sum + list.length, 0);
const bad = 'HTTP/1.1 200 OK\r\nX: \x01\r\nContent-Length: 0\r\n\r\n';

/** An agent with options, destroyed at the end, against a server that answers with the client's port. */
const pooling = (options, use) => serve(portOf, async (port) => {
  const agent = new http.Agent(options);
  try {
    return await use(agent, port);
  } finally {
    agent.destroy();
  }
});

/** Records the calls of a method of net.Socket during `use`. */
async function watching(name, use) {
  const { [name]: original } = net.Socket.prototype;
  const calls = [];
  net.Socket.prototype[name] = function(...args) {
    calls.push(args);
    return original.apply(this, args);
  };
  try {
    await use(calls);
  } finally {
    net.Socket.prototype[name] = original;
  }
}

/**
 * The socket that a server with these options accepts. The handle gets its options before the socket is announced; net
 * keeps what it has set under symbols of the socket.
 */
async function acceptedWith(options) {
  let accepted;
  const server = http.createServer(options, echo);
  server.prependListener('connection', (socket) => (accepted = socket));
  await serving(server, (port) => ask(port));
  return accepted;
}

const agentOptions = {
  keepAlive: async () => {
    for (const [keepAlive, same] of [[true, true], [false, false]]) {
      await pooling({ keepAlive }, async (agent, port) => {
        const first = await ask(port, { agent });
        const second = await ask(port, { agent });
        assert.equal(first.text === second.text, same);
      });
    }
  },

  keepAliveMsecs: () => watching('setKeepAlive', (calls) => pooling({ keepAlive: true, keepAliveMsecs: 4321 }, async (agent, port) => {
    await ask(port, { agent });
    await until(() => count(agent.freeSockets) === 1);
    assert.ok(calls.some(([enable, delay]) => enable === true && delay === 4321), JSON.stringify(calls));
  })),

  maxSockets: () => pooling({ keepAlive: true, maxSockets: 1 }, async (agent, port) => {
    const answers = [ask(port, { agent }), ask(port, { agent })];
    assert.equal(count(agent.requests), 1);
    const [first, second] = await Promise.all(answers);
    assert.equal(first.text, second.text);
  }),

  maxTotalSockets: () => pooling({ maxTotalSockets: 1 }, (agent, port) => serve(portOf, async (other) => {
    const answers = [ask(port, { agent }), ask(other, { agent })];
    assert.equal(count(agent.sockets), 1);
    assert.equal(count(agent.requests), 1);
    await Promise.all(answers);
  })),

  maxFreeSockets: () => pooling({ keepAlive: true, maxFreeSockets: 1 }, async (agent, port) => {
    await Promise.all([ask(port, { agent }), ask(port, { agent })]);
    await until(() => count(agent.sockets) === 0);
    assert.equal(count(agent.freeSockets), 1);
  }),

  scheduling: async () => {
    for (const [scheduling, chosen] of [['fifo', 0], ['lifo', 1]]) {
      await pooling({ keepAlive: true, scheduling }, async (agent, port) => {
        await Promise.all([ask(port, { agent }), ask(port, { agent })]);
        await until(() => count(agent.freeSockets) === 2);
        const expected = Object.values(agent.freeSockets)[0][chosen];
        const { req } = await ask(port, { agent });
        assert.equal(req.socket, expected, scheduling);
      });
    }
    assert.throws(() => new http.Agent({ scheduling: 'other' }), { code: 'ERR_INVALID_ARG_VALUE' });
  },

  timeout: () => serve(() => {}, async (port) => {
    const agent = new http.Agent({ timeout: 30 });
    const req = open(port, { agent }).end();
    await event(req, 'timeout');
    assert.equal(req.socket.timeout, 30);
    agent.destroy();
    await event(req, 'close');
  }),
};

const createServerOptions = {
  IncomingMessage: async () => {
    class Mine extends http.IncomingMessage {
      mine() {
        return `mine ${this.url}`;
      }
    }
    await serve((req, res) => res.end(req.mine()), async (port) => {
      assert.equal((await ask(port, { path: '/i' })).text, 'mine /i');
    }, { IncomingMessage: Mine });
  },

  ServerResponse: async () => {
    class Mine extends http.ServerResponse {
      status(code) {
        return this.writeHead(code, 'Mine');
      }
    }
    await serve((req, res) => res.status(234).end(), async (port) => {
      const { res } = await ask(port);
      assert.equal(`${res.statusCode} ${res.statusMessage}`, '234 Mine');
    }, { ServerResponse: Mine });
  },

  insecureHTTPParser: async () => {
    const request = get('GET /', 'X: \x01\r\nConnection: close\r\n');
    await serve(echo, async (port) => assert.match(await say(port, request), /^HTTP\/1\.1 200 /), { insecureHTTPParser: true });
    await serve(echo, async (port) => assert.match(await say(port, request), /^HTTP\/1\.1 400 /), { insecureHTTPParser: false });
  },

  maxHeaderSize: async () => {
    const request = get('GET /', `X: ${'x'.repeat(1000)}\r\nConnection: close\r\n`);
    await serve(echo, async (port) => assert.match(await say(port, request), /^HTTP\/1\.1 431 /), { maxHeaderSize: 500 });
    await serve(echo, async (port) => assert.match(await say(port, request), /^HTTP\/1\.1 200 /), { maxHeaderSize: 2000 });
  },

  noDelay: async () => {
    for (const noDelay of [true, false]) {
      const socket = await acceptedWith({ noDelay });
      assert.equal(Object.getOwnPropertySymbols(socket).some((key) => /nodelay/i.test(key.description) && socket[key] === true), noDelay);
    }
    assert.equal(http.createServer({}).noDelay, true);
  },

  keepAlive: async () => {
    for (const keepAlive of [true, false]) {
      const socket = await acceptedWith({ keepAlive });
      assert.equal(Object.getOwnPropertySymbols(socket).some((key) => /keepalive$/i.test(key.description) && socket[key] === true), keepAlive);
    }
  },

  keepAliveInitialDelay: async () => {
    const socket = await acceptedWith({ keepAlive: true, keepAliveInitialDelay: 7000 });
    assert.ok(Object.getOwnPropertySymbols(socket).some((key) => /keepaliveinitialdelay/i.test(key.description) && socket[key] === 7));
  },
};

const requestOptions = {
  agent: () => serve(portOf, async (port) => {
    const agent = new http.Agent({ keepAlive: true });
    const given = await ask(port, { agent });
    assert.equal(given.req.agent, agent);
    assert.equal(given.res.headers.connection, 'keep-alive');
    const own = await ask(port, { agent: false });
    assert.notEqual(own.req.agent, http.globalAgent);
    const byDefault = await ask(port, { agent: undefined });
    assert.equal(byDefault.req.agent, http.globalAgent);
    http.globalAgent.destroy();
    agent.destroy();
    assert.throws(() => http.request({ agent: 5 }), { code: 'ERR_INVALID_ARG_TYPE' });
  }),

  auth: () => serve((req, res) => res.end(req.headers.authorization), async (port) => {
    assert.equal((await ask(port, { auth: 'user:pass' })).text, `Basic ${Buffer.from('user:pass').toString('base64')}`);
    assert.equal((await ask(port, { auth: 'user:pass', headers: { Authorization: 'mine' } })).text, 'mine');
  }),

  createConnection: () => serve(echo, async (port) => {
    let made;
    const { req } = await ask(port, {
      agent: undefined,
      createConnection(options) {
        made = net.connect(options);
        return made;
      },
    });
    assert.equal(req.socket, made);
  }),

  defaultPort: () => serve(echo, async (port) => {
    const { text } = await ask(undefined, { defaultPort: port });
    assert.equal(text, 'GET / 127.0.0.1');
  }),

  family: () => serve(echo, async (port) => {
    const { req } = await ask(port, { host: 'localhost', family: 4 });
    assert.equal(req.socket.remoteFamily, 'IPv4');
    const asked = [];
    const lookup = (_host, options, callback) => {
      asked.push(options.family);
      callback(new Error('no such host'));
    };
    const failing = open(port, { host: 'x.invalid', family: 6, lookup }).end();
    await event(failing, 'close');
    assert.deepEqual(asked, [6]);
  }),

  headers: () => serve((req, res) => res.end(JSON.stringify(req.rawHeaders)), async (port) => {
    const asObject = JSON.parse((await ask(port, { headers: { 'X-A': 'b', 'Cookie': ['c', 'd'] } })).text);
    assert.deepEqual(asObject.slice(0, 4), ['X-A', 'b', 'Cookie', 'c; d']);
    const asList = JSON.parse((await ask(port, { headers: ['X-A', 'b', 'Host', 'h', 'x-a', 'c'] })).text);
    assert.deepEqual(asList.slice(0, 6), ['X-A', 'b', 'Host', 'h', 'x-a', 'c']);
  }),

  hints: async () => {
    let seen;
    const lookup = (_host, options, callback) => {
      seen = options.hints;
      callback(new Error('no such host'));
    };
    const req = open(1, { host: 'x.invalid', hints: dns.ADDRCONFIG, lookup }).end();
    await event(req, 'close');
    assert.equal(seen, dns.ADDRCONFIG);
  },

  host: () => serve(echo, async (port) => {
    const { req, text } = await ask(port, { host: '127.0.0.1' });
    assert.equal(req.host, '127.0.0.1');
    assert.equal(text, `GET / 127.0.0.1:${port}`);
    assert.equal(http.request({ createConnection() {} }).host, 'localhost');
  }),

  hostname: () => serve(echo, async (port) => {
    const { req } = await ask(port, { host: 'x.invalid', hostname: '127.0.0.1' });
    assert.equal(req.host, '127.0.0.1');
  }),

  insecureHTTPParser: () => answering(bad, async (port) => {
    const strict = open(port);
    const failed = new Promise((resolve) => strict.on('error', resolve));
    strict.end();
    assert.equal((await failed).code, 'HPE_INVALID_HEADER_TOKEN');
    const { res } = await ask(port, { insecureHTTPParser: true });
    assert.equal(res.headers.x, '\x01');
  }),

  localAddress: () => serve((req, res) => res.end(req.socket.remoteAddress), async (port) => {
    const address = os.platform() === 'linux' ? '127.0.0.2' : '127.0.0.1';
    assert.equal((await ask(port, { localAddress: address })).text, address);
  }),

  localPort: () => serve(portOf, async (port) => {
    const free = await serving(net.createServer(), (found) => found);
    assert.equal((await ask(port, { localPort: free })).text, String(free));
  }),

  lookup: () => serve(echo, async (port) => {
    const lookup = (_host, options, callback) => (options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4));
    assert.equal((await ask(port, { host: 'made.up', lookup })).text, `GET / made.up:${port}`);
    assert.throws(() => http.request({ lookup: 5 }).end(), { code: 'ERR_INVALID_ARG_TYPE' });
  }),

  maxHeaderSize: () => answering(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1000)}\r\nContent-Length: 0\r\n\r\n`, async (port) => {
    const small = open(port, { maxHeaderSize: 500 });
    const failed = new Promise((resolve) => small.on('error', resolve));
    small.end();
    assert.equal((await failed).code, 'HPE_HEADER_OVERFLOW');
    assert.equal((await ask(port, { maxHeaderSize: 2000 })).res.headers.x.length, 1000);
  }),

  method: () => serve(echo, async (port) => {
    assert.match((await ask(port, { method: 'REPORT' })).text, /^REPORT \/ /);
    assert.throws(() => http.request({ method: 'A B' }), { code: 'ERR_INVALID_HTTP_TOKEN' });
  }),

  path: () => serve(echo, async (port) => {
    assert.match((await ask(port, { path: '/index.html?page=12' })).text, /^GET \/index\.html\?page=12 /);
    assert.throws(() => http.request({ path: '/a b' }), { code: 'ERR_UNESCAPED_CHARACTERS' });
  }),

  port: () => serve(echo, async (port) => {
    const { req } = await ask(port);
    assert.equal(req.socket.remotePort, port);
  }),

  protocol: () => serve(echo, async (port) => {
    assert.equal((await ask(port, { protocol: 'http:' })).res.statusCode, 200);
    assert.throws(() => http.request({ protocol: 'https:' }), { code: 'ERR_INVALID_PROTOCOL' });
  }),

  setHost: () => answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', async (port, received) => {
    await ask(port, { setHost: false });
    await ask(port, {});
    assert.doesNotMatch(received[0], /host/i);
    assert.match(received[1], new RegExp(`\r\nHost: 127\\.0\\.0\\.1:${port}\r\n`));
  }),

  socketPath: async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'api-'));
    const socketPath = process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(dir)}` : path.join(dir, 's');
    const server = http.createServer(echo).listen(socketPath);
    try {
      await event(server, 'listening');
      const { text } = await ask(undefined, { socketPath, host: undefined });
      assert.equal(text, 'GET / localhost');
    } finally {
      await new Promise((resolve) => {
        server.close(resolve);
      });
      fs.rmSync(dir, { recursive: true });
    }
  },

  timeout: () => serve(() => {}, async (port) => {
    const req = open(port, { timeout: 30 }).end();
    await event(req, 'timeout');
    req.destroy();
    await event(req, 'close');
  }),

  signal: () => serve(() => {}, async (port) => {
    const controller = new AbortController();
    const req = open(port, { signal: controller.signal });
    const failed = new Promise((resolve) => req.on('error', resolve));
    await event(req.end(), 'socket');
    controller.abort();
    assert.equal((await failed).name, 'AbortError');
    assert.equal(req.destroyed, true);
  }),
};

module.exports = { Agent: agentOptions, createServer: createServerOptions, request: requestOptions };
