'use strict';

const path = require('node:path');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const http = require(process.argv[2]);
const Fastify = require('fastify');
const serveStatic = require('serve-static');
const ours = require('../../../lib/index.js');

const files = path.join(__dirname, '../static');
const serveFile = serveStatic(files);
const visits = new Map();
let server;

const app = Fastify({
  serverFactory: (handler) => {
    server = http.createServer(handler);
    return server;
  },
});

function cookiesOf(req) {
  return Object.fromEntries((req.headers.cookie ?? '').split('; ').filter(Boolean).map((pair) => pair.split('=')));
}

app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (req, body, done) => {
  done(null, Object.fromEntries(new URLSearchParams(body)));
});
app.addContentTypeParser('application/octet-stream', (req, payload, done) => done(null, payload));
app.setErrorHandler((error, req, reply) => reply.code(500).send({ error: error.message }));

app.get('/hello', async () => 'hello');
app.get('/users/:id', async (req) => ({ id: req.params.id, query: { ...req.query }, ip: req.ip, host: req.hostname.split(':')[0], agent: req.headers['user-agent'] }));
app.post('/json', (req, reply) => reply.code(201).send(req.body));
app.post('/form', async (req) => req.body);
app.post('/upload', async (req) => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of req.body) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  return { bytes, hash: hash.digest('hex') };
});
app.get('/cookie', (req, reply) => reply.header('Set-Cookie', ['a=1; HttpOnly', 'b=2']).send(cookiesOf(req)));
app.get('/visits', (req, reply) => {
  const id = cookiesOf(req).sid ?? String(visits.size);
  visits.set(id, (visits.get(id) ?? 0) + 1);
  return reply.header('Set-Cookie', `sid=${id}`).send({ visits: visits.get(id) });
});
app.get('/redirect', (req, reply) => reply.redirect('/hello', 302));
app.get('/stream', (req, reply) => reply.type('text/plain').send(fs.createReadStream(path.join(files, 'numbers.txt'))));
app.get('/boom', async () => {
  throw new Error('boom');
});
app.get('/static/*', (req, reply) => {
  reply.hijack();
  req.raw.url = req.raw.url.slice('/static'.length);
  serveFile(req.raw, reply.raw, (error) => {
    reply.raw.statusCode = error?.status ?? 404;
    reply.raw.end();
  });
});

app.listen({ port: 0, host: '127.0.0.1' }, (error) => {
  if (error) throw error;
  process.send({ port: server.address().port, ours: server instanceof ours.Server });
});
