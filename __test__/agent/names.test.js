'use strict';
// agent.getName() returns what the built-in one does, however often and in whatever order it is called.

const assert = require('node:assert/strict');
const builtin = require('node:http');
const { test } = require('node:test');
const http = require('../..');
const { random } = require('../random');

const HOSTS = [undefined, null, '', 'localhost', 'example.org', 'EXAMPLE.org', '127.0.0.1', '::1', '[::1]', 'h:1', ':', 'bücher.de', '\u{1f600}', 'a b', 0, 1, NaN, true, false];
const PORTS = [undefined, null, '', 0, '0', 80, '80', 443, 65535, 65536, -1, 8080.5, NaN, Infinity, 'http', true, false, 1n];
const ADDRESSES = [undefined, null, '', '127.0.0.1', '::1', 'fe80::1%eth0', '80', 80, 0, false];
const FAMILIES = [undefined, null, 0, 4, 6, '4', '6', 5, 4.5, NaN, true];
const PATHS = [undefined, null, '', '/tmp/a.sock', '\0abstract', 'ü', '4', ':', 6, 0];

function* generated(count) {
  const below = random(20);
  const pick = (list) => list[below(list.length)];
  for (let n = 0; n < count; n++) {
    const options = {};
    for (const [name, list] of [['host', HOSTS], ['port', PORTS], ['localAddress', ADDRESSES], ['family', FAMILIES], ['socketPath', PATHS]]) {
      if (below(4) !== 0) options[name] = pick(list);
    }
    yield options;
  }
}

test('20,000 generated origins get the same names as from the built-in agent, twice', () => {
  const theirs = new builtin.Agent();
  const ours = new http.Agent();
  let names = 0;
  for (const options of generated(20_000)) {
    const expected = theirs.getName(options);
    assert.equal(ours.getName(options), expected);
    assert.equal(ours.getName({ ...options }), expected);
    names++;
  }
  assert.equal(names, 20_000);
  assert.equal(ours.getName(), theirs.getName());
  assert.equal(ours.getName({}), theirs.getName({}));
});

test('more hosts than are remembered keep their names', () => {
  const theirs = new builtin.Agent();
  const ours = new http.Agent();
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 1300; n++) {
      const options = { host: `h${n}`, port: n % 7 };
      assert.equal(ours.getName(options), theirs.getName(options));
    }
  }
});

test('an object that changes its text changes the name', () => {
  let text = 'a';
  const value = { toString: () => text };
  for (const agent of [new builtin.Agent(), new http.Agent()]) {
    for (const member of ['host', 'port', 'localAddress', 'socketPath']) {
      text = 'a';
      const before = agent.getName({ host: 'h', [member]: value });
      text = 'b';
      assert.notEqual(agent.getName({ host: 'h', [member]: value }), before);
    }
  }
  assert.throws(() => new http.Agent().getName({ host: Symbol('h') }), TypeError);
  assert.throws(() => new builtin.Agent().getName({ host: Symbol('h') }), TypeError);
});
