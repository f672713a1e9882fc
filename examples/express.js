'use strict';
// Express: the app is a request listener.   node examples/express.js

const express = require('express');
const http = require('rust-http');

const app = express();
app.use(express.json());
app.get('/hello/:name', (req, res) => {
  res.json({ hello: req.params.name });
});
app.post('/sum', (req, res) => {
  res.json({ sum: req.body.reduce((sum, number) => sum + number, 0) });
});

const server = http.createServer(app);
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
