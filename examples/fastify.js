'use strict';
// Fastify: `serverFactory` makes the server.   node examples/fastify.js

const http = require('rust-http');
const fastify = require('fastify')({ serverFactory: (handler) => http.createServer(handler) });

fastify.get('/hello/:name', async (request) => ({ hello: request.params.name }));
fastify.post('/sum', async (request) => ({ sum: request.body.reduce((sum, number) => sum + number, 0) }));

fastify.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' }).then((address) => console.log(`${address}/`));
