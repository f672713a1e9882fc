'use strict';

// Test tools with their own module registry (jest) refuse a require after the tests, when connections close.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const program = `
  const Module = require('node:module');
  const http = require(${JSON.stringify(path.join(__dirname, '../../lib/index.js'))});
  const late = [];
  const ask = (server, agent, body) => new Promise((resolve, reject) => {
    const req = http.request({ port: server.address().port, agent, method: body ? 'POST' : 'GET' }, (res) => res.resume().on('close', resolve));
    req.on('error', reject).end(body);
  });
  async function exchange(transport) {
    const server = http.createServer({ transport }, (req, res) => req.pipe(res));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = new http.Agent({ keepAlive: true });
    for (const body of [undefined, 'a', undefined, 'b']) await ask(server, agent, body);
    agent.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
  async function all() {
    for (const transport of ['stream', 'native', 'offload']) await exchange(transport);
  }
  all().then(() => {
    const load = Module._load;
    Module._load = function(name, ...rest) {
      late.push(name);
      return load.call(this, name, ...rest);
    };
    return all();
  }).then(() => console.log(JSON.stringify(late)));
`;

test('what a program has done once requires no module when it does so again', () => {
  assert.equal(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }).trim(), '[]');
});
