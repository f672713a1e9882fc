'use strict';
// The examples in the document's chapters Server, ServerResponse, IncomingMessage and OutgoingMessage, on loopback and
// with an end. Each test has the name of its section; what the example prints is recorded and compared.

const assert = require('node:assert/strict');
const net = require('node:net');
const { test } = require('node:test');
const { answer, answering, ask, bodyOf, event, http, say, serve, serving, textOf } = require('./helpers');

test('HTTP: headers are an object of lower-cased keys, the raw ones a list', async () => {
  const request = 'GET / HTTP/1.1\r\nConTent-Length: 3\r\ncontent-type: text/plain\r\nCONNECTION: close\r\nHost: example.com\r\naccepT: */*\r\n\r\nabc';
  await answer((req, res) => {
    assert.deepEqual({ ...req.headers }, {
      'content-length': '3', 'content-type': 'text/plain', 'connection': 'close', 'host': 'example.com', 'accept': '*/*',
    });
    assert.deepEqual(req.rawHeaders, [
      'ConTent-Length', '3', 'content-type', 'text/plain', 'CONNECTION', 'close', 'Host', 'example.com', 'accepT', '*/*',
    ]);
    res.end();
  }, request);
});

test("Event: 'clientError': the listener answers on the socket", async () => {
  const server = http.createServer((req, res) => {
    res.end();
  });
  server.on('clientError', (err, socket) => {
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  assert.equal(await serving(server, (port) => say(port, 'no http\r\n\r\n')), 'HTTP/1.1 400 Bad Request\r\n\r\n');
});

test("Event: 'clientError': nothing is sent where nobody hears it", async () => {
  const notes = [];
  const server = http.createServer(() => {});
  server.on('clientError', (err, socket) => {
    notes.push(err.code);
    if (err.code === 'ECONNRESET' || !socket.writable) {
      return;
    }
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  await serving(server, async (port) => {
    assert.equal(await say(port, 'no http\r\n\r\n'), 'HTTP/1.1 400 Bad Request\r\n\r\n');
    const client = net.connect(port, '127.0.0.1');
    const connected = event(server, 'connection');
    await event(client, 'connect');
    await connected;
    const seen = event(server, 'clientError');
    client.resetAndDestroy();
    await seen;
  });
  assert.equal(notes.length, 2);
  assert.equal(notes[1], 'ECONNRESET');
});

test('response.addTrailers(headers)', async () => {
  const fileData = 'data of a file';
  const { heard } = await answer((req, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Trailer': 'Content-MD5' });
    response.write(fileData);
    response.addTrailers({ 'Content-MD5': '7895bf4b8828b55ceaf47747b4bca667' });
    response.end();
  });
  assert.equal(bodyOf(heard), `e\r\n${fileData}\r\n0\r\nContent-MD5: 7895bf4b8828b55ceaf47747b4bca667\r\n\r\n`);
});

test('response.getHeader(name)', () => answer((req, response) => {
  const body = 'bödy';
  response.setHeader('Content-Type', 'text/html');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.setHeader('Set-Cookie', ['type=ninja', 'language=javascript']);
  assert.equal(response.getHeader('content-type'), 'text/html');
  assert.equal(response.getHeader('Content-Length'), 5);
  assert.deepEqual(response.getHeader('set-cookie'), ['type=ninja', 'language=javascript']);
  response.end(body);
}));

test('response.getHeaderNames()', () => answer((req, response) => {
  response.setHeader('Foo', 'bar');
  response.setHeader('Set-Cookie', ['foo=bar', 'bar=baz']);
  assert.deepEqual(response.getHeaderNames(), ['foo', 'set-cookie']);
  response.end();
}));

test('response.getHeaders()', () => answer((req, response) => {
  response.setHeader('Foo', 'bar');
  response.setHeader('Set-Cookie', ['foo=bar', 'bar=baz']);
  const headers = response.getHeaders();
  assert.deepEqual({ ...headers }, { 'foo': 'bar', 'set-cookie': ['foo=bar', 'bar=baz'] });
  assert.equal(headers.toString, undefined);
  assert.equal(headers.hasOwnProperty, undefined);
  response.end();
}));

test('response.hasHeader(name)', () => answer((req, response) => {
  assert.equal(response.hasHeader('content-type'), false);
  response.setHeader('Content-Type', 'text/html');
  assert.equal(response.hasHeader('content-type'), true);
  response.end();
}));

test('response.removeHeader(name)', async () => {
  const { heard } = await answer((req, response) => {
    response.setHeader('Content-Encoding', 'gzip');
    response.removeHeader('Content-Encoding');
    response.end();
  });
  assert.doesNotMatch(heard, /content-encoding/i);
});

test('response.setHeader(name, value): one value, or a list', async () => {
  const { heard } = await answer((req, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.setHeader('Set-Cookie', ['type=ninja', 'language=javascript']);
    response.end();
  });
  assert.match(heard, /\r\nContent-Type: text\/html\r\nSet-Cookie: type=ninja\r\nSet-Cookie: language=javascript\r\n/);
});

for (const section of ['response.setHeader(name, value)', 'response.writeHead(statusCode[, statusMessage][, headers])']) {
  test(`${section}: the fields of writeHead win`, async () => {
    // Returns content-type = text/plain
    const server = http.createServer((req, res) => {
      res.setHeader('Content-Type', 'text/html');
      res.setHeader('X-Foo', 'bar');
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      res.end('ok');
    });
    await serving(server, async (port) => {
      const { res, text } = await ask(port);
      assert.equal(res.headers['content-type'], 'text/plain');
      assert.equal(res.headers['x-foo'], 'bar');
      assert.equal(text, 'ok');
    });
  });
}

test('response.socket', async () => {
  const server = http.createServer((req, res) => {
    const ip = res.socket.remoteAddress;
    const port = res.socket.remotePort;
    res.end(`Your IP address is ${ip} and your source port is ${port}.`);
  });
  await serving(server, async (port) => {
    const { res, text } = await ask(port);
    assert.equal(text, `Your IP address is 127.0.0.1 and your source port is ${res.socket.localPort}.`);
  });
});

test('response.statusCode', async () => {
  const { heard } = await answer((req, response) => {
    response.statusCode = 404;
    response.end();
  });
  assert.match(heard, /^HTTP\/1\.1 404 Not Found\r\n/);
});

test('response.statusMessage', async () => {
  const { heard } = await answer((req, response) => {
    response.statusMessage = 'Not found';
    response.end();
  });
  assert.match(heard, /^HTTP\/1\.1 200 Not found\r\n/);
});

test('response.writeHead(statusCode[, statusMessage][, headers]): calls are chained', async () => {
  const body = 'hello world';
  const { heard } = await answer((req, response) => {
    response
      .writeHead(200, {
        'Content-Length': Buffer.byteLength(body),
        'Content-Type': 'text/plain',
      })
      .end(body);
  });
  assert.match(heard, /^HTTP\/1\.1 200 OK\r\nContent-Length: 11\r\nContent-Type: text\/plain\r\n[^]*\r\n\r\nhello world$/);
});

test('message.complete: a connection that ended while the message was still being sent', async () => {
  const completeOf = (bytes) => answering(bytes, (port) => new Promise((resolve) => {
    const notes = [];
    const req = http.request({ host: '127.0.0.1', port, method: 'POST' }, (res) => {
      res.resume();
      res.on('error', (error) => notes.push(error.code));
      res.on('close', () => {
        if (!res.complete) notes.push('The connection was terminated while the message was still being sent');
        resolve(notes);
      });
    });
    req.end();
  }));
  assert.deepEqual(await completeOf('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde'), []);
  assert.deepEqual(await completeOf('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc'),
                   ['ECONNRESET', 'The connection was terminated while the message was still being sent']);
});

test('message.headers', () => answer((req, res) => {
  assert.deepEqual({ ...req.headers }, { 'user-agent': 'curl/7.22.0', 'host': '127.0.0.1:8000', 'accept': '*/*', 'connection': 'close' });
  res.end();
}, 'GET / HTTP/1.1\r\nUser-Agent: curl/7.22.0\r\nHost: 127.0.0.1:8000\r\nAccept: */*\r\nConnection: close\r\n\r\n'));

test('message.rawHeaders', () => answer((req, res) => {
  assert.deepEqual(req.rawHeaders, [
    'user-agent', 'this is invalid because there can be only one',
    'User-Agent', 'curl/7.22.0',
    'Host', '127.0.0.1:8000',
    'ACCEPT', '*/*',
    'Connection', 'close',
  ]);
  assert.equal(req.headers['user-agent'], 'this is invalid because there can be only one');
  res.end();
}, 'GET / HTTP/1.1\r\nuser-agent: this is invalid because there can be only one\r\nUser-Agent: curl/7.22.0\r\nHost: 127.0.0.1:8000\r\nACCEPT: */*\r\nConnection: close\r\n\r\n'));

test('message.url', () => answer((request, res) => {
  assert.equal(request.url, '/status?name=ryan');
  const { href, origin, hostname, port, pathname, search, searchParams } = new URL(request.url, `http://${request.headers.host}`);
  assert.deepEqual({ href, origin, hostname, port, pathname, search, name: searchParams.get('name') }, {
    href: 'http://localhost:3000/status?name=ryan', origin: 'http://localhost:3000', hostname: 'localhost', port: '3000',
    pathname: '/status', search: '?name=ryan', name: 'ryan',
  });
  res.end();
}, 'GET /status?name=ryan HTTP/1.1\r\nAccept: text/plain\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n'));

test('outgoingMessage.addTrailers(headers)', () => serve(async (req, res) => {
  await textOf(req);
  res.end(req.trailers['content-md5']);
}, async (port) => {
  // The same on a request, which has no writeHead.
  const message = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false, headers: { 'Content-Type': 'text/plain', 'Trailer': 'Content-MD5' } });
  message.write('data of a file');
  message.addTrailers({ 'Content-MD5': '7895bf4b8828b55ceaf47747b4bca667' });
  message.end();
  const [res] = await event(message, 'response');
  assert.equal(await textOf(res), '7895bf4b8828b55ceaf47747b4bca667');
}));

test('outgoingMessage.getHeaders()', () => {
  const outgoingMessage = new http.OutgoingMessage();
  outgoingMessage.setHeader('Foo', 'bar');
  outgoingMessage.setHeader('Set-Cookie', ['foo=bar', 'bar=baz']);
  assert.deepEqual({ ...outgoingMessage.getHeaders() }, { 'foo': 'bar', 'set-cookie': ['foo=bar', 'bar=baz'] });
});

test('outgoingMessage.hasHeader(name)', () => {
  const outgoingMessage = new http.OutgoingMessage();
  assert.equal(outgoingMessage.hasHeader('content-type'), false);
  outgoingMessage.setHeader('Content-Type', 'text/plain');
  assert.equal(outgoingMessage.hasHeader('content-type'), true);
});

test('outgoingMessage.removeHeader()', () => {
  const outgoingMessage = new http.OutgoingMessage();
  outgoingMessage.setHeader('content-encoding', 'gzip');
  outgoingMessage.removeHeader('Content-Encoding');
  assert.deepEqual(outgoingMessage.getHeaderNames(), []);
});

test("http.createServer([options][, requestListener]): the 'request' event instead of a listener", async () => {
  const respond = (req, res) => {
    res.writeHead(200, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify({
      data: 'Hello World!',
    }));
  };
  const withListener = http.createServer(respond);
  const withEvent = http.createServer();
  withEvent.on('request', respond);
  for (const server of [withListener, withEvent]) {
    await serving(server, async (port) => {
      const { res, text } = await ask(port);
      assert.equal(res.headers['content-type'], 'application/json');
      assert.deepEqual(JSON.parse(text), { data: 'Hello World!' });
    });
  }
});
