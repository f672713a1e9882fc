'use strict';
// rust-http/https behaves like the built-in https; so does the built-in https itself on our classes, once `register` is
// loaded.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const builtin = require('node:https');
const https = require('../../lib/https');
const scenarios = require('./https-scenarios');

const lib = path.resolve(__dirname, '../../lib');

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`rust-http/https as the built-in: ${name}`, async () => {
    const theirs = await scenario(builtin);
    assert.deepEqual(await scenario(https), theirs);
    // Both must have returned something.
    assert.notEqual(theirs, undefined);
  });
}

test('register puts the built-in https and the HTTP/1 side of http2 on our classes', () => {
  const program = `
    const https = require('node:https');
    const http = require('rust-http-lib');
    const http2 = require('node:http2');
    const { cert, key } = require(${JSON.stringify(path.resolve(__dirname, '../client/certificate'))});
    const seen = [https.Agent.prototype instanceof http.Agent];
    const listener = (req, res) => {
      seen.push(req instanceof http.IncomingMessage, res instanceof http.ServerResponse);
      res.end('over ' + req.httpVersion);
    };
    const ask = (server) => new Promise((resolve) => server.listen(0, () => {
      const req = https.get({ port: server.address().port, rejectUnauthorized: false, agent: false }, (res) => {
        seen.push(res instanceof http.IncomingMessage);
        res.setEncoding('utf8').on('data', (text) => seen.push(text)).on('end', () => server.close(resolve));
      });
      seen.push(req instanceof http.ClientRequest);
    }));
    (async () => {
      await ask(https.createServer({ key, cert }, listener));
      await ask(http2.createSecureServer({ key, cert, allowHTTP1: true }, listener));
      console.log(JSON.stringify(seen));
    })();`.replace("'rust-http-lib'", JSON.stringify(lib));
  const run = (options) => JSON.parse(execFileSync(process.execPath, [...options, '-e', program], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: 30000 }));
  const exchange = (ours) => [ours, ours, ours, ours, 'over 1.1'];
  assert.deepEqual(run(['--require', path.join(lib, 'register.js')]), [true, ...exchange(true), ...exchange(true)]);
  assert.deepEqual(run([]), [false, ...exchange(false), ...exchange(false)]);
});

test('the built-in https gives the same results on our classes as on its own', () => {
  // The scenarios once more, in a process with `register` and in one without.
  const program = `
    const https = require('node:https');
    const scenarios = require(${JSON.stringify(path.join(__dirname, 'https-scenarios.js'))});
    (async () => {
      const told = {};
      for (const [name, scenario] of Object.entries(scenarios)) told[name] = await scenario(https).catch((error) => error.stack);
      process.stdout.write(JSON.stringify(told), () => process.exit());
    })();`.replaceAll('await scenario(https).catch(', 'await Promise.resolve().then(() => scenario(https)).catch(');
  const run = (options) => JSON.parse(execFileSync(process.execPath, [...options, '-e', program], {
    encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', RUST_HTTP_API: 'builtin' }, timeout: 60000,
  }));
  const told = run(['--require', path.join(lib, 'register.js')]);
  assert.deepEqual(told, run([]));
  assert.deepEqual(Object.keys(told), Object.keys(scenarios));
});
