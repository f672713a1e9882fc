'use strict';
/* global expect, jest, test */

// How a project's tests replace http by rust-http.

jest.mock('http', () => require('rust-http'));
const http = require('http');
const { ask, serve, echo } = require('./shared');

test('a module that is mocked by ours is ours', async () => {
  expect(http).toBe(require('rust-http'));
  expect(await serve(http, echo, (port) => ask(http, port, {}, 'mocked'))).toMatchObject({ status: 200, text: 'mocked' });
});

test('https that is mocked by ours names origins, which asks the genuine one', () => {
  jest.doMock('https', () => require('rust-http/https'));
  const https = require('https');
  expect(https).toBe(require('rust-http/https'));
  expect(new https.Agent().getName({ host: 'a', port: 1 })).toMatch(/^a:1:/);
});
