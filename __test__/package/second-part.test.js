'use strict';

// The second part of the bundle: what only connections and requests need. It is compiled and run when the first one comes.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { copies, skip } = require('./built');
const { root } = require('./pack');

const copy = copies();

// Serves and asks, after `meanwhile` was done to the package.
const program = (meanwhile = '') => `
  const http = require('./dist');
  const server = http.createServer((req, res) => req.pipe(res)).listen(0, '127.0.0.1', () => {
    ${meanwhile};
    const agent = new http.Agent({ keepAlive: true });
    const ask = (body, done) => http.request({ port: server.address().port, agent, method: 'POST' }, (res) => res.setEncoding('utf8').once('data', (text) => res.on('end', () => done(text)))).end(body);
    ask('a', (first) => setImmediate(ask, 'b', (second) => {
      console.log(first + second);
      agent.destroy();
      server.close();
    }));
  });
`;

const DISTURBANCES = {
  'is there': '',
  'was removed': "require('fs').rmSync('dist', { recursive: true })",
  'is that of another version': "for (const file of require('fs').readdirSync('dist/bundle')) require('fs').writeFileSync('dist/bundle/' + file, 'throw new Error()')",
  'is hidden by a program that has replaced what reads files': "for (const name of ['readFileSync', 'openSync', 'readSync']) require('fs')[name] = () => { throw new Error(); }",
  'cannot be required any more': "require('module')._load = () => { throw new Error(); }",
  'cannot be compiled by what the program has put in the place of scripts': "require('vm').Script = class {}; require('vm').Script.prototype.runInThisContext = () => { throw new Error(); }",
};

for (const [what, meanwhile] of Object.entries(DISTURBANCES)) {
  test(`a server that listens serves, and a client asks, where the package ${what}`, { skip }, () => {
    const { dir } = copy;
    const untouched = path.join(dir, 'untouched');
    fs.cpSync(path.join(dir, 'dist'), untouched, { recursive: true });
    const fresh = () => {
      fs.rmSync(path.join(dir, 'dist'), { recursive: true, force: true });
      fs.cpSync(untouched, path.join(dir, 'dist'), { recursive: true });
    };
    assert.equal(copy.run(['-e', program(meanwhile)]), 'ab');
    fresh();
    copy.run(['-e', "require('./dist')"]);
    assert.equal(copy.run(['-e', program(meanwhile)]), 'ab', 'with kept code');
    fresh();
    assert.equal(copy.run(['-e', program(meanwhile)], { NODE_DISABLE_COMPILE_CACHE: '1' }), 'ab', 'as one module');
  });
}

test('the second part runs from the code that was kept of it', { skip }, () => {
  const drain = ['-e', "require('./dist').createServer().drain().then(({ reason }) => console.log(reason))"];
  copy.run(['-e', "require('./dist')"]);
  const file = path.join(copy.bundle, 'rust-http.js');
  const text = fs.readFileSync(file, 'utf8');
  assert.equal(text.split('"drained"').length, 2);
  // V8 compares the length of the source with that of the code.
  fs.writeFileSync(file, text.replace('"drained"', '"DRAINED"'));
  assert.equal(copy.run(drain), 'drained');
  assert.equal(copy.run(drain, { NODE_DISABLE_COMPILE_CACHE: '1' }), 'DRAINED');
  for (const name of fs.readdirSync(copy.bundle)) if (name.endsWith('-second')) fs.unlinkSync(path.join(copy.bundle, name));
  assert.equal(copy.run(drain), 'DRAINED');
});

test('the second part requires nothing, and stands in the file where its stacks say', { skip }, () => {
  const text = fs.readFileSync(path.join(copy.bundle, 'rust-http.js'), 'utf8');
  const [first, second] = text.split('var __second = ');
  assert.notEqual(first.match(/\brequire\("[^"]+"\)/g), null);
  assert.equal(second.match(/\brequire\("[^"]+"\)/g), null);
  const line = text.split('\n').findIndex((one) => /^ {4}function serve\(server, /.test(one)) + 1;
  assert.ok(line > first.split('\n').length);
  const stack = `const http = require('./dist');
    const s = http.createServer();
    s.emit('connection', { on() { throw new Error('looked at'); } });`;
  for (const env of [{}, {}, { NODE_DISABLE_COMPILE_CACHE: '1' }]) {
    const said = copy.run(['-e', `try { ${stack} } catch (error) { console.log(error.stack); }`], env);
    const [, found] = / serve \(.*rust-http\.js:(\d+):\d+\)/.exec(said);
    assert.ok(Number(found) > line && Number(found) < line + 60, said);
  }
});

test('what loads the package, makes a server and an agent, and listens needs no file of the second part', { skip }, () => {
  const { SECOND } = require('../../scripts/bundle');
  const files = SECOND.map((name) => path.join(root, 'lib', `${name}.js`));
  const loaded = (then) => JSON.parse(copy.run(['-e', `
    const lib = ${JSON.stringify(path.join(root, 'lib'))};
    require(lib + '/register.js');
    require(lib + '/https.js');
    const http = require(lib);
    new http.Agent({ keepAlive: true });
    const server = http.createServer(() => {}).listen(0, () => {
      ${then}
      console.log(JSON.stringify(Object.keys(require.cache)));
      process.exit();
    });
  `]));
  assert.deepEqual(files.filter((file) => loaded('').includes(file)), []);
  const needed = loaded("server.emit('connection', new (require('stream').Duplex)({ read() {}, write() {} }));");
  assert.ok(needed.includes(path.join(root, 'lib/server/connection.js')));
  for (const file of files) assert.ok(fs.existsSync(file), file);
});
