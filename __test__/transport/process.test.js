'use strict';
// What crosses the border of a process or a thread: its end, sockets sent to another, clusters.

const assert = require('node:assert');
const net = require('node:net');
const path = require('node:path');
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { test } = require('node:test');
const { bodies, get } = require('./ways');
const { SLOWNESS } = require('../support/slowness');

const PROGRAM = path.join(__dirname, 'program.js');
const WAYS = ['node', 'stream', 'native', 'offload'];

async function start(program, way) {
  const child = fork(PROGRAM, [program, way]);
  const [{ port }] = await once(child, 'message');
  return { child, port };
}

// Everything that comes back for an input, until the end or, with `wanted`, that many answers.
async function ask(port, input, wanted = Infinity) {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
  socket.on('error', () => {});
  socket.write(input);
  let text = '';
  try {
    for await (const part of socket) {
      text += part;
      if (bodies(text).length >= wanted) break;
    }
  } catch (error) {
    // The other side was ended.
    assert.match(error.code, /^(ECONNRESET|ECONNREFUSED|EPIPE)$/);
  }
  return text;
}

const PIPELINED = [1, 2, 3, 4, 5].map((n) => get(`/${n}`)).join('');

for (const way of WAYS) {
  test(`${way}: process.exit() after an answer loses no written one`, { timeout: 60_000 * SLOWNESS }, async () => {
    const { child, port } = await start('exit', way);
    const exit = once(child, 'exit');
    assert.deepStrictEqual(bodies(await ask(port, PIPELINED)), ['/1']);
    assert.deepStrictEqual(await exit, [7, null]);
  });

  for (const where of ['head', 'body', 'answer', 'client', 'beforeAnswer']) {
    test(`${way}: process.exit() in the middle of a request (${where}) is clean`, { timeout: 60_000 * SLOWNESS }, async () => {
      const child = fork(PROGRAM, [`exit-${where}`, way], { silent: true });
      let told = '';
      child.stderr.on('data', (data) => { told += data; });
      const [{ port }] = await once(child, 'message');
      const exit = once(child, 'close');
      // The body is cut off, and the last request has only begun.
      const text = await ask(port, `${get('/1')}${get('/2')}POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc`);
      assert.strictEqual(text.match(/HTTP\/1\.1 200/g)?.length, { head: 1, body: 2, answer: 1, client: 2, beforeAnswer: undefined }[where]);
      assert.deepStrictEqual([await exit, told], [[7, null], '']);
    });
  }

  test(`${way}: a process ends when only unreferenced connections are left`, { timeout: 60_000 * SLOWNESS }, async () => {
    const { child, port } = await start('unref', way);
    const exit = once(child, 'exit');
    assert.deepStrictEqual(bodies(await ask(port, get('/'), 2)), ['ok']);
    assert.deepStrictEqual(await exit, [0, null]);
  });

  test(`${way}: a process ends when only paused connections are left`, { timeout: 60_000 * SLOWNESS }, async () => {
    const { child, port } = await start('paused', way);
    const exit = once(child, 'exit');
    assert.deepStrictEqual(bodies(await ask(port, get('/'), 2)), ['ok']);
    assert.deepStrictEqual(await exit, [0, null]);
  });

  test(`${way}: a socket sent to another process is read there`, { timeout: 60_000 * SLOWNESS }, async () => {
    const { child, port } = await start('send', way);
    const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
    await once(socket, 'connect');
    const [name] = await once(socket, 'data');
    assert.strictEqual(name, 'taken ');
    let text = '';
    socket.on('data', (data) => { text += data; });
    for (const piece of ['one ', 'two ', 'three']) {
      socket.write(piece);
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
    while (text.length < 'one two three'.length) await new Promise((resolve) => { setTimeout(resolve, 10); });
    assert.strictEqual(text, 'one two three');
    socket.destroy();
    const exit = once(child, 'exit');
    child.disconnect();
    await exit;
  });

  test(`${way}: workers of a cluster serve real requests`, { timeout: 60_000 * SLOWNESS }, async () => {
    const { child, port } = await start('cluster', way);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(port, get(`/${n}`) + get(`/${n}`), 2)));
    answers.forEach((text, n) => {
      const [first, second] = bodies(text).map((body) => body.split(' '));
      assert.strictEqual(first[0], `/${n}`);
      assert.deepStrictEqual(first, second);
    });
    assert.ok(new Set(answers.map((text) => bodies(text)[0].split(' ')[1])).size > 1, 'several workers');
    const exit = once(child, 'exit');
    child.disconnect();
    await exit;
  });
}
