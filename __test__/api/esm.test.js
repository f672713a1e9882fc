'use strict';
// Loads the package as users do: by require and import, under each of its names.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { installed, root } = require('./package');
const manifest = require('../../package.json');

let dir;
test.before(() => (dir = installed()));
test.after(() => fs.rmSync(dir, { recursive: true }));

/** Runs a module in a directory that has the package installed; returns its output, parsed as JSON. */
function run(ending, text, options = []) {
  const file = path.join(dir, `program${ending}`);
  fs.writeFileSync(file, text);
  const out = execFileSync(process.execPath, [...options, file], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: 30000 });
  return JSON.parse(out);
}

const answers = (ask) => `
  const server = createServer((req, res) => res.end('served ' + req.url));
  server.listen(0, '127.0.0.1', () => {
    ${ask}({ port: server.address().port, host: '127.0.0.1', path: '/x', agent: false }, (res) => {
      res.setEncoding('utf8').on('data', (text) => {
        console.log(JSON.stringify([text, http.createServer === createServer, server instanceof http.Server]));
        server.close();
      });
    });
  });`;

test("import http, { createServer } from 'rust-http' serves", () => {
  assert.deepEqual(run('.mjs', `import http, { createServer } from 'rust-http';${answers('http.get')}`), ['served /x', true, true]);
});

test("require('rust-http') serves, and is what import gets", () => {
  assert.deepEqual(run('.cjs', `const http = require('rust-http'); const { createServer } = http;${answers('http.get')}`), ['served /x', true, true]);
  assert.deepEqual(run('.mjs', `
    import { createRequire } from 'node:module';
    import http, * as names from 'rust-http';
    import https, * as secureNames from 'rust-http/https';
    const require = createRequire(import.meta.url);
    const same = (module, ns) => Object.keys(ns).every((name) => name === 'default' || ns[name] === module[name]);
    console.log(JSON.stringify([http === require('rust-http'), https === require('rust-http/https'), same(http, names), same(https, secureNames)]));`),
                   [true, true, true, true]);
});

for (const name of ['http', 'https']) {
  test(`the named imports are those of node:${name}`, () => {
    const ours = name === 'http' ? 'rust-http' : 'rust-http/https';
    const [mine, theirs] = run('.mjs', `
      import * as mine from '${ours}';
      import * as theirs from 'node:${name}';
      // What later lines have is undefined: the names of a module are fixed.
      console.log(JSON.stringify([Object.keys(mine).filter((key) => mine[key] !== undefined), Object.keys(theirs)]));`);
    assert.deepEqual(mine, theirs.filter((key) => mine.includes(key)), 'no name more, in the same order');
    assert.deepEqual(theirs.filter((key) => !mine.includes(key)), []);
  });
}

for (const [way, ending, load] of [['require', '.cjs', "require('rust-http/register');"], ['import', '.mjs', "import 'rust-http/register';"]]) {
  test(`rust-http/register by ${way} makes node:http ours`, () => {
    const rest = ending === '.cjs'
      ? "const http = require('node:http'), ours = require('rust-http'), show = (names) => console.log(JSON.stringify(names));"
      : "import http, { Server } from 'node:http'; import ours from 'rust-http'; const show = (names) => console.log(JSON.stringify([...names, Server === ours.Server]));";
    const seen = run(ending, `${load}\n${rest}\nshow([http.Server === ours.Server, http.request === ours.request]);`);
    assert.ok(seen.length >= 2 && seen.every(Boolean), String(seen));
  });
}

test('--import rust-http/register makes node:http ours', { skip: Number(process.versions.node.split('.')[0]) < 20 && 'needs Node 20' }, () => {
  const text = "import { Server } from 'node:http'; import ours from 'rust-http'; console.log(Server === ours.Server);";
  // A name is resolved from the working directory.
  const file = path.join(dir, 'preloaded.mjs');
  fs.writeFileSync(file, text);
  const out = execFileSync(process.execPath, ['--import', 'rust-http/register', file], { cwd: dir, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
  assert.equal(out.trim(), 'true');
});

test('every file that the exports name is there and is packed', () => {
  const targets = [];
  const walk = (value) => (typeof value === 'string' ? targets.push(value) : Object.values(value).forEach(walk));
  walk(manifest.exports);
  assert.ok(targets.length >= 10);
  for (const target of targets) {
    assert.ok(fs.existsSync(path.join(root, target)), target);
    const packed = target.startsWith('./lib/') || /^\.\/\w+\.d\.m?ts$/.test(target) || target === './package.json';
    assert.ok(packed, `${target} in files: ${manifest.files}`);
  }
});

test('nothing else of the package can be loaded by name', () => {
  const error = run('.cjs', "try { require('rust-http/lib/client/agent') } catch (e) { console.log(JSON.stringify(e.code)) }");
  assert.equal(error, 'ERR_PACKAGE_PATH_NOT_EXPORTED');
});
