'use strict';
// What reflection shows of the listeners that the module itself puts on the objects of an exchange, compared with the
// built-in, each in its own process.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');

const register = path.resolve(__dirname, '../../lib/register.js');

const PROGRAM = `
  const http = require('node:http');
  const lines = [];
  const show = (emitter, when) => lines.push(when + ' ' + emitter.eventNames().map((event) =>
    String(event) + ': ' + emitter.listeners(event).map(({ name, length }) => name + '/' + length)).sort().join(' | '));
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((req, res) => {
    show(req.socket, 'socket');
    show(req, 'req');
    show(res, 'res');
    req.resume().on('end', () => res.end('x'));
  });
  server.on('connection', (socket) => show(socket, 'connection')).listen(0, '127.0.0.1', () => {
    const req = http.request({ port: server.address().port, host: '127.0.0.1', method: 'POST', agent }, (res) => {
      show(req.socket, 'answered');
      show(res, 'response');
      agent.on('free', (socket) => setImmediate(() => {
        show(socket, 'free');
        console.log(lines.sort().join('\\n'));
        process.exit();
      }));
      res.resume();
    });
    req.on('socket', (socket) => show(socket, 'opened'));
    req.end('a');
  });
`;

async function linesOf(args, env) {
  const { stdout } = await promisify(execFile)(process.execPath, [...args, '--eval', PROGRAM], { env: { ...process.env, ...env } });
  return stdout.trim().split('\n');
}

test('listeners of the module have the names and lengths that those of node have', async () => {
  const expected = await linesOf([], {});
  assert.ok(expected.some((line) => line.startsWith('socket') && line.includes('data: bound socketOnData/1')), expected.join('\n'));
  for (const RUST_HTTP_TRANSPORT of ['native', 'stream', 'offload']) {
    assert.deepEqual(await linesOf(['-r', register], { RUST_HTTP_TRANSPORT }), expected, RUST_HTTP_TRANSPORT);
  }
});
