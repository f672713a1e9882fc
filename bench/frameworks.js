'use strict';

// Popular frameworks: the same three answers from each, on whatever `http` is. Bun and Deno run this same file.
//   GET /hello: text   GET /json: JSON   POST /json: the JSON body of the request, parsed and serialized again   GET /static/file.txt: 10 KiB

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const fileBytes = 10 * 1024;
const text = 'Hello World\n';
const value = { message: 'Hello World', list: [1, 2, 3] };

function express(name) {
  const make = require(name);
  const app = make();
  app.get('/hello', (req, res) => res.send(text));
  app.get('/json', (req, res) => res.json(value));
  app.post('/json', make.json(), (req, res) => res.json(req.body));
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-bench-'));
  fs.writeFileSync(path.join(dir, 'file.txt'), 'x'.repeat(fileBytes));
  process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));
  app.use('/static', make.static(dir));
  return app;
}

async function fastify() {
  const app = require('fastify')();
  app.get('/hello', (req, reply) => reply.send(text));
  app.get('/json', (req, reply) => reply.send(value));
  app.post('/json', (req, reply) => reply.send(req.body));
  await app.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
  return app.server;
}

function koa() {
  const Koa = require('koa');
  const app = new Koa();
  app.use((context) => {
    context.body = context.path === '/json' ? value : text;
  });
  return app.callback();
}

async function hono() {
  const { Hono } = await import('hono');
  const { getRequestListener } = await import('@hono/node-server');
  const app = new Hono();
  app.get('/hello', (context) => context.text(text));
  app.get('/json', (context) => context.json(value));
  app.post('/json', async (context) => context.json(await context.req.json()));
  return getRequestListener(app.fetch);
}

// Applies Nest's decorators by hand.
async function nest() {
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { Body, Controller, Get, HttpCode, Module, Post } = require('@nestjs/common');
  class Site {
    hello() {
      return text;
    }

    json() {
      return value;
    }

    echo(body) {
      return body;
    }
  }
  const decorate = (name, ...decorators) => decorators.forEach((decorator) =>
    decorator(Site.prototype, name, Object.getOwnPropertyDescriptor(Site.prototype, name)));
  decorate('hello', Get('hello'));
  decorate('json', Get('json'));
  decorate('echo', Post('json'), HttpCode(200));
  Body()(Site.prototype, 'echo', 0);
  Controller()(Site);
  class Root {}
  Module({ controllers: [Site] })(Root);
  const app = await NestFactory.create(Root, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer();
}

const makers = { express4: () => express('express4'), express5: () => express('express'), fastify, koa, hono, nest };

/**
 * Serves one of the frameworks.
 * @param {object} http the module, for frameworks that do not make the server themselves
 * @param {string} name a key of `makers`
 * @returns {Promise<number>} the port
 */
async function serveFramework(http, name) {
  const made = await makers[name]();
  if (typeof made !== 'function') return made.address().port;
  const server = http.createServer(made);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', 1024, resolve));
  return server.address().port;
}

module.exports = { serveFramework, isFramework: (name) => Object.hasOwn(makers, name) };
