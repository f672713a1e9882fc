'use strict';
// On Bun and Deno, if `npm ci --prefix bench` has installed them: the package loads and serves in stream mode, which
// needs nothing of libuv. If their N-API cannot load the addon, the error says what was looked for.

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const root = path.resolve(__dirname, '../..');
const RUNTIMES = { bun: [], deno: ['run', '--allow-all', '--no-prompt'] };

for (const [name, options] of Object.entries(RUNTIMES)) {
  const binary = path.join(root, 'bench/node_modules/.bin', name);
  const skip = !fs.existsSync(binary) && `${name} is not installed: npm ci --prefix bench`;

  test(`${name} serves and sends requests with the package, in stream mode`, { skip }, () => {
    const output = execFileSync(binary, [...options, path.join(__dirname, 'program.cjs')], {
      encoding: 'utf8', timeout: 60000, env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
    });
    assert.deepEqual(JSON.parse(output.trim().split('\n').pop()), {
      transport: 'stream',
      get: [200, 'a', 'GET /get '],
      post: [200, 100000 + 'POST /post '.length],
      alone: [200, '', 'GET /alone '],
      error: 'HTTP/1.1 400 Bad Request',
    });
  });

  test(`${name} reports what is missing if the addon does not exist`, { skip }, () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'no-addon-'));
    try {
      fs.cpSync(path.join(root, 'lib'), path.join(dir, 'lib'), { recursive: true });
      fs.copyFileSync(path.join(root, 'package.json'), path.join(dir, 'package.json'));
      const program = path.join(dir, 'program.cjs');
      fs.writeFileSync(program, "require('./lib/index.js');");
      const { status, stderr } = spawnSync(binary, [...options, program], { encoding: 'utf8', timeout: 60000, env: { ...process.env, NO_COLOR: '1' } });
      assert.notEqual(status, 0);
      assert.match(stderr, /rust-http has no addon for \w+ \w+\. It looked for/);
    } finally {
      fs.rmSync(dir, { recursive: true });
    }
  });
}
