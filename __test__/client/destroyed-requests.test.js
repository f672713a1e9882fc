'use strict';
// What happens to a destroyed request, its socket, its waiting callbacks and its response, at each stage, compared with
// the built-in client.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const builtin = require('node:http');
const net = require('node:net');
const { test } = require('node:test');
const ours = require('../..');
const { turns } = require('../support/turns');

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
const REQUEST_EVENTS = ['socket', 'prefinish', 'finish', 'drain', 'abort', 'error', 'close'];
const RESPONSE_EVENTS = ['end', 'aborted', 'error', 'close'];
/** Turns in which everything after the end of a request has happened; and turns in which a request ends, if it does. */
const AFTER = 30;
const LONGEST = 900;

const text = (value) => (value instanceof Error ? value.code ?? value.message : typeof value === 'object' && value !== null ? '' : `${value}`);
const count = (lists) => Object.values(lists).flat().length;
const pool = (agent) => `${count(agent.sockets)}/${count(agent.freeSockets)}/${count(agent.requests)}/${agent.totalSocketCount}`;
const agentsOf = (http, options) => (http === builtin ? [undefined] : ['native', 'stream'])
  .map((transport) => new http.Agent({ keepAlive: true, ...options, transport }));

function note(log, emitter, prefix, names) {
  for (const name of names) emitter.on(name, (value) => log.push(`${prefix}${name} ${text(value)}`));
}

async function withServer(answer, run) {
  const peers = [];
  const server = net.createServer((peer) => {
    peers.push(peer);
    peer.on('error', () => {});
    peer.on('data', () => peer.write(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await run(server.address().port, server);
  } finally {
    for (const peer of peers) peer.destroy();
    server.close();
  }
}

/** Resolves when a request has closed, and everything after that has happened. */
async function settled(req) {
  let hasClosed = req.closed;
  req.on('close', () => {
    hasClosed = true;
  });
  for (let n = 0; n < LONGEST && !hasClosed; n++) await turns(1);
  await turns(AFTER);
}

async function warmUp(http, options) {
  const req = http.get(options);
  const [res] = await once(req, 'response');
  res.resume();
  await once(res, 'close');
  // Until the socket is free, or gone.
  while (count(options.agent.sockets) > 0) await turns(1);
}

/** Runs with a log of errors that would end the process: a pooled socket does not always have a listener for them. */
async function hearing(run) {
  const log = [];
  const listener = (error) => log.push(`uncaught ${text(error)}`);
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', listener);
  try {
    await run(log);
    return [...log];
  } finally {
    process.removeListener('uncaughtException', listener);
    for (const other of others) process.on('uncaughtException', other);
  }
}

/** Runs with the built-in and with ours in both transports; all logs must be alike. */
async function same(run, options) {
  const logs = [];
  for (const http of [builtin, ours]) {
    for (const agent of agentsOf(http, options)) {
      logs.push(await hearing((log) => run(http, agent, log)));
      agent.destroy();
    }
  }
  for (const log of logs.slice(1)) assert.deepEqual(log, logs[0]);
}

const ENDS = {
  'destroy()': (req) => req.destroy(),
  'destroy(error)': (req) => req.destroy(new Error('mine')),
  'destroy({})': (req) => req.destroy({}),
  'abort()': (req) => req.abort(),
  'an end of the socket': (req) => req.socket?.destroy(),
  'an error of the socket': (req) => req.socket?.destroy(new Error('mine')),
};

// Without its socket a request is not affected by what happens to it.
for (const [name, end] of Object.entries(ENDS).filter(([name]) => !name.includes('socket'))) {
  test(`${name} before the request has its socket leaves to the pool what the built-in leaves`, async () => {
    const ways = [{}, { headers: { Connection: 'close' } }, { method: 'POST' }, { timeout: 300 }, { of: { maxSockets: 1 } }, { of: { keepAlive: false } }];
    for (const { of, ...options } of ways) {
      for (const warm of [false, true]) {
        for (const agentToo of [false, true]) {
          await same((http, agent, log) => withServer(`${HEAD}hello`, async (port) => {
            const to = { host: '127.0.0.1', port, agent };
            if (warm) await warmUp(http, to);
            const req = http.request({ ...to, ...options });
            note(log, req, '', REQUEST_EVENTS);
            end(req);
            log.push(pool(agent));
            if (agentToo) agent.destroy();
            await settled(req);
            log.push(`${pool(agent)} ${req.socket === null} ${req.destroyed} ${req.closed}`);
            for (const socket of Object.values(agent.freeSockets).flat()) log.push(socket.eventNames().map((event) => `${event} ${socket.listenerCount(event)}`));
          }), of);
        }
      }
    }
  });}

for (const [name, end] of Object.entries(ENDS)) {
  test(`${name} around writes calls their callbacks with the arguments of the built-in`, async () => {
    for (const headers of [{}, { 'Content-Length': 3 }]) {
      for (const order of ['wd', 'dw', 'wed', 'wde', 'wwd', 'edw', 'ede']) {
        for (const stage of name.includes('socket') ? ['socket', 'connect'] : ['made', 'socket', 'connect']) {
          await same((http, agent, log) => withServer('', async (port) => {
            const req = http.request({ host: '127.0.0.1', port, agent, method: 'POST', headers });
            note(log, req, '', REQUEST_EVENTS);
            const told = (letter) => (error) => log.push(`callback of ${letter} ${error ? text(error) : 'without error'}`);
            const act = () => {
              for (const letter of order) {
                if (letter === 'w') log.push(`write ${req.write('a', told('w'))}`);
                else if (letter === 'e') req.end('z', told('e'));
                else end(req);
              }
            };
            if (stage === 'made') act();
            else if (stage === 'socket') req.on('socket', act);
            else req.on('socket', (socket) => socket.on('connect', () => setTimeout(act, 2)));
            await settled(req);
            log.push(`${req.writableFinished} ${req.writableEnded} ${req.destroyed} ${req.writableLength}`);
          }));
        }
      }
    }
  });

  test(`${name} when the answer has come, or a part of it, leaves socket and response as the built-in leaves them`, async () => {
    const stages = {
      idle: (res, act) => act(),
      data: (res, act) => res.on('data', act),
      end: (res, act) => res.resume().on('end', act),
      close: (res, act) => res.resume().on('close', act),
      paused: (res, act) => res.once('data', () => {
        res.pause();
        setTimeout(act, 2);
      }),
      iterated: async (res, act) => {
        for await (const chunk of res) act(chunk);
      },
    };
    for (const answer of [`${HEAD}hello`, `${HEAD}hel`]) {
      for (const stage of Object.keys(stages)) {
        // A part has no end.
        if (!answer.endsWith('hello') && (stage === 'end' || stage === 'close')) continue;
        for (const method of ['GET', 'POST']) {
          await same((http, agent, log) => withServer(answer, async (port) => {
            const req = http.request({ host: '127.0.0.1', port, agent, method });
            const answered = new Promise((resolve) => {
              req.on('response', resolve);
            });
            note(log, req, '', REQUEST_EVENTS);
            // An upload that goes on.
            if (method === 'GET') req.end();
            else req.flushHeaders();
            const res = await answered;
            note(log, res, 'res.', RESPONSE_EVENTS);
            await turns(5);
            const act = () => end(req);
            Promise.resolve(stages[stage](res, act)).catch((error) => log.push(`iteration ${text(error)}`));
            await settled(req);
            log.push(`${pool(agent)} ${res.complete} ${res.destroyed} ${res.readableEnded} ${res.aborted} ${req.destroyed} ${req.socket.destroyed}`);
          }));
        }
      }
    }
  });
}

test('an error of a socket in the very turn in which it is made goes where the built-in sends it', async () => {
  const blockList = new net.BlockList();
  blockList.addAddress('127.0.0.1');
  const at = (address, family) => (host, options, callback) => (options.all ? callback(null, [{ address, family }]) : callback(null, address, family));
  const failing = (host, options, callback) => callback(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));
  const cases = {
    'address of another family': { host: 'a.host', port: 1, localAddress: '127.0.0.5', lookup: at('::1', 6) },
    'blocked address': { host: '127.0.0.1', port: 1, blockList },
    'name of a blocked address': { host: 'a.host', port: 1, blockList, lookup: at('127.0.0.1', 4) },
    'lookup that fails': { host: 'a.host', port: 1, lookup: failing },
    'socket that is destroyed already': { host: 'a', port: 1, createConnection: () => new net.Socket().destroy(new Error('mine')) },
    'socket whose signal is aborted': { host: 'a', port: 1, createConnection: () => net.connect({ port: 1, host: '127.0.0.1', signal: AbortSignal.abort() }) },
    'path without a socket': { socketPath: '/nonexistent.sock' },
  };
  for (const options of Object.values(cases)) {
    for (const without of [{}, { agent: false }]) {
      const get = (http) => hearing(async (log) => {
        const req = http.get({ ...without, ...options });
        note(log, req, '', REQUEST_EVENTS);
        await settled(req);
      });
      assert.deepEqual(await get(ours), await get(builtin));
    }
  }
});

test('destroying the agent in the turn in which a request got a kept socket ends the request too', async () => {
  for (const act of ['agent', 'sockets']) {
    await same((http, agent, log) => withServer(`${HEAD}hello`, async (port) => {
      const to = { host: '127.0.0.1', port, agent };
      await warmUp(http, to);
      await warmUp(http, to);
      const req = http.get(to);
      note(log, req, '', REQUEST_EVENTS);
      if (act === 'agent') agent.destroy();
      else Object.values(agent.sockets).flat()[0].destroy(new Error('mine'));
      await settled(req);
      log.push(`${pool(agent)} ${req.destroyed} ${req.reusedSocket}`);
    }));
  }
});

test('a callback of end() on a request that has failed is called in a later tick', async () => {
  const log = async (http) => {
    const seen = [];
    const req = http.request({ host: '127.0.0.1', port: 1, method: 'POST' });
    req.on('error', () => {});
    req.end('a');
    await new Promise((resolve) => {
      req.on('close', resolve);
    });
    req.end((error) => seen.push(text(error)));
    seen.push('behind end()');
    await turns(1);
    return seen;
  };
  assert.deepEqual(await log(ours), await log(builtin));
});
