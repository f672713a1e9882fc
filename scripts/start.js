'use strict';

// Serves a first page with the built addon: a line of text, and to a browser a page that shows `stats()` of this server
// live.   PORT=n sets the port, otherwise the system picks one.

const fs = require('node:fs');
const path = require('node:path');
const http = require('..');
const { version } = require('../package.json');

const text = 'Hello from rust-http\n';
const files = { '/': ['index.html', 'text/html; charset=utf-8'], '/page.js': ['page.js', 'text/javascript'], '/page.css': ['page.css', 'text/css'] };
const everyMs = 250;

// Sends what this server is, and its numbers again and again, until the page is gone.
function tellStats(res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const tell = () => res.write(`data: ${JSON.stringify({ at: Date.now(), version, node: process.version, platform: `${process.platform} ${process.arch}`, stats: server.stats() })}\n\n`);
  tell();
  const timer = setInterval(tell, everyMs);
  res.on('close', () => clearInterval(timer));
}

function answer(req, res) {
  const wantsPage = req.url !== '/' || (req.headers.accept ?? '').includes('text/html');
  if (req.url === '/stats') return tellStats(res);
  if (!wantsPage || !Object.hasOwn(files, req.url)) {
    if (req.url !== '/' && req.url !== '/hello') res.statusCode = 404;
    res.setHeader('Content-Type', 'text/plain; charset=utf-8');
    return res.end(res.statusCode === 404 ? 'Not Found\n' : text);
  }
  const [name, type] = files[req.url];
  res.setHeader('Content-Type', type);
  fs.createReadStream(path.join(__dirname, 'start-page', name)).pipe(res);
}

function announce() {
  const url = `http://127.0.0.1:${server.address().port}/`;
  console.log(`rust-http listens on ${url}: open it in a browser, or ask it with`);
  console.log(`  curl -i ${url}`);
  console.log(`and it answers 200 and: ${text.trimEnd()}`);
  console.log('Ctrl-C ends it.');
}

const server = http.createServer(answer);
server.listen(Number(process.env.PORT) || 0, '127.0.0.1', announce);
