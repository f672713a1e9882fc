'use strict';
// OpenTelemetry's http instrumentation makes the same spans over rust-http/register as over the built-in http.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');
const { ask } = require('../ecosystem/ask');
const { examples, start } = require('./start');

const register = path.resolve(__dirname, '../../lib/register.js');
const tracing = path.join(examples, 'opentelemetry/tracing.js');
const SERVER = 1;
const CLIENT = 2;

/** Runs traced.js; returns its last line and its spans. */
async function run(preloads, transport = '') {
  const options = preloads.flatMap((file) => ['--require', file]);
  const { stdout } = await promisify(execFile)(process.execPath, [...options, path.join(__dirname, 'traced.js')], {
    env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', RUST_HTTP_TRANSPORT: transport }, timeout: 60_000,
  });
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line));
  const spans = lines.filter(({ spanId }) => spanId !== undefined);
  return { ...lines.find(({ ports }) => ports !== undefined), spans };
}

/** Spans as trees, without what differs from run to run: ids, times, the clients' ports. */
function trees({ spans, ports }) {
  const named = new Map(Object.entries(ports).map(([name, port]) => [port, name]));
  const steady = (value) => {
    if (typeof value === 'number' && value > 1023) return named.get(value) ?? 'some port';
    if (typeof value === 'string') return value.replace(/:(\d+)/g, (text, port) => `:${named.get(Number(port)) ?? port}`);
    return value;
  };
  const below = (parent) => spans.filter((span) => span.parent === parent).map((span) => ({
    name: span.name,
    kind: span.kind,
    status: { ...span.status, message: steady(span.status.message) },
    attributes: Object.fromEntries(Object.entries(span.attributes).map(([key, value]) => [key, steady(value)])),
    events: span.events.map(({ name, attributes }) => [name, steady(attributes?.['exception.message'])]),
    children: below(span.spanId),
  })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return below(undefined);
}

for (const transport of ['native', 'stream']) {
  test(`spans, their attributes, errors and parents are those of the built-in http (transport ${transport})`, async () => {
    const [builtin, ours] = await Promise.all([run([tracing]), run([register, tracing], transport)]);
    assert.deepEqual([builtin.ours, ours.ours], [false, true]);
    assert.deepEqual(trees(ours), trees(builtin));

    // To be sure that something was compared.
    const kinds = (kind) => ours.spans.filter((span) => span.kind === kind);
    assert.equal(kinds(CLIENT).length, 17);
    assert.equal(kinds(SERVER).length, 15);
    assert.equal(kinds(SERVER).filter(({ parent }) => ours.spans.some(({ spanId, kind }) => spanId === parent && kind === CLIENT)).length, 15);
    assert.ok(kinds(CLIENT).filter(({ status }) => status.code === 2).length >= 6);
    assert.equal(ours.spans.filter(({ name, parent }) => name.startsWith('at ') && parent === undefined).length, 0);
  });
}

test('opentelemetry/app.js is one trace of three spans', async (t) => {
  const example = await start(t, 'opentelemetry/app.js', { options: ['--require', register, '--require', tracing] });
  assert.equal((await ask(example.port, '/double')).text, 'Hello World\n');
  const spans = (await example.printed(/^\{.*"spanId".*\}$/, 3)).map(([line]) => JSON.parse(line));
  assert.deepEqual(spans.map(({ kind }) => kind).sort(), [SERVER, SERVER, CLIENT]);
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
});
