'use strict';
// A server that sends requests to itself, to be traced: see tracing.js.

const http = require('node:http');

const server = http.createServer((req, res) => {
  if (req.url === '/double') {
    http.get({ port: server.address().port, host: '127.0.0.1', path: '/' }, (answer) => answer.pipe(res));
  } else {
    res.end('Hello World\n');
  }
});
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
