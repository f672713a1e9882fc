'use strict';
// Checks that the hook which counts what a test file leaves open (__test__/balance.js) does count.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { spawnSync } = require('node:child_process');

const HOOK = path.join(__dirname, '../balance.js');
const OURS = path.join(__dirname, '../../lib');
const onLinux = { skip: process.platform !== 'linux' && 'reads /proc' };

const SERVE = `
  const http = require(${JSON.stringify(OURS)});
  const net = require('net');
  let connection;
  const server = http.createServer((req, res) => res.end('ok')).on('connection', (socket) => { connection = socket; }).listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1', () => client.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'));
    client.once('data', () => { USE });
  });`;

// Runs a program as scripts/test.js runs a test file; returns its exit code and the hook's output.
function hold(program) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-balance-'));
  try {
    const file = path.join(dir, 'a.test.js');
    fs.writeFileSync(file, program);
    const { status, stderr } = spawnSync(process.execPath, ['--expose-gc', '--require', HOOK, file], {
      encoding: 'utf8', timeout: 60_000, env: { ...process.env, NODE_TEST_CONTEXT: 'child', RUST_HTTP_TRANSPORT: 'native' },
    });
    return [status, stderr.trim()];
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

test('this file is watched too', { skip: typeof global.gc !== 'function' && 'not started by scripts/test.js' }, () => {
  assert.ok(process.listeners('exit').some((listener) => listener.name === 'onTestFileExit'));
});

test('a file that closes all it has opened passes', onLinux, () => {
  assert.deepStrictEqual(hold(SERVE.replace('USE', 'client.destroy(); server.close();')), [0, '']);
});

test('connections that no longer keep the process alive are reported, with everything that belongs to them', onLinux, () => {
  const [status, told] = hold(SERVE.replace('USE', 'for (const one of [client, connection, server]) one.unref();'));
  assert.strictEqual(status, 1);
  assert.match(told, /^a\.test\.js left behind: \d open sockets, 1 connections of the native transport, 1 parsers$/);
});

test('a parser that is not freed is reported', () => {
  const program = `global.kept = require(${JSON.stringify(path.join(OURS, 'message/parsers.js'))}).parsers.alloc();`;
  assert.deepStrictEqual(hold(program), [1, 'a.test.js left behind: 1 parsers']);
});
