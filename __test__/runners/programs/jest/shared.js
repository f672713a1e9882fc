'use strict';

// What a project's tests do with an http: serve, request, keep a connection, fail, stream.

const { once } = require('events');

async function ask(http, port, options = {}, body = '') {
  const req = http.request({ port, host: '127.0.0.1', method: 'POST', ...options });
  req.end(body);
  const [res] = await once(req, 'response');
  let text = '';
  for await (const chunk of res.setEncoding('utf8')) text += chunk;
  return { status: res.statusCode, type: res.headers['content-type'], text, reused: req.reusedSocket };
}

async function serve(http, handler, use) {
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(server.address().port, server);
  } finally {
    server.close();
    await once(server, 'close');
  }
}

function echo(req, res) {
  res.setHeader('Content-Type', 'text/plain');
  req.pipe(res);
}

// Requests an answer that comes after a minute on the test's clock; returns its text.
async function askLate(http, { setTimeout, advance }) {
  let waits;
  const waiting = new Promise((resolve) => {
    waits = resolve;
  });
  const late = (req, res) => {
    setTimeout(() => res.end('late'), 60000);
    waits();
  };
  return serve(http, late, async (port) => {
    const answer = ask(http, port);
    await waiting;
    await advance(60000);
    return (await answer).text;
  });
}

module.exports = { ask, askLate, serve, echo };
