'use strict';

const assert = require('node:assert');
const http = require('node:http');
const net = require('node:net');
const test = require('node:test');
const { once } = require('node:events');
const { createServer } = require('../..');
const { exchange, get, serving, statuses } = require('./exchange');

const ok = (req, res) => res.end('ok');
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const LATE = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** Milliseconds from the last byte until the server closes. */
async function lifetime(port, input) {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(input);
  let since = Date.now();
  socket.on('data', () => {
    since = Date.now();
  });
  await once(socket, 'close');
  return Date.now() - since;
}

test('a head that does not arrive within headersTimeout is answered with 408', async () => {
  const server = createServer({ headersTimeout: 100, requestTimeout: 0, connectionsCheckingInterval: 20 }, ok);
  const answer = await serving(server, (port) => exchange(port, 'GET / HTTP/1.1\r\nHost', { quiet: 600 }));
  assert.deepStrictEqual(answer, { text: LATE, closed: true });
});

test('a connection without a byte is counted from its beginning', async () => {
  const server = createServer({ headersTimeout: 100, requestTimeout: 0, connectionsCheckingInterval: 20 }, ok);
  assert.deepStrictEqual(await serving(server, (port) => exchange(port, [], { quiet: 600 })), { text: LATE, closed: true });
});

test('a body that does not arrive within requestTimeout is answered with 408', async () => {
  const server = createServer({ headersTimeout: 90, requestTimeout: 100, connectionsCheckingInterval: 20 }, () => {});
  const half = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab';
  assert.deepStrictEqual(await serving(server, (port) => exchange(port, half, { quiet: 600 })), { text: LATE, closed: true });
});

test('neither limit counts while a response is made or the connection is idle', async () => {
  const server = createServer({ headersTimeout: 49, requestTimeout: 50, connectionsCheckingInterval: 10 }, (req, res) => {
    setTimeout(() => res.end('slow'), 150);
  });
  await serving(server, async (port) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write(get());
    await wait(300);
    socket.write(get());
    await wait(250);
    socket.destroy();
    assert.deepStrictEqual(statuses(text), [200, 200]);
  });
});

test('the second head on a connection has its own time', async () => {
  const server = createServer({ headersTimeout: 100, requestTimeout: 0, connectionsCheckingInterval: 20 }, ok);
  const { text, closed } = await serving(server, (port) => exchange(port, [get(), 'GET / HT'], { quiet: 600 }));
  assert.deepStrictEqual([statuses(text), closed], [[200, 408], true]);
});

test('a late request goes to clientError once', async () => {
  const codes = [];
  const server = createServer({ headersTimeout: 60, requestTimeout: 0, connectionsCheckingInterval: 10 }, ok);
  server.on('clientError', (error) => codes.push(error.code));
  await serving(server, (port) => exchange(port, 'GET', { quiet: 300 }));
  assert.deepStrictEqual(codes, ['ERR_HTTP_REQUEST_TIMEOUT']);
});

/** The timeout that a module's server sets on a connection after an answer. */
async function idleTime({ createServer: create }, props) {
  const seen = [];
  const server = Object.assign(create((req, res) => {
    res.end('ok');
    res.on('close', () => setImmediate(() => seen.push(req.socket.timeout)));
  }), props);
  await serving(server, (port) => exchange(port, get()));
  return seen;
}

test('an idle connection gets the same timeout as from the built-in', async () => {
  // On other releases, an invalid time is an exception of the server's.
  const others = 'keepAliveTimeoutBuffer' in http.createServer() ? ['5000', true, NaN, Infinity, -1] : [];
  for (const keepAliveTimeout of [5000, 0.5, 3e9, 0, ...others]) {
    for (const keepAliveTimeoutBuffer of [undefined, 0, 300.5, -100, '300', NaN]) {
      const props = { keepAliveTimeout, keepAliveTimeoutBuffer };
      assert.deepStrictEqual(await idleTime({ createServer }, props), await idleTime(http, props), JSON.stringify(props));
    }
  }
});

test('an idle connection closes after keepAliveTimeout when the built-in would, a busy one does not', async () => {
  const [time] = await idleTime(http, { keepAliveTimeout: 200 });
  const server = createServer({ keepAliveTimeout: 200 }, (req, res) => setTimeout(() => res.end('ok'), req.url === '/slow' ? 1500 : 0));
  await serving(server, async (port) => {
    const slow = exchange(port, get('/slow'), { quiet: 100 + 1500 });
    const idle = await lifetime(port, get());
    assert.ok(idle >= time - 100 && idle < time + 500, `${idle} ms`);
    assert.deepStrictEqual(statuses((await slow).text), [200]);
  });
});

test('keepAliveTimeout replaces a timeout that was set on the socket, and ends with the next request', async () => {
  const seen = [];
  const server = createServer({ keepAliveTimeout: 3000 }, (req, res) => {
    seen.push(req.socket.timeout);
    if (req.url === '/first') req.socket.setTimeout(10000);
    res.end('ok');
    res.on('close', () => seen.push(req.socket.timeout));
  });
  await serving(server, (port) => exchange(port, [get('/first'), get('/second')]));
  assert.deepStrictEqual(seen.slice(0, 3), [undefined, ...await idleTime(http, { keepAliveTimeout: 3000 }), 0]);
});

test('with keepAliveTimeout 0 an idle connection stays', async () => {
  const server = createServer({ keepAliveTimeout: 0 }, ok);
  const { closed } = await serving(server, (port) => exchange(port, get(), { quiet: 1300 }));
  assert.strictEqual(closed, false);
});

test('server.setTimeout destroys a silent connection, unless there is a listener', async () => {
  const server = createServer(() => {}).setTimeout(50);
  assert.deepStrictEqual(await serving(server, (port) => exchange(port, get(), { quiet: 400 })), { text: '', closed: true });

  const sockets = [];
  const heard = createServer(() => {});
  heard.setTimeout(50, (socket) => {
    sockets.push(socket);
    socket.end('too late');
  });
  assert.strictEqual((await serving(heard, (port) => exchange(port, get(), { quiet: 400 }))).text, 'too late');
  assert.strictEqual(sockets.length, 1);
});

test('options that are not valid times are refused with the built-in\'s errors', () => {
  const options = [
    { headersTimeout: -1 }, { headersTimeout: 'x' }, { requestTimeout: 1.5 }, { keepAliveTimeout: null }, { connectionsCheckingInterval: -5 },
    { headersTimeout: 10, requestTimeout: 5 }, { maxHeaderSize: -1 }, { maxHeaderSize: 'x' }, { insecureHTTPParser: 0 }, { requireHostHeader: 1 },
    { joinDuplicateHeaders: 'x' }, { rejectNonStandardBodyWrites: 1 }, 1, 'x', {}, { requestTimeout: 1000 },
    { requestTimeout: 1000, headersTimeout: 1000 }, { requestTimeout: 0 }, { headersTimeout: 0 }, { requestTimeout: 0, headersTimeout: 5 }, { requestTimeout: 60001 },
  ];
  const outcome = (create, option) => {
    try {
      const server = create(option);
      server.close();
      return `accepted ${server.headersTimeout} ${server.requestTimeout}`;
    } catch (error) {
      return `${error.name} ${error.code} ${error.message}`;
    }
  };
  for (const option of options) {
    assert.strictEqual(outcome(createServer, option), outcome(http.createServer, option), JSON.stringify(option));
  }
});

test('a connection that is first looked at when it is closed shows the timeout that it had', async () => {
  const seen = [];
  for (const looksBefore of [true, false]) {
    let socket;
    const server = createServer({ keepAliveTimeout: 7000 }, (req, res) => {
      ({ socket } = req);
      if (looksBefore) void socket.localPort;
      res.end('ok');
    });
    await serving(server, (port) => exchange(port, get('/'), { end: true }));
    seen.push(socket.timeout);
  }
  assert.ok(seen[0] >= 7000, `${seen}`);
  assert.strictEqual(seen[1], seen[0]);
});

// The timeouts that a connection has: once the answer is out, with each half of the body, and once the next answer is out.
async function timeoutsBy(create, options) {
  const sockets = [];
  const server = create({ keepAliveTimeout: 7000, ...options }, (req, res) => {
    sockets.push(req.socket);
    res.end('ok');
  });
  const seen = [];
  await serving(server, async (port) => {
    const client = net.connect(port, '127.0.0.1');
    const note = async () => {
      await wait(30);
      seen.push(sockets[0].timeout);
    };
    for (const part of ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n', '12345', '67890', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n']) {
      client.write(part);
      await note();
    }
    client.destroy();
  });
  assert.strictEqual(sockets.length, 2);
  return seen;
}

for (const transport of ['native', 'stream', 'offload']) {
  test(`the rest of a body that nobody reads leaves the timeout that node leaves (${transport})`, async () => {
    const expected = await timeoutsBy(http.createServer, {});
    assert.deepStrictEqual(await timeoutsBy(createServer, { transport }), expected);
    assert.strictEqual(expected.length, 4);
  });
}
