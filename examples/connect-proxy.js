'use strict';
// A proxy that tunnels (CONNECT), as browsers use it for https.   node examples/connect-proxy.js
//   curl --proxytunnel --proxy http://127.0.0.1:3000 http://127.0.0.1:8080/

const net = require('node:net');
const { pipeline } = require('node:stream');
const http = require('rust-http');

const server = http.createServer((req, res) => {
  res.writeHead(405, { Allow: 'CONNECT' });
  res.end('This proxy only tunnels.\n');
});

server.on('connect', (req, client, head) => {
  const { hostname, port } = new URL(`http://${req.url}`);
  const target = net.connect(port || 80, hostname);
  target.once('connect', () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    target.write(head);
    pipeline(client, target, () => {});
    pipeline(target, client, () => {});
  });
  target.on('error', () => {
    if (target.bytesRead === 0 && client.writable) client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
  });
  client.on('error', () => target.destroy());
});

server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
