'use strict';
// Runs on Bun and Deno: a server and a client of the package talk to each other; prints what was seen as JSON.

const http = require('../..');

const seen = {};
const server = http.createServer((req, res) => {
  let body = '';
  req.setEncoding('utf8');
  req.on('data', (piece) => { body += piece; });
  req.on('end', () => {
    res.setHeader('X-Seen', req.headers['x-sent'] ?? '');
    res.write(`${req.method} ${req.url} `);
    res.end(body);
  });
});

function ask(options, body) {
  return new Promise((resolve, reject) => {
    const req = http.request({ host: '127.0.0.1', port: server.address().port, ...options }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (piece) => { text += piece; });
      res.on('end', () => resolve([res.statusCode, res.headers['x-seen'], text]));
    });
    req.on('error', reject);
    req.end(body);
  });
}

async function main() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  seen.transport = server.transport;
  const agent = new http.Agent({ keepAlive: true });
  seen.get = await ask({ path: '/get', agent, headers: { 'X-Sent': 'a' } });
  seen.post = await ask({ path: '/post', agent, method: 'POST' }, 'x'.repeat(100000)).then(([status, , text]) => [status, text.length]);
  seen.alone = await ask({ path: '/alone', agent: false });
  agent.destroy();
  seen.error = await new Promise((resolve) => {
    const socket = require('node:net').connect(server.address().port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(`${data}`.split('\r\n')[0]);
    });
  });
  server.close();
  console.log(JSON.stringify(seen));
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
