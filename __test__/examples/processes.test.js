'use strict';
// The examples about processes and threads.

const assert = require('node:assert/strict');
const http = require('node:http');
const { test } = require('node:test');
const { ask } = require('../ecosystem/ask');
const { freePort } = require('../support/port');
const { start } = require('./start');

const onWindows = process.platform === 'win32' && 'signals are those of unix';

test('graceful-shutdown.js answers requests that have arrived, accepts nothing new, and ends', { skip: onWindows }, async (t) => {
  const example = await start(t, 'graceful-shutdown.js');
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  // One connection is idle, one waits for its answer.
  await ask(example.port, '/', { agent });
  const idle = Object.values(agent.freeSockets)[0][0];
  const busy = ask(example.port, '/');
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  example.child.kill('SIGTERM');
  await example.printed(/^closing, 1 busy$/);
  // What the system has accepted by then is still answered.
  await assert.rejects(async () => {
    for (;;) await ask(example.port, '/');
  }, { code: 'ECONNREFUSED' });
  const { status, text, headers } = await busy;
  assert.deepEqual([status, text, headers.connection], [200, 'That took a while.\n', 'close']);
  const [code, signal] = await example.exited;
  assert.deepEqual([code, signal], [0, null]);
  assert.match(example.lines.at(-1), /^closed: \d+ answered, 1 idle, 0 cut off$/);
  assert.equal(idle.destroyed, true);
});

test('cluster.js shares a port among processes, replaces one that died, and ends', { skip: onWindows }, async (t) => {
  const example = await start(t, 'cluster.js');
  const pidsOf = async (count) => (await example.printed(/by process (\d+)$/, count)).map(([, pid]) => Number(pid));
  const pids = await pidsOf(2);
  const answers = new Set();
  for (let n = 0; n < 20 && answers.size < 2; n++) answers.add(Number((await ask(example.port, '/')).text));
  assert.deepEqual([...answers].sort(), [...pids].sort());

  process.kill(pids[0], 'SIGKILL');
  const [, , replacement] = await pidsOf(3);
  for (let n = 0; n < 20; n++) answers.add(Number((await ask(example.port, '/')).text));
  assert.ok(answers.has(replacement));
  example.child.kill('SIGTERM');
  assert.deepEqual((await example.exited)[0], 0);
});

for (const kind of ['processes', 'threads']) {
  const skip = process.platform !== 'linux' && 'connections are spread on Linux and its like';
  test(`shared-port.js has ${kind} that listen on one port, and end`, { skip }, async (t) => {
    const example = await start(t, 'shared-port.js', { args: kind === 'threads' ? ['threads'] : [], env: { PORT: `${await freePort()}` } });
    const names = (await example.printed(/ by (.*)$/, 2)).map(([, name]) => name);
    const answers = new Set();
    // The system chooses which of them gets a connection: 64 to one of two has a chance of one in 2^63.
    for (let n = 0; n < 64 && answers.size < 2; n++) answers.add((await ask(example.port, '/')).text.trim());
    assert.deepEqual([...answers].sort(), names.sort());
    example.child.kill('SIGTERM');
    assert.deepEqual((await example.exited)[0], 0);
  });
}

test('worker-threads.js serves in every thread, and prints a summary', async (t) => {
  const example = await start(t, 'worker-threads.js');
  const found = await example.printed(/^http:.*:(\d+)\/ by thread (\d+)$/, 4);
  const threads = new Map(found.map(([, port, thread]) => [Number(thread), Number(port)]));
  for (const [thread, port] of threads) {
    if (thread === 0) continue;
    for (let n = 0; n < thread; n++) assert.equal((await ask(port, '/')).text, `${thread}\n`);
  }
  assert.deepEqual((await ask(threads.get(0), '/')).json(), [1, 2, 3]);
});
