'use strict';

const http = require(process.argv[2]);
const express = require('express');
const superagent = require('superagent');
const supertest = require('supertest');
const serve = require('./serve');

const agent = new http.Agent({ keepAlive: true });

const app = express();
app.use(express.json());
app.post('/double', (req, res) => {
  res.json({ value: req.body.value * 2 });
});
app.get('/login', (req, res) => {
  res.cookie('who', 'ann').end();
});
app.get('/who', (req, res) => {
  res.send(req.get('cookie') ?? 'nobody');
});

serve(http, {
  async get(url) {
    const res = await superagent.get(url).agent(agent).buffer(true);
    return { status: res.status, text: res.text, redirects: res.redirects.length };
  },
  json: async (url, value) => (await superagent.post(url).agent(agent).send(value)).body,
  timeout: (url, ms) => superagent.get(url).agent(agent).timeout(ms),

  async supertest(value) {
    const res = await supertest(http.createServer(app)).post('/double').send({ value }).expect(200).expect('Content-Type', /json/);
    return res.body;
  },
  async supertestCookies() {
    const visitor = supertest.agent(http.createServer(app));
    await visitor.get('/login').expect(200);
    return (await visitor.get('/who').expect(200)).text;
  },
  supertestFails: () => supertest(http.createServer(app)).get('/who').expect(404),
});
