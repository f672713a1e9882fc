'use strict';
// What loading the package does not change.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const root = path.resolve(__dirname, '../..');
const WATCH = `
for (const name of ['stdin', 'stdout', 'stderr']) {
  const { get } = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get() {
    require('fs').writeSync(2, name + ' was opened\\n' + new Error().stack + '\\n');
    return get.call(this);
  } });
}
`;

// A file as standard input becomes a stream that opens it, which takes a tick: async hooks of a program see both.
for (const name of ['lib/index.js', 'lib/https.js', 'lib/register.js']) {
  test(`${name} opens none of the streams of the process`, () => {
    const stdin = fs.openSync(__filename);
    const { stderr, status } = spawnSync(process.execPath, ['-e', `${WATCH}require(${JSON.stringify(path.join(root, name))})`], { stdio: [stdin, 'pipe', 'pipe'], encoding: 'utf8' });
    fs.closeSync(stdin);
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });
}

// On Windows node's raw messages end like text lines there.
function say(...args) {
  const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { stderr: stderr.replaceAll('\r\n', '\n'), status };
}

// Hooks, channels and traces see nothing of the questions to the built-in at load, except one parser. `http` itself is
// loaded before.
const LISTEN = `
require('http');
const { subscribe } = require('diagnostics_channel');
const seen = new Set();
for (const name of ['client.request.created', 'client.request.start', 'client.request.error', 'server.request.start', 'server.response.created']) {
  subscribe('http.' + name, () => seen.add(name));
}
process.on('exit', () => process._rawDebug(JSON.stringify([...seen].sort())));
const { nextTick } = process;
`;
const HOOK = `
const { createHook } = require('async_hooks');
const ofServers = new Set();
const first = createHook({ init(id, type) { ofServers.add(type); } }).enable();
new (require('http').Server)();
first.disable();
// Node 18.12 begins a timer with each server, also with one that does not listen.
const hook = createHook({ init(id, type) { if (type !== 'PROMISE' && !ofServers.has(type)) seen.add(type); } }).enable();
`;
const DONE = `
if (process.nextTick !== nextTick) seen.add('another nextTick');
`;

test('no channel sees the questions to the built-in at load, and hooks see one parser', () => {
  for (const name of ['lib/compat/node-features.js', 'lib/compat/probes.js']) {
    const { stderr, status } = say('-e', `${LISTEN}${HOOK}require(${JSON.stringify(path.join(root, name))}); hook.disable();${DONE}`);
    assert.equal(stderr, `${JSON.stringify(name.includes('features') ? ['HTTPINCOMINGMESSAGE'] : [])}\n`);
    assert.equal(status, 0);
  }
});

const ASK = `
const answers = {};
for (const [name, answer] of Object.entries(features)) if (typeof answer === 'function') answers[name] = answer();
`;

test('no channel sees the later questions either, and they leave nothing open', () => {
  const features = JSON.stringify(path.join(root, 'lib/compat/node-features.js'));
  const { stderr, status } = say('-e', `${LISTEN}const features = require(${features});${ASK}${DONE}`);
  assert.equal(stderr, '[]\n');
  assert.equal(status, 0);
});

test('later questions get the same answers as at load, whatever the program has replaced since', () => {
  const print = 'process._rawDebug(JSON.stringify(answers));';
  const [builtins, features, preload] = ['lib/compat/builtin.js', 'lib/compat/node-features.js', 'lib/register.js'].map((name) => JSON.stringify(path.join(root, name)));
  const replaced = `
    require(${preload});
    const features = require(${features});
    const http = require('http');
    http.globalAgent = new (require('https').Agent)();
    for (const exports of [http, require('_http_server'), require('_http_common'), require('_http_outgoing')]) {
      for (const name of Object.keys(exports)) if (typeof exports[name] === 'function') exports[name] = () => { throw new Error('replaced'); };
    }
    // Not HTTPParser: the built-in keeps the parsers, and takes one of them itself.
    const { HTTPParser, ...classes } = require(${builtins});
    for (const builtin of Object.values(classes)) {
      for (const name of Object.getOwnPropertyNames(builtin?.prototype ?? {})) {
        const { value, writable } = Object.getOwnPropertyDescriptor(builtin.prototype, name);
        if (typeof value === 'function' && writable && name !== 'constructor') builtin.prototype[name] = () => { throw new Error('replaced'); };
      }
    }
    require('path').join = process.nextTick = () => { throw new Error('replaced'); };
  `;
  const [first, later] = [`const features = require(${features});`, replaced].map((before) => say('-e', `${before}${ASK}${print}`));
  assert.match(first.stderr, /^\{"[^]+\}\n$/);
  assert.equal(later.stderr, first.stderr);
});

test('the questions are answered by the built-in, not by the number of the release', () => {
  const probes = require('../../lib/compat/probes');
  const questions = Object.entries(probes).filter(([name, question]) => typeof question === 'function' && !['ask', 'unprinted'].includes(name));
  assert.ok(questions.length > 30);
  const none = {};
  const unanswered = questions.filter(([, question]) => probes.ask(question, none) === none).map(([name]) => name);
  assert.deepEqual(unanswered, []);
});

const register = path.join(root, 'lib/register.js');
const SERVE = `
const http = require('http');
const server = http.createServer((req, res) => res.end('ok')).listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port }, (res) => {
    process._rawDebug(res.statusCode + ' ' + Object.hasOwn(http.Server.prototype, 'stats'));
    res.resume();
    server.close();
  });
});
`;

function served(...flags) {
  const { stderr, status } = spawnSync(process.execPath, [...flags, '--require', register, '--eval', SERVE], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
  return { stderr, status, last: stderr.match(/^\d+ (?:true|false)$/m)?.[0] };
}

// The options that every supported line has.
for (const flags of [['--disable-proto=throw'], ['--disable-proto=delete'], ['--frozen-intrinsics'], ['--no-warnings', '--frozen-intrinsics', '--disable-proto=delete']]) {
  test(`the preload serves with ${flags.join(' ')}`, () => {
    const { stderr, status, last } = served(...flags);
    assert.equal(last, '200 true', stderr);
    assert.equal(status, 0);
  });
}

/** Builds a snapshot of a script, and runs it. */
function snapshot(script, ...flags) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-snapshot-'));
  const [file, blob] = ['script.js', 'blob'].map((name) => path.join(dir, name));
  fs.writeFileSync(file, `const { createRequire } = require('module');\nconst { startupSnapshot } = require('v8');\n${script}`);
  const options = { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } };
  const built = spawnSync(process.execPath, ['--snapshot-blob', blob, '--build-snapshot', file], options);
  const run = built.status === 0 ? spawnSync(process.execPath, [...flags, '--snapshot-blob', blob], options) : null;
  fs.rmSync(dir, { recursive: true });
  return { built, run };
}

const hasSnapshots = snapshot('startupSnapshot.setDeserializeMainFunction(() => {});').run?.status === 0;

test('a snapshot serves with the preload it is started with, and with one that it loads itself', { skip: !hasSnapshots && 'this release has no snapshots of programs' }, () => {
  const load = `createRequire(${JSON.stringify(register)})(${JSON.stringify(register)});`;
  const main = (code) => `startupSnapshot.setDeserializeMainFunction(() => { ${code}${SERVE} });`;
  for (const [script, ...flags] of [[main(''), '--require', register], [main(load)]]) {
    const { built, run } = snapshot(script, ...flags);
    assert.equal(built.status, 0, built.stderr);
    assert.match(run.stderr, /^200 true$/m);
    assert.equal(run.status, 0);
  }
});

test('while a snapshot is built, the package says when to load it, and the preload keeps the built-in', { skip: !hasSnapshots && 'this release has no snapshots of programs' }, () => {
  const tried = (name) => `
    try {
      createRequire(${JSON.stringify(register)})(${JSON.stringify(path.join(root, name))});
    } catch (error) {
      process._rawDebug('refused: ' + error.message);
    }
  `;
  const why = 'a snapshot can hold no addon: load it when the snapshot is started, with --require or in its main function';
  const warned = snapshot(tried('lib/register.js')).built.stderr;
  // Node 18 cannot load any file of a program there.
  if (!/^refused: This is caused by either a bug in Node.js/m.test(warned)) assert.ok(warned.includes(`Warning: rust-http is not used, and http is the built-in one: ${why}.`), warned);
});

test('in a process that loads no addons, the preload says which option is missing and keeps the built-in', () => {
  const has = (flag) => process.allowedNodeEnvironmentFlags.has(flag);
  const permission = ['--permission', '--experimental-permission'].find(has);
  const net = has('--allow-net') ? ['--allow-net'] : [];
  const refusing = [['--no-addons']];
  // All files, or only those of the package.
  if (permission !== undefined) for (const files of ['*', `${root}${path.sep}*`]) refusing.push([permission, `--allow-fs-read=${files}`, ...net]);
  for (const flags of refusing) {
    const { stderr, status, last } = served(...flags);
    assert.equal(last, '200 false', stderr);
    assert.match(stderr, /^\(node:\d+\) Warning: rust-http is not used, and http is the built-in one: this process loads no addons\. .*--allow-addons/m);
    assert.equal(status, 0);
    // 20.9 loads none with permissions, whatever is allowed.
    if (flags.length > 1 && has('--allow-addons')) assert.equal(served(...flags, '--allow-addons').last, '200 true');
  }
});

test('NODE_DEBUG=http prints nothing of the questions to the built-in, and its warning once', () => {
  const say = (program) => {
    const { stderr, status } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', env: { ...process.env, NODE_DEBUG: 'http', NODE_OPTIONS: '' } });
    assert.equal(status, 0);
    return { stderr, warnings: stderr.match(/Setting the NODE_DEBUG environment variable to 'http'/g)?.length ?? 0 };
  };
  for (const name of ['lib/index.js', 'lib/https.js', 'lib/register.js']) {
    const { stderr, warnings } = say(`require(${JSON.stringify(path.join(root, name))})`);
    assert.doesNotMatch(stderr, /^HTTP \d+:/m);
    // The first message warns, at the latest.
    assert.ok(warnings <= 1, stderr);
  }
  const { warnings } = say(`
    const http = require(${JSON.stringify(path.join(root, 'lib/index.js'))});
    const server = http.createServer((req, res) => res.end('x')).listen(0, () => {
      http.get({ port: server.address().port, agent: false }, (res) => res.resume().on('end', () => server.close()));
    });
  `);
  assert.equal(warnings, 1);
});
