'use strict';

// A Nest application: routes, pipes, guards, files, events, a gateway, and an end by a signal.

require('reflect-metadata');
const { Readable } = require('node:stream');
const { NestFactory } = require('@nestjs/core');
const {
  BadRequestException, Body, Controller, Get, Header, HttpCode, Module, Param, ParseIntPipe, Post, Query, Req, Sse, StreamableFile, UnauthorizedException, UseGuards,
} = require('@nestjs/common');
const { WsAdapter } = require('@nestjs/platform-ws');
const { MessageBody, SubscribeMessage, WebSocketGateway } = require('@nestjs/websockets');
const { from, map } = require('rxjs');

class Guard {
  canActivate(context) {
    if (context.switchToHttp().getRequest().headers.authorization !== 'Bearer right') throw new UnauthorizedException();
    return true;
  }
}

class Site {
  cat(id, query) {
    return { id, ...query };
  }

  add(body, req) {
    if (!Array.isArray(body.numbers)) throw new BadRequestException('numbers are wanted');
    return { sum: body.numbers.reduce((a, b) => a + b, 0), from: req.socket.remoteAddress, type: req.headers['content-type'] };
  }

  secret() {
    return 'secret';
  }

  file() {
    return new StreamableFile(Readable.from(Array.from({ length: 50 }, (_, n) => Buffer.alloc(1000, `${n % 10}`))));
  }

  events() {
    return from([1, 2, 3]).pipe(map((n) => ({ data: { n }, id: `${n}` })));
  }

  fails() {
    throw new Error('not for the client');
  }
}

class Gateway {
  sum(numbers) {
    return { event: 'sum', data: numbers.reduce((a, b) => a + b, 0) };
  }

  many(count) {
    return from(Array.from({ length: count }, (_, n) => ({ event: 'many', data: n })));
  }
}

class Root {}

function decorate(type, name, ...decorators) {
  for (const decorator of decorators) decorator(type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
}

decorate(Site, 'cat', Get('cats/:id'));
Param('id', ParseIntPipe)(Site.prototype, 'cat', 0);
Query()(Site.prototype, 'cat', 1);
decorate(Site, 'add', Post('sum'), HttpCode(202), Header('X-Made', 'by hand'));
Body()(Site.prototype, 'add', 0);
Req()(Site.prototype, 'add', 1);
decorate(Site, 'secret', Get('secret'), UseGuards(Guard));
decorate(Site, 'file', Get('file'), Header('Content-Type', 'text/plain'));
decorate(Site, 'events', Sse('events'));
decorate(Site, 'fails', Get('fails'));
Controller()(Site);
decorate(Gateway, 'sum', SubscribeMessage('sum'));
MessageBody()(Gateway.prototype, 'sum', 0);
decorate(Gateway, 'many', SubscribeMessage('many'));
MessageBody()(Gateway.prototype, 'many', 0);
WebSocketGateway({ path: '/talk' })(Gateway);
Module({ controllers: [Site], providers: [Gateway] })(Root);

async function main() {
  const app = await NestFactory.create(Root, { logger: false });
  app.useWebSocketAdapter(new WsAdapter(app));
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(`http://127.0.0.1:${app.getHttpServer().address().port}`);
}

main();
