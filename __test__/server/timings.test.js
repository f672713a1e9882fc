'use strict';
// `req.timings` of a server: which stages an exchange has reached, and in which order. Durations are never asserted.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { channel } = require('node:diagnostics_channel');
const { once } = require('node:events');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const tls = require('node:tls');
const { test } = require('node:test');
const http = require('../..');
const https = require('../../lib/https');
const { get, testsOn, until } = require('../transport/ways');

const STAGES = ['accepted', 'head', 'body', 'answered', 'flushed'];
const LATER = STAGES.slice(1);
const TLS = Object.fromEntries(['key', 'cert'].map((name) => [name, fs.readFileSync(path.join(__dirname, `../fixtures/tls/${name}.pem`))]));

/** The stages reached; checks that they are in order. */
function reached(timings) {
  assert.deepEqual(Object.keys(timings), STAGES);
  for (const order of [['accepted', 'head', 'body'], ['accepted', 'head', 'answered', 'flushed']]) {
    const times = order.map((stage) => timings[stage]).filter((time) => time !== null);
    assert.ok(times.every((time) => typeof time === 'number' && time >= 0), JSON.stringify(timings));
    assert.deepEqual(times, [...times].sort((one, other) => one - other), JSON.stringify(timings));
  }
  return STAGES.filter((stage) => timings[stage] !== null);
}

for (const name of ['stream', 'native', 'offload']) {
  const onWay = testsOn(name, 20_000);

  onWay('the first request of a connection begins when the connection is accepted, the others with their first byte', async (way) => {
    const seen = [];
    const server = await way.serve((req, res) => {
      seen.push(req);
      assert.deepEqual(reached(req.timings).filter((stage) => stage !== 'body'), seen.length === 1 ? ['accepted', 'head'] : ['head']);
      res.end('ok');
    }, { timing: true });
    const client = await way.connect(server);
    for (let n = 1; n <= 4; n++) {
      client.write(get('/'));
      await until(() => client.text.split('ok').length === n + 1);
      assert.deepEqual(reached(seen.at(-1).timings), n === 1 ? STAGES : LATER);
    }
    assert.equal(seen[0].timings.accepted, 0);
  });

  onWay('`body` is the time of its last byte, and `answered` that of end()', async (way) => {
    let held;
    const server = await way.serve((req, res) => {
      req.resume();
      held = { req, res };
    }, { timing: true });
    const client = await way.connect(server);
    for (const [head, rest] of [['Content-Length: 4', 'abcd'], ['Transfer-Encoding: chunked', '4\r\nabcd\r\n0\r\n\r\n']]) {
      held = undefined;
      client.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${rest.slice(0, 3)}`);
      await until(() => held !== undefined);
      const { req: { timings }, res } = held;
      assert.deepEqual(reached(timings).at(-1), 'head');
      client.write(rest.slice(3));
      await until(() => timings.body !== null);
      res.write('part');
      assert.equal(timings.answered, null);
      res.end();
      const { answered } = timings;
      assert.notEqual(answered, null);
      res.end();
      await until(() => timings.flushed !== null);
      assert.equal(reached(timings).at(-1), 'flushed');
      assert.equal(timings.answered, answered);
    }
  });

  onWay('pipelined answers are given in any order, and on their way in that of the requests', async (way) => {
    const held = [];
    const server = await way.serve((req, res) => held.push({ req, res }), { timing: true });
    const client = await way.connect(server);
    client.write(get('/1') + get('/2') + get('/3'));
    await until(() => held.length === 3);
    held[2].res.end('3');
    held[1].res.end('2');
    assert.deepEqual(held.map(({ req: { timings } }) => timings.answered !== null), [false, true, true]);
    await new Promise((resolve) => { setImmediate(resolve); });
    assert.deepEqual(held.map(({ req: { timings } }) => timings.flushed !== null), [false, false, false]);
    held[0].res.end('1');
    await until(() => client.text.endsWith('3'));
    for (const { req: { timings } } of held) assert.deepEqual(reached(timings), timings === held[0].req.timings ? STAGES : LATER);
  });

  onWay('a request that is cut off keeps the stages it has reached, and its times are published once', async (way) => {
    const published = [];
    const listener = (message) => published.push(message);
    const timings = channel('rust-http.server.timings');
    timings.subscribe(listener);
    try {
      const held = [];
      const server = await way.serve((req, res) => {
        held.push({ req, res });
        req.on('error', () => {});
      }, { timing: true });
      // By its peer: while the body is on its way, and before the answer; by the program.
      for (const [text, stages] of [[`${get('/').slice(0, -2)}Content-Length: 9\r\n\r\nx`, ['accepted', 'head']], [get('/'), ['accepted', 'head', 'body']]]) {
        const client = await way.connect(server);
        client.write(text);
        await until(() => held.length === 1);
        const { req, res } = held.pop();
        client.destroy();
        await once(res, 'close');
        await until(() => published.length === 1);
        const message = published.pop();
        assert.deepEqual([message.request, message.response, message.timings], [req, res, req.timings]);
        assert.deepEqual(reached(req.timings), stages);
      }
      const client = await way.connect(server);
      client.write(get('/1') + get('/2'));
      await until(() => held.length === 2);
      held[1].res.end('early');
      held[0].res.destroy();
      await until(() => published.length === 2);
      assert.deepEqual(published.map(({ request }) => request), held.map(({ req }) => req));
      assert.deepEqual(published.map((message) => reached(message.timings).filter((stage) => stage !== 'body')), [['accepted', 'head'], ['head', 'answered']]);
    } finally {
      timings.unsubscribe(listener);
    }
  });

  onWay('an upgrade has a head, and is published when another protocol takes over', async (way) => {
    const published = [];
    const listener = (message) => published.push(message);
    const timings = channel('rust-http.server.timings');
    timings.subscribe(listener);
    try {
      const server = await way.serve(() => {}, { timing: true });
      const seen = [];
      for (const event of ['upgrade', 'connect']) {
        server.on(event, (req, socket) => {
          seen.push(req);
          socket.destroy();
        });
      }
      for (const text of [`${get('/').slice(0, -2)}Connection: Upgrade\r\nUpgrade: x\r\n\r\n`, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n']) {
        (await way.connect(server)).write(text);
        await until(() => seen.length === 1);
        const req = seen.pop();
        assert.deepEqual(reached(req.timings).filter((stage) => stage !== 'body'), ['accepted', 'head']);
        assert.equal(published.length, 1);
        assert.deepEqual({ ...published.pop() }, { request: req, response: null, timings: req.timings });
      }
    } finally {
      timings.unsubscribe(listener);
    }
  });

  onWay('a subscriber that gets the times may listen to the end of the response', async (way) => {
    let closed = 0;
    const listener = ({ response }) => response.on('close', () => { closed++; });
    const timings = channel('rust-http.server.timings');
    timings.subscribe(listener);
    try {
      const client = await way.connect(await way.serve((req, res) => { res.end('x'); }));
      for (let count = 1; count <= 3; count++) {
        client.write(get('/'));
        await until(() => closed === count);
      }
    } finally {
      timings.unsubscribe(listener);
    }
  });

  onWay('requests without the option have no timings, next to a server that has it and with a subscriber', async (way) => {
    const seen = [];
    const keep = (req, res) => {
      seen.push({ req, res, keys: Reflect.ownKeys(req) });
      res.end('ok');
    };
    const servers = [await way.serve(keep), await way.serve(keep, { timing: true }), await way.serve(keep, { timing: false })];
    for (const server of servers) (await way.connect(server)).write(get('/'));
    await until(() => seen.length === 3);
    const own = ({ keys }) => keys.map(String).filter((key) => /timings/.test(key));
    seen.sort((one, other) => own(one).length - own(other).length);
    assert.deepEqual(seen.map(own), [[], [], ['timings', 'Symbol(timings)']]);
    assert.ok(!('timings' in http.IncomingMessage.prototype));
    const timings = channel('rust-http.server.timings');
    const listener = (message) => seen.push(message);
    timings.subscribe(listener);
    seen.length = 0;
    try {
      (await way.connect(servers[0])).write(get('/'));
      await until(() => seen.length === 2);
      assert.equal('timings' in seen[0].req, false);
      assert.deepEqual(reached(seen[1].timings), STAGES);
    } finally {
      timings.unsubscribe(listener);
    }
  });
}

test('requests over TLS are timed, from the handshake on', { timeout: 20_000 }, async () => {
  const seen = [];
  const server = https.createServer({ ...TLS, timing: true }, (req, res) => {
    seen.push(req);
    res.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false }).resume();
  for (const stages of [STAGES, LATER]) {
    client.write(get('/'));
    await until(() => seen.length === (stages === STAGES ? 1 : 2) && seen.at(-1).timings.flushed !== null);
    assert.deepEqual(reached(seen.at(-1).timings), stages);
  }
  client.destroy();
  server.close();
  await once(server, 'close');
});

test('with rust-http/register servers of the built-in http and https time their requests', { timeout: 30_000 }, () => {
  const program = (key, cert) => {
    const servers = [require('node:http').createServer({ timing: true }), require('node:https').createServer({ key, cert, timing: true })];
    for (const [n, server] of servers.entries()) {
      server.on('request', (req, res) => {
        res.on('close', () => process.stdout.write(`${Object.values(req.timings).every((time) => time >= 0)}\n`));
        res.end('ok');
      });
      server.listen(0, () => {
        require(n === 0 ? 'node:http' : 'node:https').get({ port: server.address().port, rejectUnauthorized: false, agent: false, timing: true }, function(res) {
          res.resume().on('close', () => {
            process.stdout.write(`${this.timings.done > 0} ${this.timings.secure !== null}\n`);
            server.close();
          });
        });
      });
    }
  };
  const args = ['--require', path.join(__dirname, '../../lib/register.js'), '-e', `(${program})(${JSON.stringify(`${TLS.key}`)}, ${JSON.stringify(`${TLS.cert}`)})`];
  const printed = execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: 20_000 });
  assert.deepEqual(printed.trim().split('\n').sort(), ['true', 'true', 'true false', 'true true']);
});

test('a `timing` that is not a boolean is refused', () => {
  for (const timing of ['true', 1, null]) {
    assert.throws(() => http.createServer({ timing }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => https.createServer({ ...TLS, timing }), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});
