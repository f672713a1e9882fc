'use strict';
// What a program sees that lists the properties of a socket, as printing an error with its request does.

const assert = require('node:assert/strict');
const builtin = require('node:http');
const { once } = require('node:events');
const { test } = require('node:test');
const ours = require('../..');

const REQUESTS = 3;

/** @param {object} socket @returns {string[]} */
function namesIn(socket) {
  const names = [];
  for (const name in socket) names.push(name);
  return names.sort();
}

/** The names that a socket shows at each request: its own, and those that `for in` adds. */
async function namesBy(http, port, options) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1, ...options });
  const names = [];
  for (let n = 0; n < REQUESTS; n++) {
    const req = http.get({ host: '127.0.0.1', port, agent });
    const [res] = await once(req, 'response');
    names.push([Object.getOwnPropertyNames(req.socket).sort(), namesIn(req.socket), req.socket.constructor.name]);
    res.resume();
    await once(res, 'end');
    // The agent takes the socket back in ticks.
    await new Promise(setImmediate);
  }
  agent.destroy();
  return names;
}

test('an agent\'s socket has the properties of node\'s, however many requests it has served', async (t) => {
  const server = builtin.createServer((req, res) => res.end('x')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address();
  const expected = await namesBy(builtin, port, {});
  assert.deepEqual(await namesBy(ours, port, { transport: 'native' }), expected);
});

/** What a server's socket hides: where streams read, own methods that `for in` passes over (server/reader.js) hide those of net.Socket. */
const HIDDEN = { native: [], offload: [], stream: ['pause', 'read', 'resume'] };

for (const [transport, hidden] of Object.entries(HIDDEN)) {
  test(`\`for in\` shows the same of a server's socket as with node (${transport})`, async (t) => {
    const namesOf = async (http, options) => {
      let names;
      const server = http.createServer(options, (req, res) => {
        names = namesIn(req.socket);
        res.end();
      });
      server.listen(0, '127.0.0.1');
      t.after(() => server.close());
      await once(server, 'listening');
      const req = builtin.get({ host: '127.0.0.1', port: server.address().port, agent: false });
      const [res] = await once(req, 'response');
      await once(res.resume(), 'end');
      return names;
    };
    const expected = await namesOf(builtin, {});
    assert.deepEqual(await namesOf(ours, { transport }), expected.filter((name) => !hidden.includes(name)));
  });
}
