'use strict';
// The program of docs/ADOPTING.md that is compared: Fastify, a route, an answer of JSON.

const app = require('fastify')();

app.get('/users/:id', async (req) => ({ id: req.params.id, page: req.query.page ?? 1, language: req.headers['accept-language'] ?? null }));
app.listen({ port: Number(process.env.PORT ?? 3000) });
