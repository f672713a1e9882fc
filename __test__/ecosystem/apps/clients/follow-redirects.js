'use strict';

const http = require(process.argv[2]);
const { once } = require('node:events');
const { wrap } = require('follow-redirects');
const serve = require('./serve');

const following = wrap({ http }).http;

async function finish(req, body) {
  req.end(body);
  const [res] = await once(req, 'response');
  const parts = [];
  for await (const part of res) parts.push(part);
  return { status: res.statusCode, text: Buffer.concat(parts).toString(), url: res.responseUrl };
}

serve(http, {
  get: (url, options) => finish(following.request(url, options ?? {})),
  post: (url, body) => finish(following.request(url, { method: 'POST', headers: { 'Content-Length': body.length } }), body),
});
