'use strict';

// Requires only http: the preload makes it ours.

const http = require('http');

const server = http.createServer((req, res) => {
  res.end(`${req.method} ${req.url}`);
});
server.listen(0, () => {
  http.get({ port: server.address().port, path: '/register' }, (res) => {
    res.setEncoding('utf8').on('data', (text) => console.log(res.statusCode, text, http.Server === require('rust-http').Server));
    res.on('end', () => server.close());
  });
});
