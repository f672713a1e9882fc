'use strict';

// argv: module of http, name of the nock package. nock replaces what require('http') returns, so only the preload makes
// it use ours.

const http = require(process.argv[2]);
const { Agent, ClientRequest } = http;
const { once } = require('node:events');
const nock = require(process.argv[3]);
const serve = require('./serve');

async function ask(url, { method = 'GET', body } = {}) {
  const req = http.request(url, { method });
  req.end(body);
  const [res] = await once(req, 'response');
  const parts = [];
  for await (const part of res) parts.push(part);
  return { status: res.statusCode, text: Buffer.concat(parts).toString(), isMessage: res instanceof http.IncomingMessage };
}

serve({ Agent, ClientRequest }, {
  async intercept() {
    const scope = nock('http://intercepted.test').get('/a').reply(200, 'from nock').post('/b', 'sent').reply(201, (uri, body) => `got ${body}`);
    const answers = [await ask('http://intercepted.test/a'), await ask('http://intercepted.test/b', { method: 'POST', body: 'sent' })];
    return { answers, done: scope.isDone() };
  },
  async replyError() {
    nock('http://intercepted.test').get('/broken').replyWithError(Object.assign(new Error('broken'), { code: 'EBROKEN' }));
    return ask('http://intercepted.test/broken');
  },
  async through(url) {
    nock.enableNetConnect('127.0.0.1');
    const answer = await ask(url);
    nock.cleanAll();
    return answer;
  },
  async refuse(url) {
    nock.disableNetConnect();
    try {
      return await ask(url);
    } finally {
      nock.enableNetConnect();
    }
  },
});
