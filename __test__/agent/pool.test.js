'use strict';
// The agent: which socket a request gets, its limits, and its public lists and counts.

const assert = require('node:assert/strict');
const { AsyncLocalStorage, createHook } = require('node:async_hooks');
const { once } = require('node:events');
const net = require('node:net');
const { test } = require('node:test');
const builtin = require('node:http');
const http = require('../..');
const { exchange, listening } = require('../support/exchange');

const portOf = (req, res) => res.end(String(req.socket.remotePort));

test('Agent is a plain function, callable without new, and its options are those of the built-in one', () => {
  for (const options of [undefined, {}, { keepAlive: true, maxSockets: 2, timeout: 5 }, { noDelay: false, scheduling: 'fifo' }]) {
    const [mine, theirs] = [http.Agent(options), builtin.Agent(options)];
    assert.ok(mine instanceof http.Agent);
    assert.deepEqual(Object.keys(mine), Object.keys(theirs));
    for (const key of ['defaultPort', 'protocol', 'options', 'requests', 'sockets', 'freeSockets', 'keepAliveMsecs', 'keepAlive',
      'maxSockets', 'maxFreeSockets', 'scheduling', 'maxTotalSockets', 'totalSocketCount']) {
      assert.deepEqual(mine[key], theirs[key], key);
    }
  }
  assert.deepEqual(http.globalAgent.options, builtin.globalAgent.options);
  assert.equal(http.globalAgent.keepAlive, builtin.globalAgent.keepAlive);
});

test('wrong limits are refused as the built-in agent refuses them', () => {
  for (const options of [{ maxTotalSockets: 0 }, { maxTotalSockets: 'x' }, { maxTotalSockets: NaN }, { scheduling: 'filo' }]) {
    let theirs;
    try {
      new builtin.Agent(options);
    } catch (error) {
      theirs = error;
    }
    assert.throws(() => new http.Agent(options), { name: theirs.name, code: theirs.code, message: theirs.message });
  }
});

test('names of origins are those of the built-in agent', () => {
  const [mine, theirs] = [new http.Agent(), new builtin.Agent()];
  for (const options of [undefined, {}, { host: 'h', port: 80 }, { port: '8080', localAddress: '127.0.0.2' }, { family: 4 }, { family: 6 },
    { family: 5 }, { family: '4' }, { socketPath: '/tmp/ü' }, { host: '', port: 0 }, { host: '::1', port: 1, family: 6, socketPath: 'x' }]) {
    assert.equal(mine.getName(options), theirs.getName(options));
  }
});

test('a kept socket serves the next request, and the public lists say where it is', async () => {
  const server = http.createServer(portOf);
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true });
  const name = agent.getName({ host: '127.0.0.1', port });
  const first = await exchange(http, { port, agent });
  assert.equal(first.req.reusedSocket, false);
  assert.equal(agent.freeSockets[name].length, 1);
  assert.equal(agent.sockets[name], undefined);
  assert.equal(agent.totalSocketCount, 1);
  const [socket] = agent.freeSockets[name];
  assert.equal(socket._httpMessage, null);
  for (const [event, count] of [['data', 0], ['drain', 0], ['error', 1], ['end', 1], ['close', 1], ['free', 1], ['agentRemove', 1], ['timeout', 1]]) {
    assert.equal(socket.listenerCount(event), count, event);
  }
  const second = await exchange(http, { port, agent });
  assert.equal(second.req.reusedSocket, true);
  assert.equal(second.body, first.body);
  agent.destroy();
  await once(socket, 'close');
  assert.deepEqual([agent.totalSocketCount, Object.keys(agent.freeSockets), Object.keys(agent.sockets)], [0, [], []]);
  server.close();
});

test('lifo takes the socket used last, fifo the one that has rested longest', async () => {
  const server = http.createServer(portOf);
  const port = await listening(server);
  for (const scheduling of ['lifo', 'fifo']) {
    const agent = new http.Agent({ keepAlive: true, scheduling });
    await Promise.all([exchange(http, { port, agent }), exchange(http, { port, agent })]);
    const idle = Object.values(agent.freeSockets)[0].map((socket) => String(socket.localPort));
    const { body } = await exchange(http, { port, agent });
    assert.equal(body, scheduling === 'lifo' ? idle[1] : idle[0]);
    agent.destroy();
  }
  server.close();
});

test('maxSockets holds further requests back, in their order', async () => {
  let open = 0;
  let most = 0;
  const order = [];
  const server = http.createServer((req, res) => {
    open++;
    most = Math.max(most, open);
    order.push(req.url);
    setTimeout(() => {
      open--;
      res.end();
    }, 5);
  });
  const port = await listening(server);
  for (const keepAlive of [true, false]) {
    order.length = 0;
    const agent = new http.Agent({ maxSockets: 2, keepAlive });
    const done = Array.from({ length: 8 }, (_, index) => exchange(http, { port, agent, path: `/${index}` }));
    assert.equal(Object.values(agent.requests)[0].length, 6);
    await Promise.all(done);
    assert.equal(most, 2);
    assert.deepEqual(order, ['/0', '/1', '/2', '/3', '/4', '/5', '/6', '/7']);
    assert.deepEqual(Object.keys(agent.requests), []);
    agent.destroy();
  }
  server.close();
});

test('maxTotalSockets is kept over all origins, and an idle socket makes room for another origin', async () => {
  const servers = [http.createServer(portOf), http.createServer(portOf), http.createServer(portOf)];
  const ports = await Promise.all(servers.map(listening));
  const agent = new http.Agent({ keepAlive: true, maxTotalSockets: 2 });
  const count = () => [...Object.values(agent.sockets), ...Object.values(agent.freeSockets)].flat().filter((socket) => !socket.destroyed).length;
  agent.on('free', () => assert.ok(count() <= 2));
  // For the third origin both places are held by idle sockets.
  await exchange(http, { port: ports[0], agent });
  await exchange(http, { port: ports[1], agent });
  assert.equal(agent.totalSocketCount, 2);
  await exchange(http, { port: ports[2], agent });
  await Promise.all(Array.from({ length: 30 }, (_, index) => exchange(http, { port: ports[index % 3], agent })));
  assert.ok(agent.totalSocketCount <= 2);
  assert.deepEqual(Object.keys(agent.requests), []);
  agent.destroy();
  for (const server of servers) server.close();
});

test('maxFreeSockets limits what is kept', async () => {
  const server = http.createServer((req, res) => setTimeout(() => res.end(), 5));
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 2 });
  await Promise.all(Array.from({ length: 5 }, () => exchange(http, { port, agent })));
  assert.equal(Object.values(agent.freeSockets)[0].length, 2);
  agent.destroy();
  server.close();
});

test('a queued request that was destroyed does not cost its socket', async () => {
  const server = http.createServer(portOf);
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const first = exchange(http, { port, agent });
  const dropped = http.get({ port, host: '127.0.0.1', agent });
  const failed = once(dropped, 'error');
  dropped.destroy();
  const third = exchange(http, { port, agent });
  assert.equal((await failed)[0].code, 'ECONNRESET');
  assert.equal((await first).body, (await third).body);
  agent.destroy();
  server.close();
});

test('when a connection for the queue cannot be opened, the next in the queue gets its turn', async () => {
  const server = http.createServer((req, res) => {
    res.setHeader('Connection', 'close');
    res.end(req.url);
  });
  const port = await listening(server);
  const agent = new http.Agent({ maxSockets: 1 });
  let opened = 0;
  agent.createConnection = (options, callback) => {
    opened++;
    if (opened === 2) setImmediate(callback, new Error('no connection'));
    else return net.connect(options);
    return undefined;
  };
  const results = await Promise.allSettled([1, 2, 3].map((n) => exchange(http, { port, agent, path: `/${n}` })));
  assert.deepEqual(results.map((result) => result.reason?.message ?? result.value.body), ['/1', 'no connection', '/3']);
  agent.destroy();
  server.close();
});

test('overridden methods are called as the built-in agent calls them', async () => {
  const server = http.createServer((req, res) => res.end());
  const port = await listening(server);
  const calls = (module) => {
    const log = [];
    class Watching extends module.Agent {}
    for (const name of ['createConnection', 'createSocket', 'addRequest', 'getName', 'keepSocketAlive', 'reuseSocket', 'removeSocket']) {
      Watching.prototype[name] = function(...args) {
        log.push(name);
        return module.Agent.prototype[name].apply(this, args);
      };
    }
    return { log, agent: new Watching({ keepAlive: true }) };
  };
  const logs = [];
  for (const module of [http, builtin]) {
    const { log, agent } = calls(module);
    await exchange(module, { port, agent });
    await exchange(module, { port, agent });
    log.push('destroy');
    agent.destroy();
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    logs.push(log);
  }
  assert.deepEqual(logs[0], logs[1]);
  server.close();
});

test('createConnection gets the same arguments as from the built-in agent', async () => {
  const server = http.createServer((req, res) => res.end());
  const port = await listening(server);
  const seen = [];
  for (const module of [http, builtin]) {
    const agent = new module.Agent({ keepAlive: true, timeout: 5000, highWaterMark: 7 });
    agent.createConnection = (options, callback) => {
      seen.push([Object.keys(options), options.path, options.servername, options._agentKey, typeof callback]);
      return net.connect(options);
    };
    await exchange(module, { port, agent, path: '/p', localAddress: '127.0.0.1', signal: new AbortController().signal });
    agent.destroy();
  }
  assert.deepEqual(seen[0], seen[1]);
  server.close();
});

test('a keepSocketAlive() that returns false ends the socket, one that sets a timeout keeps it', async () => {
  const server = http.createServer((req, res) => res.end());
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true });
  agent.keepSocketAlive = () => false;
  const { req } = await exchange(http, { port, agent });
  assert.equal(req.socket.destroyed, true);
  agent.keepSocketAlive = function(socket) {
    socket.setTimeout(30);
    return true;
  };
  const kept = await exchange(http, { port, agent });
  assert.equal(kept.req.socket.destroyed, false);
  await once(kept.req.socket, 'close');
  assert.equal(agent.totalSocketCount, 0);
  server.close();
});

test("the server's Keep-Alive hint limits how long a socket is kept, as the built-in agent reads it", async () => {
  const server = net.createServer((peer) => {
    peer.on('data', (chunk) => {
      const hint = /x-hint: (.*)\r\n/.exec(chunk)[1];
      peer.write(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: ${hint}\r\n\r\n`);
    });
  });
  const port = await listening(server);
  for (const timeout of [undefined, 1500, 5000]) {
    for (const hint of ['timeout=1', 'timeout=0', 'timeout=2', 'timeout=3, max=5', 'timeout=100', 'max=3, timeout=2', 'Timeout=2', 'x']) {
      const [mine, theirs] = await Promise.all([http, builtin].map(async (module) => {
        const agent = new module.Agent({ keepAlive: true, timeout });
        const { req } = await exchange(module, { port, agent, headers: { 'x-hint': hint } });
        const result = req.socket.destroyed ? 'ended' : req.socket.timeout;
        agent.destroy();
        return result;
      }));
      assert.equal(mine, theirs, `${timeout} ${hint}`);
    }
  }
  server.close();
});

test('agentRemove takes a socket out of the agent and leaves its request alone', async () => {
  const server = http.createServer((req, res) => {
    res.write('x');
    setTimeout(() => res.end(), 10);
  });
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true });
  const req = http.get({ port, host: '127.0.0.1', agent });
  const [res] = await once(req, 'response');
  req.socket.emit('agentRemove');
  assert.deepEqual([agent.totalSocketCount, Object.keys(agent.sockets)], [0, []]);
  assert.equal(req.socket._httpMessage, req);
  res.resume();
  await once(res, 'end');
  req.socket.destroy();
  server.close();
});

test('each request on a shared socket runs in its own async context', async () => {
  const server = http.createServer((req, res) => res.end(req.url));
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const storage = new AsyncLocalStorage();
  const reused = [];
  const hook = createHook({
    init(id, type, trigger, resource) {
      if (resource.constructor.name === 'ReusedHandle') reused.push(Object.keys(resource).join());
    },
  }).enable();
  const seen = [];
  await Promise.all([0, 1, 2, 3].map((n) => storage.run(n, () => new Promise((resolve) => {
    http.get({ port, host: '127.0.0.1', agent, path: `/${n}` }, (res) => {
      seen.push(storage.getStore());
      res.on('data', () => seen.push(storage.getStore()));
      res.on('end', () => {
        seen.push(storage.getStore());
        resolve();
      });
    });
  }))));
  hook.disable();
  assert.deepEqual(seen, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  assert.deepEqual(reused, ['type,handle', 'type,handle', 'type,handle']);
  agent.destroy();
  server.close();
});

test('globalAgent may be replaced', async () => {
  const server = http.createServer((req, res) => res.end());
  const port = await listening(server);
  const original = http.globalAgent;
  const agent = new http.Agent();
  http.globalAgent = agent;
  const { req } = await exchange(http, { port });
  assert.equal(req.agent, agent);
  http.globalAgent = original;
  assert.equal(http.request({ createConnection() {} }).agent, undefined);
  server.close();
});

test('an error on an idle socket ends it and nothing else', async () => {
  const server = http.createServer(portOf);
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true });
  const first = await exchange(http, { port, agent });
  first.req.socket.emit('error', new Error('idle'));
  const second = await exchange(http, { port, agent });
  assert.notEqual(second.body, first.body);
  agent.destroy();
  server.close();
});
