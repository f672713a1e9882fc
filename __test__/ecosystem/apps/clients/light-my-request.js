'use strict';

// argv: module of http. light-my-request builds requests and responses without a socket, from the classes of require('http').

const http = require(process.argv[2]);
const inject = require('light-my-request');
const express = require('express');
const serve = require('./serve');

const app = express();
app.use(express.json());
app.post('/echo', (req, res) => {
  res.cookie('seen', '1').json({ body: req.body, header: req.get('x-test') });
});

async function plain(req, res) {
  const parts = [];
  for await (const part of req) parts.push(part);
  res.writeHead(202, { 'X-Answer': 'yes' });
  res.write(`${req.method} ${req.url} `);
  res.end(Buffer.concat(parts));
}

serve(http, {
  async plain() {
    const res = await inject(plain, { method: 'PUT', url: '/thing?x=1', payload: 'content' });
    return { status: res.statusCode, text: res.payload, header: res.headers['x-answer'], isResponse: res.raw.res instanceof http.ServerResponse };
  },
  async express() {
    const res = await inject(app, { method: 'POST', url: '/echo', payload: { a: 1 }, headers: { 'x-test': 'ok' } });
    return { status: res.statusCode, json: res.json(), cookies: res.cookies.map(({ name, value }) => `${name}=${value}`) };
  },
});
