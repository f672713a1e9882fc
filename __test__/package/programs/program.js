'use strict';

const http = require('rust-http');

const server = http.createServer((req, res) => {
  res.end(`${req.method} ${req.url}`);
});
server.listen(0, () => {
  http.get({ port: server.address().port, path: '/cjs' }, (res) => {
    res.setEncoding('utf8').on('data', (text) => console.log(res.statusCode, text, http.Server === require('node:http').Server, require('rust-http/https').Server.name));
    res.on('end', () => server.close());
  });
});
