'use strict';

const path = require('node:path');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { promisify } = require('node:util');
const http = require(process.argv[2]);
const Koa = require('koa');
const bodyParser = require('body-parser');
const serveStatic = require('serve-static');
const listen = require('./listen');

const files = path.join(__dirname, '../static');
const app = new Koa();
const parseJson = promisify(bodyParser.json({ limit: '2mb' }));
const parseForm = promisify(bodyParser.urlencoded({ extended: true }));
const serveFile = serveStatic(files);
const visits = new Map();

const routes = {
  'GET /hello': (ctx) => {
    ctx.body = 'hello';
  },
  'POST /json': async (ctx) => {
    await parseJson(ctx.req, ctx.res);
    ctx.status = 201;
    ctx.body = ctx.req.body;
  },
  'POST /form': async (ctx) => {
    await parseForm(ctx.req, ctx.res);
    ctx.body = ctx.req.body;
  },
  'POST /upload': async (ctx) => {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of ctx.req) {
      bytes += chunk.length;
      hash.update(chunk);
    }
    ctx.body = { bytes, hash: hash.digest('hex') };
  },
  'GET /cookie': (ctx) => {
    ctx.cookies.set('a', '1', { httpOnly: true });
    ctx.cookies.set('b', '2', { httpOnly: false });
    ctx.body = Object.fromEntries((ctx.get('cookie') || '').split('; ').filter(Boolean).map((pair) => pair.split('=')));
  },
  'GET /visits': (ctx) => {
    const id = ctx.cookies.get('sid') ?? String(visits.size);
    ctx.cookies.set('sid', id);
    visits.set(id, (visits.get(id) ?? 0) + 1);
    ctx.body = { visits: visits.get(id) };
  },
  'GET /redirect': (ctx) => {
    ctx.redirect('/hello');
  },
  'GET /stream': (ctx) => {
    ctx.type = 'text/plain';
    ctx.body = fs.createReadStream(path.join(files, 'numbers.txt'));
  },
  'GET /boom': () => {
    throw new Error('boom');
  },
};

app.silent = true;
app.use(async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    ctx.status = 500;
    ctx.body = { error: error.message };
  }
});
app.use(async (ctx) => {
  const user = /^\/users\/(\w+)$/.exec(ctx.path);
  if (user) {
    ctx.body = { id: user[1], query: { ...ctx.query }, ip: ctx.ip, host: ctx.hostname, agent: ctx.get('user-agent') };
  } else if (ctx.path.startsWith('/static/')) {
    // handed to a handler that knows nothing of Koa
    ctx.respond = false;
    ctx.req.url = ctx.req.url.slice('/static'.length);
    ctx.status = 200;
    serveFile(ctx.req, ctx.res, (error) => {
      ctx.res.statusCode = error?.status ?? 404;
      ctx.res.end();
    });
  } else {
    await routes[`${ctx.method} ${ctx.path}`]?.(ctx);
  }
});

listen(http.createServer(app.callback()));
