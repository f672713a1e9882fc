'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { Running } = require('../support/process');
const { directory, raw, request, sameInAll, skip, twoArms } = require('./arms');
const { freePort } = require('../support/port');

const verdaccio = path.join(__dirname, 'node_modules/verdaccio/bin/verdaccio');
const CONFIG = `storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
packages:
  '**':
    access: $all
    publish: $authenticated
    unpublish: $authenticated
log: { type: stdout, format: json, level: warn }
`;

/** Bytes that do not compress, and are the same each time. */
function noise(bytes) {
  const parts = [];
  for (let n = 0; n < bytes / 64; n++) parts.push(createHash('sha512').update(`${n}`).digest());
  return Buffer.concat(parts);
}

/** An npm home with its own registry, whose npm uses the same http as the registry. */
class Npm {
  constructor(dir, port, arm) {
    this.dir = dir;
    this.env = { ...arm.env, HOME: dir, CI: '1', NODE_OPTIONS: arm.options.slice(0, -2).join(' ') };
    this.rc = (token) => fs.writeFileSync(path.join(dir, '.npmrc'), `registry=http://127.0.0.1:${port}/\nnoproxy=127.0.0.1\ncache=${dir}/cache\naudit=false\nfund=false\nupdate-notifier=false\n${token ? `//127.0.0.1:${port}/:_authToken=${token}\n` : ''}`);
  }

  async run(where, ...args) {
    const npm = new Running(['npm', ...args], { cwd: path.join(this.dir, where), env: this.env });
    const status = await npm.closed;
    return { status, output: npm.output };
  }
}

test('verdaccio: npm publishes to it, installs from it, and is refused; both on the same http', { skip }, async (t) => {
  const found = await sameInAll(t, twoArms, async (start, arm) => {
    const dir = directory(t, 'verdaccio');
    const port = await freePort();
    fs.writeFileSync(path.join(dir, 'config.yaml'), CONFIG);
    const app = start([verdaccio, '--config', 'config.yaml', '--listen', `127.0.0.1:${port}`], { cwd: dir, env: { HOME: dir } });
    await app.said(/http address/);
    const npm = new Npm(dir, port, arm);
    for (const name of ['made', 'using']) fs.mkdirSync(path.join(dir, name));
    const large = noise(3000000);
    fs.writeFileSync(path.join(dir, 'made/package.json'), JSON.stringify({ name: 'made-here', version: '1.2.3', description: 'a package', main: 'index.js' }));
    fs.writeFileSync(path.join(dir, 'made/index.js'), 'module.exports = 42;\n');
    fs.writeFileSync(path.join(dir, 'made/large.bin'), large);
    fs.writeFileSync(path.join(dir, 'using/package.json'), '{ "name": "using", "version": "1.0.0" }');

    npm.rc();
    const refused = await npm.run('made', 'publish');
    const user = await raw(port, request('PUT', '/-/user/org.couchdb.user:ann', { 'Content-Type': 'application/json' }, JSON.stringify({ name: 'ann', password: 'a-long-one', type: 'user' })));
    npm.rc(/"token":\s*"([^"]+)"/.exec(user)[1]);
    const published = await npm.run('made', 'publish');
    const again = await npm.run('made', 'publish');
    const installed = await npm.run('using', 'install', 'made-here@^1.0.0');
    const missing = await npm.run('using', 'install', 'never-made');
    const viewed = await npm.run('using', 'view', 'made-here', '--json');
    assert.equal(installed.status, 0, installed.output);
    assert.deepEqual(fs.readFileSync(path.join(dir, 'using/node_modules/made-here/large.bin')), large);
    const masks = [[new RegExp(`\\b${port}\\b`, 'g'), 'PORT'], [/"[\d-]+T[\d:.]+Z"/g, '"then"'], [/^(?:etag|last-modified|x-ratelimit\S*|ratelimit\S*): .*$/gmi, 'tag'], [/"time":"\w{3}, [^"]+"/, '"time"'], [/"token":\s*"[^"]+"/, '"token"'], [/"(?:_rev|_nodeVersion|_id|_npmVersion)":\s*"[^"]*"/g, '"own"'], [/\d-[0-9a-f]{16,}/g, 'rev'], [/"(?:score|searchScore|final|detail)":\s*[{\d][^]*?(?=\}\]|$)/g, '"score"'], [/nonce-[\w+/=]+/g, 'nonce']];
    const masked = (text) => masks.reduce((done, [pattern, by]) => done.replace(pattern, by), text);
    const answers = { user: masked(user).replace(/^date: .*$/mi, '') };
    for (const target of ['/made-here', '/made-here/1.2.3', '/made-here/9.9.9', '/never-made', '/-/ping', '/-/v1/search?text=made', '/-/whoami']) answers[target] = await raw(port, request('GET', target), masks);
    const tarball = await raw(port, request('GET', '/made-here/-/made-here-1.2.3.tgz'), masks);
    return {
      ...answers,
      tarball: createHash('sha256').update(tarball, 'latin1').digest('hex'),
      gzip: (await raw(port, request('GET', '/made-here', { 'Accept-Encoding': 'gzip' }), masks)).split('\r\n\r\n')[0],
      codes: [refused, published, again, installed, missing].map(({ status, output }) => [status, /code (E\w+)|cannot publish over/.exec(output)?.[0]]),
      view: JSON.parse(viewed.output).dist.integrity,
      exit: await app.end('SIGTERM'),
    };
  });
  assert.deepEqual(found.codes, [[1, 'code ENEEDAUTH'], [0, undefined], [1, 'cannot publish over'], [0, undefined], [1, 'code E404']]);
  assert.match(found['/made-here/1.2.3'], /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(found['/never-made'], /^HTTP\/1\.1 404 /);
});
