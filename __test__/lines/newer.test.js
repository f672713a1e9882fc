'use strict';
// A Node release newer than all that the package was tested on.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const { NEWEST } = require('../../lib/compat/release');
const tested = require('../../.ci/lines.json');

const root = path.resolve(__dirname, '../..');
const as = (version) => `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
// The questions when the package is loaded, and the later ones.
const BROKEN = {
  'at load': "require('http').OutgoingMessage.prototype.cork = () => { throw new Error('broken'); };",
  'later': "require('http').Agent.prototype.keepSocketAlive = () => { throw new Error('broken'); };",
};

/** Lets a program serve a request to itself; returns its output, with the warnings separate. */
function serve(before, transport = 'native') {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', `${before}
    const http = require(${JSON.stringify(root)});
    const server = http.createServer((req, res) => res.end('body of ' + req.url)).listen(0, '127.0.0.1', () => {
      http.get({ port: server.address().port, path: '/x' }, (res) => {
        res.setEncoding('utf8').on('data', (text) => console.log(res.statusCode, text, server.transport));
        res.on('end', () => server.close());
      });
    });
  `], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', RUST_HTTP_TRANSPORT: transport } });
  assert.equal(status, 0, stderr);
  return { printed: stdout, warnings: stderr.match(/^\(node:\d+\) .*/gm) ?? [] };
}

test('the newest line known to the package is the newest that it is tested on', () => {
  assert.equal(NEWEST, Math.max(...Object.keys(tested).map(Number)));
});

test('a newer release that answers all questions has each transport, and no warning', () => {
  // Where there is no other, it is the stream transport.
  const { transport } = new (require('../..').Server)({ transport: 'native' });
  assert.deepEqual(serve(as(`${NEWEST + 1}.0.0`)), { printed: `200 body of /x ${transport === 'stream' ? 'stream' : 'native'}\n`, warnings: [] });
});

for (const [when, broken] of Object.entries(BROKEN)) {
  for (const transport of ['native', 'offload']) {
    test(`a newer release that does not answer ${when} has the stream transport instead of ${transport}, and one warning`, () => {
      const { printed, warnings } = serve(`${as('1234.5.6')}${broken}`, transport);
      assert.equal(printed, '200 body of /x stream\n');
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], new RegExp(`Warning: rust-http: Node 1234 is newer than the releases that this version of rust-http knows \\(up to ${NEWEST}\\)`));
      assert.match(warnings[0], /\((?:corksEachTurn|hintMargin)\)/);
    });
  }
}

test('a known release gives no warning, and questions it does not answer are decided by its line', () => {
  for (const broken of Object.values(BROKEN)) {
    const { printed, warnings } = serve(broken);
    assert.match(printed, /^200 body of \/x (?:native|stream)\n$/);
    assert.deepEqual(warnings, []);
  }
});
