'use strict';
// What a program does to `rawHeaders`, and whether it affects `headers`: up to Node 24 the server has built the headers
// object by then, since 26 nothing is built before it is read. The built-in of the running Node decides.

const { test } = require('node:test');
const assert = require('node:assert');
const builtin = require('node:http');
const net = require('node:net');
const { subscribe, unsubscribe } = require('node:diagnostics_channel');
const ours = require('../..');

const HEAD = 'GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n';

const CHANGES = {
  'fills it': (list) => list.fill('evil'),
  'changes its values': (list) => list.forEach((_, n) => n % 2 && (list[n] = 'evil')),
  'empties it': (list) => (list.length = 0),
  'adds to it': (list) => list.push('x-evil', '1'),
  'takes from it': (list) => list.splice(0, 2),
  'leaves it alone': () => {},
};

function look(req) {
  try {
    const { host, expect, te } = req.headers;
    return { host, expect, te, xa: req.headers['x-a'], names: Object.keys(req.headers), distinct: { ...req.headersDistinct } };
  } catch (error) {
    return error.name;
  }
}

/**
 * Sends a head several times on one connection, each after the answer to the last; returns what the handlers saw and
 * the statuses.
 */
async function ask(http, { change, head = `${HEAD}\r\n`, times = 4, early = false, event = 'request', ...options }) {
  const seen = [];
  const change1 = ({ request }) => early && request instanceof http.IncomingMessage && change(request.rawHeaders, request);
  const server = http.createServer(options);
  if (event !== 'request') server.on('request', (req, res) => res.end('otherwise'));
  server.on(event, (req, res) => {
    if (!early) change(req.rawHeaders, req);
    seen.push(look(req));
    // That object belongs to this request only.
    if (typeof seen.at(-1) === 'object') req.headers.host = req.headers.added = 'changed';
    res.end(typeof res.writeHead === 'function' ? 'x' : 'HTTP/1.1 200 OK\r\n\r\n');
  });
  subscribe('http.server.request.start', change1);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.setTimeout(5000, () => socket.destroy());
  let sent = 0;
  let text = '';
  const next = () => sent++ < times ? socket.write(head) : socket.destroy();
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
    next();
  });
  next();
  await new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));
  unsubscribe('http.server.request.start', change1);
  await new Promise((resolve) => server.close(resolve));
  return { seen, statuses: text.match(/HTTP\/1\.1 \d+/g) };
}

async function same(options) {
  assert.deepStrictEqual(await ask(ours, options), await ask(builtin, options));
}

for (const [what, change] of Object.entries(CHANGES)) {
  test(`a handler that ${what} sees the same headers as with node`, () => same({ change }));
  test(`the same where no Host is required: a handler that ${what}`, () => same({ change, requireHostHeader: false }));
  test(`the same with HTTP/1.0: a handler that ${what}`, () => same({ change, head: `${HEAD.replace('1.1', '1.0')}TE: chunked\r\n\r\n` }));
  test(`the same for an upgrade: a listener that ${what}`, () => same({
    change, head: `${HEAD}Connection: upgrade\r\nUpgrade: x\r\n\r\n`, times: 1, event: 'upgrade',
  }));
  test(`the same with 'checkContinue': a listener that ${what}`, () => same({
    change, head: `${HEAD}Expect: 100-continue\r\n\r\n`, event: 'checkContinue',
  }));
  test(`the same with 'checkExpectation': a listener that ${what}`, () => same({
    change, head: `${HEAD}Expect: more\r\n\r\n`, event: 'checkExpectation',
  }));
}

const EARLY = {
  'changes values': (list) => list.forEach((_, n) => n % 2 && (list[n] = 'evil')),
  'fills it': (list) => list.fill('evil'),
  'adds a Host field': (list) => list.push('Host', 'added'),
  'adds an expectation': (list) => list.push('Expect', 'more'),
  'puts another list in its place': (list, req) => (req.rawHeaders = ['Host', 'other', 'X-A', '2', 'X-B', '3']),
  'deletes the host from headers': (list, req) => delete req.headers.host,
  'puts an expectation into headers': (list, req) => (req.headers.expect = '100-continue'),
  'puts other headers in their place': (list, req) => (req.headers = { host: 'other' }),
  'says that it is of version 1.0': (list, req) => (req.httpVersionMinor = 0),
};
for (const [what, change] of Object.entries(EARLY)) {
  for (const [name, head] of [['a request', HEAD], ['one that expects something', `${HEAD}Expect: 100-continue\r\n`]]) {
    test(`a subscriber that sees ${name} first and ${what} changes as much as with node`, () => same({
      change, early: true, head: `${head}\r\n`, times: 1,
    }));
  }
}

for (const join of [false, true]) {
  test(`repeated heads whose fields repeat keep their values apart, joinDuplicateHeaders ${join}`, () => same({
    change: () => {}, joinDuplicateHeaders: join, times: 5,
    head: `${HEAD}Age: 1\r\nAge: 2\r\nCookie: a\r\nCookie: b\r\nSet-Cookie: c\r\nSet-Cookie: d\r\nX-A: 2\r\n\r\n`,
  }));
}

test('a handler that adds to the array of a repeated head finds it as the peer sent it in the next request', async () => {
  const seen = [];
  const server = ours.createServer((req, res) => {
    seen.push([...req.headers['set-cookie']]);
    req.headers['set-cookie'].push('added');
    res.end('x');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = net.connect(server.address().port, '127.0.0.1');
  const head = 'GET / HTTP/1.1\r\nHost: h\r\nSet-Cookie: a\r\n\r\n';
  socket.on('data', () => seen.length < 5 ? socket.write(head) : socket.destroy());
  socket.write(head);
  await new Promise((resolve) => socket.on('close', resolve));
  server.close();
  assert.deepStrictEqual(seen, [['a'], ['a'], ['a'], ['a'], ['a']]);
});

/** Classes with members of their own. */
function classes(http) {
  const calls = [];
  return {
    calls,
    getter: class extends http.IncomingMessage {
      get headers() {
        calls.push('headers');
        return { host: 'own' };
      }
    },
    line: class extends http.IncomingMessage {
      _addHeaderLine(name, value, target) {
        calls.push(name);
        if (name !== 'Host') super._addHeaderLine(name, value, target);
      }
    },
    lines: class extends http.IncomingMessage {
      _addHeaderLines(list, count) {
        super._addHeaderLines([...list, 'Expect', 'more'], count + 2);
      }
    },
  };
}
for (const member of ['getter', 'line', 'lines']) {
  test(`a class with its own ${member} is called as often as by node`, async () => {
    const [own, nodes] = [ours, builtin].map((http) => ({ http, ...classes(http) }));
    for (const side of [own, nodes]) {
      side.answer = await ask(side.http, { change: () => side.calls.push('handler'), IncomingMessage: side[member], times: 1 });
    }
    assert.deepStrictEqual([own.calls, own.answer], [nodes.calls, nodes.answer]);
  });
}

test('a message shows the headers object among its members as soon as with node', async () => {
  const shown = [];
  for (const http of [ours, builtin]) {
    const server = http.createServer((req, res) => {
      const key = Object.getOwnPropertySymbols(req).find((symbol) => symbol.description === 'kHeaders');
      shown.push(req[key] && { ...req[key] });
      res.end();
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = net.connect(server.address().port, '127.0.0.1');
    socket.write(`${HEAD}\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
  assert.deepStrictEqual(shown[0], shown[1]);
});

for (const [what, change] of Object.entries(CHANGES)) {
  test(`a client that ${what} sees the same headers of a response as with node`, async () => {
    const seen = [];
    for (const http of [ours, builtin]) {
      const agent = new http.Agent({ keepAlive: true });
      const server = net.createServer((socket) => {
        socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nHost: h\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n'));
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      for (let n = 0; n < 3; n++) {
        const res = await new Promise((resolve) => {
          http.get({ port: server.address().port, host: '127.0.0.1', agent }, (message) => {
            change(message.rawHeaders);
            seen.push(look(message));
            message.resume().on('close', () => resolve(message));
          });
        });
        assert.ok(res.complete);
      }
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
    assert.deepStrictEqual(seen.slice(0, 3), seen.slice(3));
  });
}
