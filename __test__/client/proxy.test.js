'use strict';
// Plain requests through a proxy (option `proxyEnv` of agents): their target, their fields and what is refused, each
// compared with the built-in of the running Node, because releases differ.

const { test } = require('node:test');
const assert = require('node:assert');
const builtin = require('node:http');
const net = require('node:net');
const { PerformanceObserver } = require('node:perf_hooks');
const { kProxyConfig } = require('../../lib/compat/node-features');
const { turns } = require('../support/turns');
const ours = require('../..');

const skip = kProxyConfig === undefined && 'this Node has no proxyEnv';

/** A proxy that answers each request itself, and keeps what it received. */
async function listen() {
  const heads = [];
  const server = net.createServer((socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
      if (!text.endsWith('\r\n\r\n')) return;
      heads.push(text);
      text = '';
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, heads, port: server.address().port };
}

/** The result of a request: what its constructor made of it, what is on the wire, or why it is refused. */
async function outcome(http, proxy, { agent: agentOptions, credentials = '', ...options }) {
  const agent = new http.Agent({ ...agentOptions, proxyEnv: { HTTP_PROXY: `http://${credentials}127.0.0.1:${proxy.port}` } });
  proxy.heads.length = 0;
  let req;
  try {
    req = http.request({ agent, ...options });
  } catch (error) {
    return { name: error.name, code: error.code, message: error.message, input: error.input };
  }
  const made = {
    path: req.path, fields: { ...req.getHeaders() }, names: req.getRawHeaderNames(), head: req._header, keeps: req.shouldKeepAlive,
    members: Object.getOwnPropertySymbols(req).filter(({ description }) => /^k(Path|Proxy|Authority)/.test(description))
      .map((symbol) => [symbol.description, req[symbol]]),
  };
  await new Promise((resolve) => {
    req.on('response', (res) => res.resume().on('end', resolve));
    req.on('connect', (res, socket) => resolve(socket.destroy()));
    req.on('error', resolve);
    req.end();
  });
  agent.destroy();
  return { ...made, wire: proxy.heads.join('|') };
}

function same(what, options) {
  test(`a request through a proxy is node's: ${what}`, { skip }, async () => {
    const proxy = await listen();
    const [own, nodes] = [await outcome(ours, proxy, options), await outcome(builtin, proxy, options)];
    await new Promise((resolve) => proxy.server.close(resolve));
    assert.deepStrictEqual(own, nodes);
  });
}

for (const host of ['a.test', 'A.test', '::1', '[::1]', 'a.test.', '010.0.0.1', 'b\u00fccher.test', 'a b', 'a/b', 'a@b', 'a?b', 'a:90', '']) {
  for (const port of [undefined, 8080]) same(`host ${host}, port ${port}`, { host, port, path: '/x' });
}
for (const port of [0, '80', '8080', 65536, -1, 'x', '81x', 1.5]) same(`port ${port} as ${typeof port}`, { host: 'a.test', port, path: '/x' });
for (const path of [
  '/x', '//evil.test/x', '///x', 'x', '?q', '/a/../b', '/x#f', '*', '\\evil.test', '/\\evil.test', '/\u00e9', '', '/[', 'a.test:80',
  'http://a.test', 'http://a.test:80/x', 'http://a.test:81/x', 'HTTP://A.TEST/x', 'http://b.test/x', 'https://a.test/x',
  'http://u:p@b.test/x?y#z', 'https://u@a.test/', 'http:/x', 'http://[', 'mailto:x',
]) {
  same(`path ${path}`, { host: 'a.test', path });
}
// Values that are not strings; the last one returns another string each time, starting over for each of the two.
for (const [name, path] of Object.entries({
  'an object': { toString: () => '/x' }, 'an object of a URL': { toString: () => 'http://a.test/y' }, 'an object of a wrong URL': { toString: () => 'http://b.test/y' },
  'a URL': new URL('http://a.test/z'), 'a list': ['/x'], 'a number': 5,
  'true': true, 'a symbol': Symbol('x'),
})) same(`path of ${name}`, { host: 'a.test', path });
same('path of an object that changes', { host: 'a.test', get path() { return { n: 0, toString() { return `/${this.n++}`; } }; } });
for (const field of [
  'a.test', 'A.TEST', 'a.test:80', 'a.test:81', 'a.test:080', 'a.test:', 'b.test', ' a.test', 'a.test ', '', 'a.test/', 'a.test/x',
  'a.test?x', 'u@a.test', '@a.test', ['a.test'], ['a.test', 'b.test'], 5,
]) {
  same(`Host ${JSON.stringify(field)}`, { host: 'a.test', path: '/x', headers: { X: 1, hOsT: field, Y: 2 } });
  same(`Host ${JSON.stringify(field)} in a list`, { host: 'a.test', path: '/x', headers: ['X', '1', 'Host', field] });
}
same('two Host fields in a list', { host: 'a.test', path: '/x', headers: ['Host', 'a.test', 'host', 'a.test'] });
same('pairs of fields', { host: 'a.test', path: '/x', headers: [['X', 'Host'], ['Host', 'a.test']] });
for (const [name, headers] of Object.entries({
  'an object among pairs': [['Host', 'a.test'], { 0: 'Host', 1: 'b.test' }],
  'an object that goes as a list among pairs': [['X', '1'], { 0: 'Y', 1: 'b', length: 2, [Symbol.iterator]: Array.prototype[Symbol.iterator] }],
  'a string among pairs': [['X', '1'], 'ho'], 'null among pairs': [['X', '1'], null], 'a pair behind a string': ['X', ['1']],
  'pairs behind an object': [{ 0: 'X', 1: '1' }, ['Host', 'a.test']], 'a pair of one': [['X']], 'an empty pair': [['X', '1'], []], 'a pair of three': [['X', '1', '2']],
  'a name that is no string': [['X', '1'], [{ toString: () => 'host' }, 'b.test']], 'no fields': [],
  'another Host before null': [['Host', 'b.test'], null], 'two Hosts before null': [['Host', 'a.test'], ['host', 'a.test'], null], 'null before two Hosts': [['X', '1'], null, ['Host', 'a.test'], ['host', 'a.test']],
  'another Host and one more': [['Host', 'b.test'], ['Host', 'a.test']], 'a function among pairs': [['X', '1'], () => {}], 'a name that is a symbol': [['X', '1'], [Symbol('host'), 'a']],
  'a hole among pairs': [['X', '1'], , ['Y', '2']], // eslint-disable-line no-sparse-arrays -- the situation
  'an odd list': ['X', '1', 'Host'],
  'a Host that is no string': [['Host', { toString: () => 'b.test' }]], 'a Host of undefined': [['Host', undefined]], 'a list of a symbol': [Symbol('x'), '1'],
})) same(`fields with ${name}`, { host: 'a.test', path: '/x', headers });
same('another Host and another path', { host: 'a.test', path: 'x', headers: { Host: 'b.test' } });
for (const method of ['CONNECT', 'OPTIONS', 'HEAD', 'POST']) {
  for (const path of ['*', '/x', 'b.test:443', undefined]) {
    same(`${method} ${path}`, { host: 'A.test', method, path });
    same(`${method} ${path} with a Host field`, { host: 'a.test', method, path, headers: { Host: 'B.test' } });
  }
}
for (const [name, agent] of Object.entries({ none: {}, keepAlive: { keepAlive: true }, maxSockets: { maxSockets: 1 } })) {
  const common = { agent, host: 'a.test', path: '/x', credentials: 'u%40:p%3a@' };
  same(`an agent with ${name}`, { ...common, auth: 'me:you' });
  same(`an agent with ${name} and Connection: close`, { ...common, headers: { Connection: 'close', 'Proxy-Connection': 'x' } });
  same(`an agent with ${name} and no Host`, { ...common, setHost: false });
  same(`an agent with ${name} and no default fields`, { ...common, setDefaultHeaders: false });
  same(`an agent with ${name} and a list`, { ...common, headers: ['Proxy-Connection', 'x'] });
  for (const headers of [{ Expect: '100-continue', 'Content-Length': 0 }, ['Expect', '100-continue', 'Content-Length', '0']]) {
    same(`an agent with ${name} and an expectation, ${Array.isArray(headers) ? 'in a list' : 'as a field'}`, {
      ...common, method: 'POST', headers, auth: 'me:you',
    });
  }
}

async function entryOf(http, proxy, options) {
  const entries = [];
  const observer = new PerformanceObserver((list) => {
    for (const { name, detail } of list.getEntries()) if (name === 'HttpClient') entries.push(detail.req);
  });
  observer.observe({ type: 'http' });
  await outcome(http, proxy, options);
  await turns(20);
  observer.disconnect();
  return entries;
}

for (const options of [{ path: '/x' }, { path: 'http://a.test/x' }, { path: '//b' }, { path: '/x', port: 8080 }, { path: '*', method: 'OPTIONS' }]) {
  test(`the entry of a request through a proxy names the URL that it names with node, ${JSON.stringify(options)}`, { skip }, async () => {
    const proxy = await listen();
    const nodes = await entryOf(builtin, proxy, { host: 'a.test', ...options });
    const own = await entryOf(ours, proxy, { host: 'a.test', ...options });
    await new Promise((resolve) => proxy.server.close(resolve));
    assert.strictEqual(nodes.length, 1);
    assert.deepStrictEqual(own, nodes);
  });
}
