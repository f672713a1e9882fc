'use strict';
// The program compared in docs/ADOPTING.md: Fastify, a route, a JSON answer.

const app = require('fastify')();

app.get('/users/:id', async (req) => ({ id: req.params.id, page: req.query.page ?? 1, language: req.headers['accept-language'] ?? null }));
app.listen({ port: Number(process.env.PORT ?? 3000) });
