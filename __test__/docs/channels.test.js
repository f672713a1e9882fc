'use strict';

// The table of channels in docs/OBSERVABILITY.md: with ours and with the built-in http, each channel is published with
// the listed fields, in the listed versions.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { root } = require('./extract');

const major = parseInt(process.versions.node, 10);
const text = fs.readFileSync(path.join(root, 'docs/OBSERVABILITY.md'), 'utf8');
const rows = [...text.matchAll(/^\| `(http\.[\w.]+)`(?: \(from Node (\d+) on\))? \| ([^|]+) \|/gm)]
  .map(([, name, from, fields]) => ({ name, from: Number(from ?? 0), fields: [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field) }));

// An exchange, and a request without an answer, while all channels have subscribers.
function program(names) {
  const { channel } = require('node:diagnostics_channel');
  const http = require('node:http');
  const seen = {};
  for (const name of names) {
    channel(name).subscribe((message) => {
      seen[name] ??= Object.keys(message);
    });
  }
  const server = http.createServer((req, res) => res.end('x')).listen(0, () => {
    http.get({ port: server.address().port, agent: false }, (res) => res.resume().on('close', () => {
      const failing = http.get({ createConnection: (options, callback) => void callback(new Error('no')) });
      failing.on('error', () => {});
      server.close(() => console.log(JSON.stringify(seen)));
    }));
  });
}

for (const [name, options] of [['the built-in http', []], ['ours', ['--require', path.join(root, 'lib/register.js')]]]) {
  test(`the channels of the document are those of ${name}`, () => {
    assert.equal(rows.length, 7);
    const output = execFileSync(process.execPath, [...options, '-e', `(${program})(${JSON.stringify(rows.map((row) => row.name))})`], {
      encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' }, timeout: 20_000,
    });
    const expected = rows.filter(({ from }) => major >= from).map((row) => [row.name, row.fields]);
    assert.deepEqual(JSON.parse(output), Object.fromEntries(expected));
  });
}
