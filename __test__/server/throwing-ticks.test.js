'use strict';
// Ticks that throw between the pieces of a message, in a program that goes on. Compared with the built-in server, each
// in its own process.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');

const register = path.resolve(__dirname, '../../lib/register.js');

const PROGRAM = `
  const http = require('node:http');
  const net = require('node:net');
  const log = [];
  const [body, ticks] = process.argv.slice(1);
  process.on('uncaughtException', ({ message }) => {
    log.push(message);
    process.nextTick(() => log.push('tick of the exception'));
  });
  function fail(name) {
    for (let n = 0; n < Number(ticks); n += 1) process.nextTick(() => { throw new Error(name + ' throws'); });
    process.nextTick(() => log.push('tick behind ' + name));
    queueMicrotask(() => log.push('microtask of ' + name));
    setImmediate(() => log.push('immediate of ' + name));
  }
  const server = http.createServer((req) => {
    fail('head');
    req.on('data', (piece) => fail('piece ' + piece));
    req.on('end', () => log.push('end'));
    let turns = 20;
    setImmediate(function turn() {
      turns -= 1;
      if (turns > 0) setImmediate(turn);
      else console.log(log.join(', ')), process.exit();
    });
  }).listen(0, '127.0.0.1', () => net.connect(server.address().port, '127.0.0.1').write('POST / HTTP/1.1\\r\\nHost: a\\r\\n' + body));
`;

const BODIES = {
  chunked: 'Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n',
  length: 'Content-Length: 2\r\n\r\nab',
};

async function logOf(args, env, ...given) {
  const { stdout } = await promisify(execFile)(process.execPath, [...args, '--eval', PROGRAM, ...given], { env: { ...process.env, ...env } });
  return stdout.trim();
}

test('what follows a tick that throws while a body is read comes in a later turn, as with the built-in', async () => {
  for (const [name, body] of Object.entries(BODIES)) {
    for (const ticks of ['1', '2']) {
      const expected = await logOf([], {}, body, ticks);
      assert.match(expected, /head throws.*piece a/, expected);
      for (const RUST_HTTP_TRANSPORT of ['native', 'stream', 'offload']) {
        assert.equal(await logOf(['-r', register], { RUST_HTTP_TRANSPORT }, body, ticks), expected, `${name} ${ticks} ${RUST_HTTP_TRANSPORT}`);
      }
    }
  }
});
