'use strict';

// Serves a first page with the built addon.   PORT=n picks the port, else the system does.

const http = require('..');

const page = 'Hello from rust-http\n';

function answer(req, res) {
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.end(page);
}

function announce() {
  const { port } = server.address();
  console.log(`rust-http listens on port ${port}; ask it with`);
  console.log(`  curl -i http://127.0.0.1:${port}/`);
  console.log(`and it answers 200 and: ${page.trimEnd()}`);
  console.log('Ctrl-C ends it.');
}

const server = http.createServer(answer);
server.listen(Number(process.env.PORT) || 0, '127.0.0.1', announce);
