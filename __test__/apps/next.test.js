'use strict';

// A Next application that uses the package, built once: served by `next start`, and by its standalone output where
// neither the project nor the package is.

const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { Project } = require('../package/project');
const { plainEnv } = require('../support/process');
const { raw, request, sameInAll, skip, twoArms, whole } = require('./arms');
const { freePort } = require('../support/port');

const modules = path.join(__dirname, 'node_modules');
const env = { NEXT_TELEMETRY_DISABLED: '1', HOSTNAME: '127.0.0.1' };

/** The installed packages that these need, by name. */
function closure(names, found = new Set()) {
  for (const name of names) {
    const manifest = path.join(modules, name, 'package.json');
    if (found.has(name) || !fs.existsSync(manifest)) continue;
    found.add(name);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    closure(Object.keys({ ...dependencies, ...optionalDependencies }), found);
  }
  return found;
}

let project;
before(() => {
  if (skip) return;
  project = new Project('next');
  fs.cpSync(path.join(__dirname, 'next'), project.dir, { recursive: true });
  // The tools that build it are copied into the project, as its bundler follows no link out of it.
  for (const name of closure(['next', 'react', 'react-dom'])) fs.cpSync(path.join(modules, name), project.file(`node_modules/${name}`), { recursive: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, ['node_modules/next/dist/bin/next', 'build'], { cwd: project.dir, env: { ...plainEnv(), ...env, NODE_ENV: 'production' }, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});
after(() => project?.remove());

const masks = [[/^(?:etag|last-modified): .*$/gmi, 'tag'], [/"b":"[\w-]+"|\\"b\\":\\"[\w-]+\\"/g, 'build']];

async function visit(port) {
  const ask = (...args) => raw(port, request(...args), masks);
  return {
    page: await ask('GET', '/', { 'User-Agent': 'the test' }),
    zipped: (await ask('GET', '/', { 'User-Agent': 'the test', 'Accept-Encoding': 'gzip' })).split('\r\n\r\n')[0],
    late: (await ask('GET', '/slow')).includes('late'),
    echo: whole(await ask('POST', '/api/echo', { 'Content-Type': 'text/plain' }, 'x'.repeat(200000))),
    redirect: await ask('GET', '/api/echo'),
    refused: await ask('PUT', '/api/echo', {}, 'x'),
    asks: (await ask('GET', `/api/asks?port=${port}`)).replaceAll(String(port), 'PORT'),
    file: await ask('GET', '/file.txt'),
    part: await ask('GET', '/file.txt', { Range: 'bytes=2-5' }),
    head: await ask('HEAD', '/file.txt'),
    missing: (await ask('GET', '/missing')).split('\r\n\r\n')[0],
    pipelined: (await raw(port, request('GET', '/file.txt', { Connection: 'keep-alive' }) + request('GET', '/api/echo'), masks)).match(/HTTP\/1\.1 \d+/g).join(),
  };
}

function looksRight(found) {
  assert.match(found.page, /^HTTP\/1\.1 200 OK\r\n[^]*<p id="agent">the test<!-- --> asks<\/p>/);
  assert.equal(found.late, true);
  assert.match(found.echo, /^HTTP\/1\.1 201 Created\r\n/);
  assert.equal(found.echo.split('\r\n\r\n')[1], 'x'.repeat(200000));
  assert.match(found.asks, /\{"text":"201 by rust-http","ours":"function"\}/);
  assert.match(found.part, /^HTTP\/1\.1 206 Partial Content\r\n/);
  assert.match(found.refused, /^HTTP\/1\.1 405 /);
}

test('Next serves with next start', { skip }, async (t) => {
  looksRight(await sameInAll(t, twoArms, async (start) => {
    const port = await freePort();
    const app = start(['node_modules/next/dist/bin/next', 'start', '-p', String(port), '-H', '127.0.0.1'], { cwd: project.dir, env });
    await app.said(/Ready in/);
    return { ...await visit(port), exit: await app.end('SIGTERM') };
  }));
});

test('Next serves from its standalone output, which has the package and its addon in it, where no project is', { skip }, async (t) => {
  const out = path.join(project.tmp, 'standalone');
  fs.renameSync(project.file('.next/standalone'), out);
  fs.cpSync(project.file('public'), path.join(out, 'public'), { recursive: true });
  fs.renameSync(project.dir, project.away);
  t.after(() => fs.renameSync(project.away, project.dir));
  const addons = fs.readdirSync(out, { recursive: true }).filter((file) => /rust-http[^/]*\.node$/.test(file));
  assert.equal(addons.length, 1, addons.join());
  looksRight(await sameInAll(t, twoArms, async (start, arm) => {
    const port = await freePort();
    // The preload is the traced copy.
    const packed = { ...arm, options: arm.options.map((option) => (option.endsWith('/register.js') ? 'rust-http/register' : option)) };
    const app = start(['server.js'], { cwd: out, env: { ...env, PORT: String(port) }, arm: packed });
    await app.said(/Ready in/);
    return { ...await visit(port), exit: await app.end('SIGTERM') };
  }));
});
