import { once } from 'node:events';
import http, { createServer } from 'http';
import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';

const require = createRequire(import.meta.url);
const { ask, askLate, serve, echo } = require('../jest/shared.js');

test('is the http that is meant, by every name', () => {
  expect(typeof http.Server.prototype.stats).toBe(process.env.EXPECTED_STATS);
  expect(createServer).toBe(http.createServer);
});

test('echoes on a kept connection', async () => {
  const agent = new http.Agent({ keepAlive: true });
  await serve(http, echo, async (port) => {
    for (const text of ['a', 'b'.repeat(100000), '€']) {
      expect(await ask(http, port, { agent }, text)).toEqual({ status: 200, type: 'text/plain', text, reused: text !== 'a' });
    }
    agent.destroy();
  });
});

test('tells errors', async () => {
  const port = await serve(http, echo, (free) => free);
  await expect(ask(http, port)).rejects.toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', port });
  expect(() => http.request({ path: 'a b' })).toThrow(expect.objectContaining({ code: 'ERR_UNESCAPED_CHARACTERS' }));
});

test('is asked by fetch', async () => {
  const server = createServer(echo).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const res = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: 'POST', body: 'fetched' });
  expect(await res.text()).toBe('fetched');
  server.closeAllConnections();
  server.close();
});

test('keeps an answer waiting with a clock of the test', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    expect(await askLate(http, { setTimeout, advance: (ms) => vi.advanceTimersByTimeAsync(ms) })).toBe('late');
  } finally {
    vi.useRealTimers();
  }
});
