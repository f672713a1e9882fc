'use strict';
// rust-http/https: server, agent and requests over node's TLS.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { test } = require('node:test');
const builtin = require('node:https');
const net = require('node:net');
const http = require('../..');
const https = require('../../lib/https');
const { cert, key } = require('./certificate');
const { exchange } = require('../support/exchange');

async function start(module = https, handler = (req, res) => res.end(`${req.method} ${req.url}`)) {
  const server = module.createServer({ key, cert }, handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: server.address().port };
}

test('exports and classes have the names, lengths and members of the built-in module', () => {
  assert.deepEqual(Object.keys(https), Object.keys(builtin));
  for (const name of ['Server', 'Agent']) {
    // Members that Node does not have, or this Node not as own members, as documented.
    const members = Reflect.ownKeys(https[name].prototype).filter((key) => !['drain', 'listen', 'removeResponse', 'respond', 'stats'].includes(String(key)));
    assert.deepEqual(members, Reflect.ownKeys(builtin[name].prototype), name);
    assert.equal(https[name].length, builtin[name].length);
    assert.deepEqual(Object.keys(new https[name]()), Object.keys(new builtin[name]()), name);
  }
  for (const name of ['createServer', 'get', 'request']) assert.equal(https[name].length, builtin[name].length, name);
  assert.ok(https.Agent() instanceof http.Agent);
  assert.ok(https.Server() instanceof require('node:tls').Server);
  assert.deepEqual(https.globalAgent.options, builtin.globalAgent.options);
});

test('our client talks to our server and to the built-in one, the built-in client to ours', async () => {
  for (const [client, served] of [[https, https], [https, builtin], [builtin, https]]) {
    const { server, port } = await start(served);
    const { body, socket } = await exchange(client, { rejectUnauthorized: false, port, path: '/x', agent: false });
    assert.equal(body, 'GET /x');
    assert.equal(socket.encrypted, true);
    server.close();
  }
});

test('a kept connection serves the next request, a new one reuses the session', async () => {
  const { server, port } = await start();
  const agent = new https.Agent({ keepAlive: true });
  const first = await exchange(https, { rejectUnauthorized: false, port, agent });
  const second = await exchange(https, { rejectUnauthorized: false, port, agent });
  assert.equal(second.socket, first.socket);
  assert.equal(first.socket.isSessionReused(), false);
  if (agent._sessionCache.list.length === 0) await once(first.socket, 'session');
  first.socket.destroy();
  await once(first.socket, 'close');
  const third = await exchange(https, { rejectUnauthorized: false, port, agent });
  assert.notEqual(third.socket, first.socket);
  assert.equal(third.socket.isSessionReused(), true);
  agent.destroy();
  server.close();
});

test('a kept TLS connection that the server closed is not used again', { skip: process.platform === 'win32' && 'the look at a socket is that of unix' }, async () => {
  const { server, port } = await start();
  const accepted = [];
  server.on('secureConnection', (socket) => accepted.push(socket));
  const agent = new https.Agent({ keepAlive: true });
  const first = await exchange(https, { rejectUnauthorized: false, port, agent });
  accepted[0].destroy();
  await once(first.socket, 'close');
  const second = await exchange(https, { rejectUnauthorized: false, port, agent });
  assert.notEqual(second.socket, first.socket);
  agent.destroy();
  server.close();
});

test('the session cache holds the newest sessions, and none when its size is 0', () => {
  const agent = new https.Agent({ maxCachedSessions: 2 });
  for (const name of ['a', 'b', 'c']) agent._cacheSession(name, Buffer.from(name));
  assert.deepEqual(agent._sessionCache.list, ['b', 'c']);
  assert.equal(agent._getSession('a'), undefined);
  agent._cacheSession('c', Buffer.from('d'));
  assert.equal(String(agent._getSession('c')), 'd');
  agent._evictSession('b');
  agent._evictSession('never');
  assert.deepEqual(Object.keys(agent._sessionCache.map), ['c']);
  const none = new https.Agent({ maxCachedSessions: 0 });
  none._cacheSession('a', Buffer.from('a'));
  assert.deepEqual(none._sessionCache.list, []);
});

test('names of origins are those of the built-in agent for every TLS option', () => {
  const [mine, theirs] = [new https.Agent(), new builtin.Agent()];
  const names = ['ca', 'cert', 'clientCertEngine', 'ciphers', 'key', 'pfx', 'rejectUnauthorized', 'servername', 'minVersion', 'maxVersion',
    'secureProtocol', 'crl', 'honorCipherOrder', 'ecdhCurve', 'dhparam', 'secureOptions', 'sessionIdContext', 'sigalgs',
    'privateKeyIdentifier', 'privateKeyEngine', 'secureContext', 'allowPartialTrustChain', 'minDHSize', 'requestOCSP', 'session', 'ALPNProtocols', 'passphrase', 'family', 'socketPath', 'localAddress'];
  assert.equal(mine.getName(), theirs.getName());
  for (const name of names) {
    for (const value of ['V', 'h', '', 0, 1, false, true, null, undefined, ['a', 'b'], Buffer.from('x')]) {
      const options = { host: 'h', port: 1, [name]: value };
      assert.equal(mine.getName(options), theirs.getName(options), `${name} ${value}`);
    }
  }
});

function keptApart(module, agentOptions, ...options) {
  const agent = new module.Agent(agentOptions);
  const asked = [];
  agent.addRequest = (req, given) => asked.push(agent.getName(given), Object.getOwnPropertySymbols(given).length);
  for (const one of options) module.request({ host: 'h', port: 1, agent, ...one }).on('error', () => {});
  // Numbers go on over all requests of a module.
  const numbers = new Map();
  return asked.map((name) => String(name).replace(/:(\d+)$/, (_, number) => `:n${numbers.get(number) ?? numbers.set(number, numbers.size).get(number)}`));
}

test('a request that checks the certificate itself shares its connection as with the built-in module', () => {
  const mine = () => {};
  const other = () => {};
  for (const agentOptions of [{}, { keepAlive: true }, { checkServerIdentity: other }, { checkServerIdentity: undefined }, { checkServerIdentity: null }]) {
    const options = [{}, { checkServerIdentity: mine }, { checkServerIdentity: mine }, { checkServerIdentity: other }, { checkServerIdentity: undefined },
      { checkServerIdentity: null }, { checkServerIdentity: mine, rejectUnauthorized: false }, Object.create({ checkServerIdentity: mine })];
    assert.deepEqual(keptApart(https, agentOptions, ...options), keptApart(builtin, agentOptions, ...options));
  }
});

test('URL, options and callback come in every form that the built-in module takes', async () => {
  const { server, port } = await start();
  const url = `https://127.0.0.1:${port}/u`;
  const options = { rejectUnauthorized: false, agent: false };
  for (const args of [[url, options], [new URL(url), options], [{ ...require('node:url').parse(url), ...options }], [{ ...options, host: '127.0.0.1', port, path: '/u' }]]) {
    const body = await new Promise((resolve, reject) => {
      https.get(...args, (res) => {
        res.setEncoding('utf8').once('data', resolve);
      }).on('error', reject);
    });
    assert.equal(body, 'GET /u');
  }
  assert.throws(() => https.request('http://127.0.0.1/'), { code: 'ERR_INVALID_PROTOCOL', message: 'Protocol "http:" not supported. Expected "https:"' });
  assert.equal(https.request({ createConnection() {} }).getHeader('host'), 'localhost:80');
  server.close();
});

test('a client that speaks no TLS makes a clientError', async () => {
  const { server, port } = await start();
  const failed = once(server, 'clientError');
  const socket = net.connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
  socket.on('error', () => {});
  const [error, peer] = await failed;
  assert.match(error.code, /^ERR_SSL_/);
  peer.destroy();
  socket.destroy();
  server.close();
});

test('only http/1.1 is offered by ALPN, unless other protocols are asked for', () => {
  assert.deepEqual(new https.Server().ALPNProtocols, new builtin.Server().ALPNProtocols);
  assert.deepEqual(new https.Server({ ALPNProtocols: ['x'] }).ALPNProtocols, new builtin.Server({ ALPNProtocols: ['x'] }).ALPNProtocols);
  assert.throws(() => https.createServer(5), { code: 'ERR_INVALID_ARG_TYPE' });
});
