'use strict';
// What a program sees of the modules, classes and live objects with rust-http/register, compared with the built-in ones
// of the same binary. Each difference must be in surface-differences.json with its reason, or the test fails. Lists of
// one release of each line are kept in addition: the differences of a release from that of its line are reported.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const fixtures = path.resolve(__dirname, '../fixtures');
const line = Number(process.versions.node.split('.')[0]);
const recorded = path.join(fixtures, `surface-${line}.json`);
const known = fs.existsSync(recorded) ? JSON.parse(fs.readFileSync(recorded, 'utf8')) : undefined;
const accepted = require('./surface-differences.json');

/** What differs from run to run, and what a recorded file adds. */
const volatile = /^(node|llhttp|documented_in.*|duckTyped.*)$|sessionIdContext > value$|async_id_symbol > value$/;

const steady = (value) => (typeof value === 'string' ? value.replace(/Date: [^\r]*/, 'Date: D').replace(/localhost:\d+/, 'localhost:P') : value);
const isObject = (value) => typeof value === 'object' && value !== null;

/** All paths at which two trees differ, with both values. The order of keys counts. */
function differences(a, b, at = [], found = []) {
  const where = at.join(' > ');
  if (volatile.test(where)) return found;
  if (Array.isArray(a) && Array.isArray(b) && where.endsWith('forIn')) {
    // A missing or extra entry shifts everything after it.
    const only = (from, other) => from.filter((key) => !other.includes(key)).join();
    const both = (from, other) => from.filter((key) => other.includes(key)).join();
    if (only(a, b) !== only(b, a)) found.push([where, only(a, b), only(b, a)]);
    if (both(a, b) !== both(b, a)) found.push([`${where} > (order)`, both(a, b), both(b, a)]);
    return found;
  }
  if (isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b)) {
    const inBoth = (from, other) => Object.keys(from).filter((key) => Object.hasOwn(other, key)).join();
    if (inBoth(a, b) !== inBoth(b, a)) found.push([`${where} > (order)`, inBoth(a, b), inBoth(b, a)]);
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) differences(a[key], b[key], [...at, key], found);
  } else if (steady(a) !== steady(b)) {
    found.push([where, a, b]);
  }
  return found;
}

function surfaceOf(options, env) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'surface-')), 'surface.json');
  try {
    execFileSync(process.execPath, [...options, path.join(fixtures, 'list-surface.cjs'), file], {
      env: { ...process.env, NODE_OPTIONS: '', ...env }, timeout: 60000, stdio: 'pipe',
    });
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } finally {
    fs.rmSync(path.dirname(file), { recursive: true });
  }
}

const expected = surfaceOf([], {});
const patterns = accepted.map(({ at }) => new RegExp(`^${at.split('*').map((text) => text.replace(/[.()[\]{}+?^$|\\]/g, '\\$&')).join('.*')}$`));
const used = new Set();
const show = (value) => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 160));

for (const transport of ['stream', 'native']) {
  test(`the surface differs from the built-in one only where the table says so (transport ${transport})`, (t) => {
    const preload = path.resolve(__dirname, '../../lib/register.js');
    const found = differences(expected, surfaceOf(['--require', preload], { RUST_HTTP_TRANSPORT: transport }));
    const unknown = found.filter(([where]) => {
      const matching = patterns.map((pattern, i) => (pattern.test(where) ? i : -1)).filter((i) => i >= 0);
      matching.forEach((i) => used.add(i));
      return matching.length === 0;
    });
    t.diagnostic(`${found.length} differences, ${unknown.length} of them without a reason`);
    assert.equal(unknown.map(([where, a, b]) => `${where}\n  built-in: ${show(a)}\n  ours:     ${show(b)}`).join('\n'), '');
  });
}

// `lines` of an entry are those whose recorded release has such a difference; other releases may have it too.
const skip = known?.node !== expected.node && 'the table is held to the releases whose lists are kept';
test('each entry of the table has a difference and a reason', { skip }, () => {
  assert.deepEqual(accepted.filter(({ lines }, i) => !used.has(i) && (lines === undefined || lines.includes(line))).map(({ at }) => at), []);
  for (const { at, why } of accepted) assert.ok(why.length > 5, at);
});

test('differences of the built-in surface from the one recorded for its line are reported', (t) => {
  const found = known === undefined ? [] : differences(known, expected);
  t.diagnostic(known === undefined ? `no list of Node ${line} is kept` : `${found.length} differences from Node ${known.node}`);
  for (const [where, a, b] of found.slice(0, 40)) t.diagnostic(`${where}: ${show(a)}, now ${show(b)}`);
});

test('events of live objects have as many listeners as those of the built-in ones', () => {
  const ours = surfaceOf(['--require', path.resolve(__dirname, '../../lib/register.js')], {});
  const counts = (lists) => Object.fromEntries(Object.entries(lists ?? {}).map(([event, list]) => [event, list.length]));
  for (const kind of ['instances', 'sockets']) {
    for (const [name, { events }] of Object.entries(expected[kind])) assert.deepEqual(counts(ours[kind][name].events), counts(events), name);
  }
});
