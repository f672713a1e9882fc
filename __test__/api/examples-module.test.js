'use strict';
// The examples in the document's chapters on the functions of the module, on loopback and with an end. Each test has
// the name of its section; what the example prints is recorded and compared.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { event, http, serve, textOf } = require('./helpers');

const { validateHeaderName, validateHeaderValue } = http;

/** The JSON fetching example: what it writes to the console. */
function fetchJson(url) {
  return new Promise((resolve) => {
    http.get(url, { agent: false }, (res) => {
      const { statusCode } = res;
      const contentType = res.headers['content-type'];

      let error;
      // Any 2xx status code signals a successful response but
      // here we're only checking for 200.
      if (statusCode !== 200) {
        error = new Error('Request Failed.\n' +
                          `Status Code: ${statusCode}`);
      } else if (!/^application\/json/.test(contentType)) {
        error = new Error('Invalid content-type.\n' +
                          `Expected application/json but received ${contentType}`);
      }
      if (error) {
        resolve(error.message);
        // Consume response data to free up memory
        res.resume();
        return;
      }

      res.setEncoding('utf8');
      let rawData = '';
      res.on('data', (chunk) => {
        rawData += chunk;
      });
      res.on('end', () => {
        try {
          resolve(JSON.parse(rawData));
        } catch (e) {
          resolve(e.name);
        }
      });
    }).on('error', (e) => {
      resolve(`Got error: ${e.code}`);
    });
  });
}

test('http.get(url[, options][, callback]): JSON is fetched, and other content is refused', async () => {
  const answers = {
    '/': [200, { 'Content-Type': 'application/json' }, JSON.stringify({ data: 'Hello World!' })],
    '/text': [200, { 'Content-Type': 'text/plain' }, 'x'],
    '/cut': [200, { 'Content-Type': 'application/json' }, '{"data":'],
    '/none': [404, {}, ''],
  };
  let base;
  await serve((req, res) => {
    const [status, headers, body] = answers[req.url];
    res.writeHead(status, headers);
    res.end(body);
  }, async (port) => {
    base = `http://127.0.0.1:${port}`;
    assert.deepEqual(await fetchJson(`${base}/`), { data: 'Hello World!' });
    assert.equal(await fetchJson(`${base}/text`), 'Invalid content-type.\nExpected application/json but received text/plain');
    assert.equal(await fetchJson(`${base}/cut`), 'SyntaxError');
    assert.equal(await fetchJson(`${base}/none`), 'Request Failed.\nStatus Code: 404');
  });
  assert.equal(await fetchJson(`${base}/`), 'Got error: ECONNREFUSED');
});

test('http.request(options[, callback]): a POST request', () => serve(async (req, res) => {
  res.setHeader('X-Length', req.headers['content-length']);
  res.end(`${req.method} ${req.url} ${await textOf(req)}`);
}, async (port) => {
  const notes = [];
  const postData = JSON.stringify({
    'msg': 'Hello World!',
  });
  const options = {
    hostname: '127.0.0.1',
    port,
    path: '/upload',
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(postData),
    },
    agent: false,
  };
  const req = http.request(options, (res) => {
    notes.push(`STATUS: ${res.statusCode}`, `LENGTH: ${res.headers['x-length']}`);
    res.setEncoding('utf8');
    res.on('data', (chunk) => {
      notes.push(`BODY: ${chunk}`);
    });
    res.on('end', () => {
      notes.push('No more data in response.');
    });
  });
  req.on('error', (e) => {
    notes.push(`problem with request: ${e.message}`);
  });
  const closed = event(req, 'close');
  // Write data to request body
  req.write(postData);
  req.end();
  await closed;
  assert.deepEqual(notes, ['STATUS: 200', 'LENGTH: 22', 'BODY: POST /upload {"msg":"Hello World!"}', 'No more data in response.']);
}));

test('http.request(url[, options][, callback]): a URL as options', () => serve((req, res) => res.end(req.headers.authorization), async (port) => {
  const options = new URL(`http://abc:xyz@127.0.0.1:${port}`);
  const res = await new Promise((resolve) => {
    const req = http.request(options, resolve);
    req.end();
  });
  assert.equal(await textOf(res), `Basic ${Buffer.from('abc:xyz').toString('base64')}`);
  http.globalAgent.destroy();
}));

test('http.validateHeaderName(name)', () => {
  let caught;
  try {
    validateHeaderName('');
  } catch (err) {
    caught = err;
  }
  assert.ok(caught instanceof TypeError);
  assert.equal(caught.code, 'ERR_INVALID_HTTP_TOKEN');
  assert.equal(caught.message, 'Header name must be a valid HTTP token [""]');
});

test('http.validateHeaderValue(name, value)', () => {
  const errors = {};
  for (const value of [undefined, 'oʊmɪɡə']) {
    try {
      validateHeaderValue('x-my-header', value);
    } catch (err) {
      assert.ok(err instanceof TypeError);
      errors[err.code] = err.message;
    }
  }
  assert.deepEqual(errors, {
    ERR_HTTP_INVALID_HEADER_VALUE: 'Invalid value "undefined" for header "x-my-header"',
    ERR_INVALID_CHAR: 'Invalid character in header content ["x-my-header"]',
  });
});
