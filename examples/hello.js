'use strict';
// The smallest server.   node examples/hello.js

const http = require('rust-http');

const server = http.createServer((req, res) => {
  res.end('Hello World\n');
});
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
