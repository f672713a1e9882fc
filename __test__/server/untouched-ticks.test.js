'use strict';
// What a program sees of an exchange in the ticks after its answer. Compared with the built-in server, each in its own
// process.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');

const register = path.resolve(__dirname, '../../lib/register.js');

// Several requests on each of two connections, one after the answer to the other: the first ones come with other things
// in the queue.
const PROGRAM = `
  const http = require('node:http');
  const net = require('node:net');
  const log = [];
  function see(name, { req, res }) {
    const { ended, endEmitted, emittedReadable, flowing, resumeScheduled, destroyed, closed, closeEmitted } = req._readableState;
    log.push([name, ended, endEmitted, emittedReadable, flowing, resumeScheduled, destroyed, closed, closeEmitted, req.complete,
      res.destroyed, res.writableFinished, res.closed, res.socket === null].join(' '));
  }
  function ticks(name, it, count) {
    process.nextTick(() => {
      see(name + count, it);
      if (count > 1) ticks(name, it, count - 1);
    });
  }
  const HANDLERS = {
    'a tick behind end()': (it) => { it.res.end('a'); ticks('tick', it, 6); },
    'a tick before end()': (it) => { ticks('tick', it, 6); it.res.end('a'); },
    'ticks on both sides': (it) => { ticks('before', it, 6); it.res.end('a'); ticks('behind', it, 6); },
    'the callback of end()': (it) => { it.res.end('a', () => { see('callback', it); ticks('tick', it, 6); }); },
    'a listener of finish': (it) => { it.res.on('finish', () => { see('finish', it); ticks('tick', it, 6); }); it.res.end('a'); },
    'a listener of close': (it) => { it.res.on('close', () => { see('close', it); ticks('tick', it, 6); }); it.res.end('a'); },
    'a listener of close that a tick adds': (it) => { it.res.end('a'); process.nextTick(() => it.res.on('close', () => see('close', it))); },
    'listeners of the request that a tick adds': (it) => {
      it.res.end('a');
      process.nextTick(() => { for (const event of ['readable', 'end', 'close']) it.req.on(event, () => see(event, it)); });
    },
    'listeners of the request that finish adds': (it) => {
      it.res.on('finish', () => { for (const event of ['readable', 'end', 'close']) it.req.on(event, () => see(event, it)); });
      it.res.end('a');
    },
    'an answer in a later tick': (it) => { process.nextTick(() => { it.res.end('a'); ticks('tick', it, 6); }); },
    'a microtask': (it) => { it.res.end('a'); queueMicrotask(() => { see('microtask', it); ticks('tick', it, 6); }); },
    'an immediate': (it) => { it.res.end('a'); setImmediate(() => see('immediate', it)); },
  };
  const [name, fields] = process.argv.slice(1);
  const requests = fields === '' ? 4 : 1;
  const server = http.createServer((req, res) => {
    log.push('request');
    HANDLERS[name]({ req, res });
  }).listen(0, '127.0.0.1', () => connect(2));
  function connect(left) {
    if (left === 0) {
      console.log(log.join('\\n'));
      process.exit();
    }
    const socket = net.connect(server.address().port, '127.0.0.1');
    let asked = 0;
    const ask = () => { asked += 1; socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n' + fields + '\\r\\n'); };
    socket.on('connect', ask);
    socket.on('data', () => {
      // Some turns, for what comes behind the answer.
      let turns = 10;
      setImmediate(function turn() {
        turns -= 1;
        if (turns > 0) setImmediate(turn);
        else if (asked < requests) ask();
        else socket.destroy();
      });
    });
    socket.on('close', () => setImmediate(connect, left - 1));
  }
`;

const NAMES = [...PROGRAM.matchAll(/^ {4}'([a-z() ]+)': /gm)].map(([, name]) => name);

async function logOf(args, env, ...given) {
  const { stdout } = await promisify(execFile)(process.execPath, [...args, '--eval', PROGRAM, ...given], { env: { ...process.env, ...env } });
  return stdout.trim();
}

for (const name of NAMES) {
  test(`a program sees the same after its answer as with the built-in: ${name}`, async () => {
    for (const fields of ['', 'Connection: close\r\n']) {
      const expected = await logOf([], {}, name, fields);
      assert.equal(expected.split('\n').filter((line) => line === 'request').length, fields === '' ? 8 : 2, expected);
      for (const RUST_HTTP_TRANSPORT of ['native', 'stream']) {
        assert.equal(await logOf(['-r', register], { RUST_HTTP_TRANSPORT }, name, fields), expected, `${RUST_HTTP_TRANSPORT} ${fields}`);
      }
    }
  });
}
