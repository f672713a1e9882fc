'use strict';
// examples/prometheus with rust-http, and on node:http with rust-http/register.

const assert = require('node:assert/strict');
const net = require('node:net');
const path = require('node:path');
const { once } = require('node:events');
const { test } = require('node:test');
const { ask } = require('../ecosystem/ask');
const { start } = require('./start');

const register = path.resolve(__dirname, '../../lib/register.js');
const ways = [
  { name: "require('rust-http')", options: [], env: {} },
  { name: "require('node:http') with rust-http/register", options: ['--require', register], env: { HTTP_MODULE: 'node:http' } },
];

/** The samples in a text of Prometheus' format, by name and labels. */
function parse(text) {
  const samples = new Map();
  for (const line of text.split('\n')) {
    const match = /^([^#\s{]+(?:\{[^}]*\})?) (\S+)$/.exec(line);
    if (match !== null) samples.set(match[1], Number(match[2]));
  }
  return samples;
}

for (const { name, options, env } of ways) {
  test(`prometheus/server.js exports what servers and agents have done (${name})`, async (t) => {
    const { port } = await start(t, 'prometheus/server.js', { options, env });
    const metrics = async () => parse((await ask(port, '/metrics')).text);
    const before = await metrics();
    assert.equal(before.get('http_server_requests_total'), 1);
    assert.equal(before.get('http_client_requests_total'), 0);

    assert.equal((await ask(port, '/self')).text, 'Hello World\n');
    assert.equal((await ask(port, '/self')).text, 'Hello World\n');
    const bad = net.connect(port, '127.0.0.1').resume();
    bad.end('nonsense\r\n\r\n');
    await once(bad, 'close');

    const after = await metrics();
    const expected = {
      'http_server_requests_total': 6, // twice /metrics, twice /self, twice what those ask
      'http_server_connections_total': 6, // one for each ask(), one of the agent, one bad
      'http_server_errors_total{code="HPE_INVALID_METHOD"}': 1,
      'http_client_requests_total': 2,
      'http_client_reused_total': 1,
      'http_client_stale_total': 0,
      'http_client_waiting_requests': 0,
      'http_client_connections_total': 1,
      'http_client_connections{state="idle"}': 1,
      'http_client_connections{state="active"}': 0,
      'http_server_connections{state="active"}': 1, // that of /metrics itself
    };
    for (const [sample, value] of Object.entries(expected)) assert.equal(after.get(sample), value, sample);
    for (const direction of ['read', 'written']) {
      assert.ok(after.get(`http_server_bytes_total{direction="${direction}"}`) > before.get(`http_server_bytes_total{direction="${direction}"}`));
      assert.ok(after.get(`http_client_bytes_total{direction="${direction}"}`) > 100);
    }
    for (const [side, duration, counts] of [
      ['server', 5, { head: 5, body: 5, answered: 5, flushed: 5 }],
      ['client', 2, { queue: 2, lookup: undefined, connect: 1, secure: undefined, sent: 2, firstByte: 2, done: 2 }],
    ]) {
      assert.equal(after.get(`http_${side}_duration_seconds_count{method="GET",status="200"}`), duration);
      assert.ok(after.get(`http_${side}_duration_seconds_sum{method="GET",status="200"}`) > 0);
      for (const [stage, count] of Object.entries(counts)) assert.equal(after.get(`http_${side}_stage_seconds_count{stage="${stage}"}`), count, `${side} ${stage}`);
    }
  });
}
