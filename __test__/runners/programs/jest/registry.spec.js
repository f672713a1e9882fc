'use strict';
/* global expect, jest, test */

// The module registry of jest: each file has its own, and may empty it.

const { ask, serve, echo } = require('./shared');

function load() {
  let http;
  jest.isolateModules(() => {
    http = require('rust-http');
  });
  return http;
}

test('modules of one registry are one', () => {
  expect(require('rust-http')).toBe(require('rust-http'));
  expect(load()).not.toBe(require('rust-http'));
});

test('copies of several registries serve and ask one another, and each counts its own', async () => {
  const copies = [require('rust-http'), load()];
  jest.resetModules();
  copies.push(require('rust-http'), require('http'));
  for (const served of copies) {
    for (const asking of copies) {
      const agent = new asking.Agent({ keepAlive: true });
      await serve(served, echo, async (port, server) => {
        for (let n = 0; n < 3; n++) expect((await ask(asking, port, { agent }, `${n}`)).text).toBe(`${n}`);
        if (server.stats) expect(server.stats()).toMatchObject({ requests: 3, connections: { accepted: 1 } });
        agent.destroy();
      });
    }
  }
});
