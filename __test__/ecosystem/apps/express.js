'use strict';

// argv: module of http, name of the Express package.

const path = require('node:path');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const http = require(process.argv[2]);
const express = require(process.argv[3]);
const cookieParser = require('cookie-parser');
const compression = require('compression');
const morgan = require('morgan');
const session = require('express-session');
const listen = require('./listen');

const app = express();
const files = path.join(__dirname, '../static');
let logged = 0;

app.use(morgan('tiny', { stream: { write: () => logged++ } }));
app.use(compression({ threshold: 512 }));
app.use(cookieParser());
app.use(express.json({ limit: '2mb' }));
app.use(express.urlencoded({ extended: true }));
app.use('/static', express.static(files));

app.get('/hello', (req, res) => {
  res.send('hello');
});
app.get('/users/:id', (req, res) => {
  res.json({ id: req.params.id, query: req.query, ip: req.ip, host: req.hostname, agent: req.get('user-agent') });
});
app.post('/json', (req, res) => {
  res.status(201).json(req.body);
});
app.post('/form', (req, res) => {
  res.json(req.body);
});
app.post('/upload', (req, res) => {
  const hash = createHash('sha256');
  let bytes = 0;
  req.on('data', (chunk) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  req.on('end', () => res.json({ bytes, hash: hash.digest('hex') }));
});
app.get('/cookie', (req, res) => {
  res.cookie('a', '1', { httpOnly: true });
  res.cookie('b', '2');
  res.json(req.cookies);
});
app.get('/visits', session({ secret: 'test', resave: false, saveUninitialized: true }), (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.json({ visits: req.session.visits });
});
app.get('/redirect', (req, res) => {
  res.redirect('/hello');
});
app.get('/stream', (req, res) => {
  res.type('text/plain');
  fs.createReadStream(path.join(files, 'numbers.txt')).pipe(res);
});
app.get('/boom', () => {
  throw new Error('boom');
});
app.get('/logged', (req, res) => {
  res.json({ logged });
});
// four arguments make it the error handler
app.use((error, req, res, _next) => {
  res.status(error.status ?? 500).json({ error: error.message });
});

listen(http.createServer(app));
