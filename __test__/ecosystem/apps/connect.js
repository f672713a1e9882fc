'use strict';

const path = require('node:path');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const http = require(process.argv[2]);
const connect = require('connect');
const bodyParser = require('body-parser');
const cookieParser = require('cookie-parser');
const compression = require('compression');
const serveStatic = require('serve-static');
const session = require('express-session');
const listen = require('./listen');

const files = path.join(__dirname, '../static');
const app = connect();

function json(res, status, value) {
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(value));
}

app.use(compression({ threshold: 512 }));
app.use(cookieParser());
app.use(bodyParser.json({ limit: '2mb' }));
app.use(bodyParser.urlencoded({ extended: true }));
app.use('/static', serveStatic(files));
app.use('/hello', (req, res) => {
  res.end('hello');
});
app.use('/users', (req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://localhost');
  json(res, 200, { id: pathname.slice(1), query: Object.fromEntries(searchParams), ip: req.socket.remoteAddress, host: req.headers.host.split(':')[0], agent: req.headers['user-agent'] });
});
app.use('/json', (req, res) => json(res, 201, req.body));
app.use('/form', (req, res) => json(res, 200, req.body));
app.use('/upload', (req, res) => {
  const hash = createHash('sha256');
  let bytes = 0;
  req.on('data', (chunk) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  req.on('end', () => json(res, 200, { bytes, hash: hash.digest('hex') }));
});
app.use('/cookie', (req, res) => {
  res.setHeader('Set-Cookie', ['a=1; HttpOnly', 'b=2']);
  json(res, 200, req.cookies);
});
app.use('/visits', session({ secret: 'test', resave: false, saveUninitialized: true }));
app.use('/visits', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  json(res, 200, { visits: req.session.visits });
});
app.use('/redirect', (req, res) => {
  res.writeHead(302, { Location: '/hello' });
  res.end();
});
app.use('/stream', (req, res) => {
  res.setHeader('Content-Type', 'text/plain');
  fs.createReadStream(path.join(files, 'numbers.txt')).pipe(res);
});
app.use('/boom', () => {
  throw new Error('boom');
});
// four arguments make it the error handler
app.use((error, req, res, _next) => json(res, error.status ?? 500, { error: error.message }));

listen(http.createServer(app));
