'use strict';
// The program compared in docs/ADOPTING.md: Express, a router, a JSON answer.

const express = require('express');

const app = express();
app.get('/users/:id', (req, res) => {
  res.json({ id: req.params.id, page: req.query.page ?? 1, language: req.headers['accept-language'] ?? null });
});
app.listen(process.env.PORT ?? 3000);
