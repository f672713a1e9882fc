'use strict';
// A process that ends, or throws, in any callback of a server: with the same end, after the same callbacks, and the
// same bytes for its peer as with node's.

const assert = require('node:assert');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { test } = require('node:test');
const { NAMES } = require('../transport/ways');

const PROGRAM = path.join(__dirname, 'ends.js');
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc';
const OTHERS = {
  clientError: 'BAD\r\n\r\n',
  checkContinue: 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
  upgrade: 'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  connect: 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
};
const PLACES = ['connection', 'request', 'data', 'end', 'tick', 'promise', 'written', 'immediate', 'ended', 'finish', 'response closed', 'aborted', ...Object.keys(OTHERS)];
const ENDS = ['exit', 'abort', 'throw', 'leave'];

async function run(way, place, how) {
  // In a temporary directory, where a core dump does not matter.
  const child = spawn(process.execPath, [PROGRAM, way, place, how], { cwd: os.tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  let errors = '';
  child.stdout.on('data', (data) => { told += data; });
  child.stderr.on('data', (data) => { errors += data; });
  const closed = once(child, 'close');
  while (!/^port \d+\n/.test(told)) await once(child.stdout, 'data');
  const client = net.connect(Number(/\d+/.exec(told)), '127.0.0.1').setEncoding('latin1');
  let text = '';
  client.on('data', (data) => { text += data; });
  client.on('error', () => {});
  client.write(OTHERS[place] ?? POST);
  if (place === 'aborted') {
    while (!told.includes('request\n')) await once(child.stdout, 'data');
    client.resetAndDestroy();
  }
  const [status, signal] = await closed;
  client.destroy();
  return {
    status,
    signal,
    told: told.replace(/^port \d+\n/, ''),
    errors: how === 'throw' && /^Error: thrown$/m.test(errors),
    text: text.replaceAll(/Date: [^\r]*/g, ''),
  };
}

for (const place of PLACES) {
  test(`a process that ends in a callback ends in the same way as with node's server (${place})`, { timeout: 300_000 }, async () => {
    for (const how of ENDS) {
      const [expected, ...others] = await Promise.all(NAMES.map((way) => run(way, place, how)));
      assert.deepStrictEqual([expected.status, expected.signal], { exit: [7, null], abort: [null, 'SIGABRT'], throw: [1, null], leave: [9, null] }[how], how);
      others.forEach((seen, n) => {
        const way = NAMES[n + 1];
        // Nothing sends what was queued for another thread.
        if (way === 'offload' && how === 'abort' && expected.text.startsWith(seen.text)) expected.text = seen.text;
        assert.deepStrictEqual(seen, expected, `${way}, ${how}`);
      });
    }
  });
}
