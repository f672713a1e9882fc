'use strict';
// Koa: `app.callback()` is a request listener.   node examples/koa.js

const Koa = require('koa');
const http = require('rust-http');

const app = new Koa();
app.use(async (ctx, next) => {
  const start = performance.now();
  await next();
  ctx.set('Server-Timing', `app;dur=${(performance.now() - start).toFixed(1)}`);
});
app.use(async (ctx) => {
  const match = /^\/hello\/(\w+)$/.exec(ctx.path);
  if (match !== null) ctx.body = { hello: match[1] };
});

const server = http.createServer(app.callback());
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
