'use strict';
/* global expect, jest, test */

const http = require('http');
const { ask, askLate, serve, echo } = require('./shared');

test('is the http that is meant', () => {
  expect(typeof http.Server.prototype.stats).toBe(process.env.EXPECTED_STATS);
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
  expect(() => http.createServer({ insecureHTTPParser: 1 })).toThrow('"options.insecureHTTPParser" property must be of type boolean');
});

test('is called by a spy', async () => {
  const spy = jest.spyOn(http, 'request');
  await serve(http, echo, async (port) => ask(http, port));
  expect(spy).toHaveBeenCalledTimes(1);
  spy.mockRestore();
});

test('keeps an answer waiting with a clock of the test', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  try {
    expect(await askLate(http, { setTimeout, advance: (ms) => jest.advanceTimersByTimeAsync(ms) })).toBe('late');
  } finally {
    jest.useRealTimers();
  }
});
