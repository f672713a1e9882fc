'use strict';
// A page that uploads with a progress bar, gets the number of received bytes from the server (server-sent events), and
// talks to it over a WebSocket.
//   node examples/page/server.js

const fs = require('node:fs');
const path = require('node:path');
const http = require('rust-http');
const { openEvents } = require('./events');
const { openEcho } = require('./echo');
const { takeUpload } = require('./upload');

const files = { '/': ['index.html', 'text/html; charset=utf-8'], '/page.js': ['page.js', 'text/javascript'], '/page.css': ['page.css', 'text/css'] };

const server = http.createServer((req, res) => {
  const { pathname } = new URL(req.url, 'http://localhost');
  if (Object.hasOwn(files, pathname) && req.method === 'GET') {
    const [name, type] = files[pathname];
    res.setHeader('Content-Type', type);
    fs.createReadStream(path.join(__dirname, name)).pipe(res);
  } else if (pathname === '/events' && req.method === 'GET') {
    openEvents(req, res);
  } else if (pathname === '/upload' && req.method === 'POST') {
    takeUpload(req, res);
  } else {
    res.writeHead(404);
    res.end('Not Found\n');
  }
});
openEcho(server, '/echo');
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
