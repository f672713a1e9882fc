import { createRequire } from 'node:module';
import http, { createServer } from 'rust-http';
import https from 'rust-http/https';
import { expect, test, vi } from 'vitest';

const require = createRequire(import.meta.url);
const { ask, serve, echo } = require('../jest/shared.js');

vi.mock('node:http', async () => ({ ...(await import('rust-http')) }));

test('import and require are of one module, also behind a reset', async () => {
  expect(createServer).toBe(http.createServer);
  expect(require('rust-http')).toBe(http);
  vi.resetModules();
  expect((await import('rust-http')).default.Server).toBe(http.Server);
  expect(typeof https.Server).toBe('function');
});

test('a module that is mocked by ours is ours', async () => {
  const mocked = await import('node:http');
  expect(mocked.Server).toBe(http.Server);
  expect(await serve(mocked, echo, (port) => ask(mocked, port, {}, 'mocked'))).toMatchObject({ status: 200, text: 'mocked' });
});
