import http = require('rust-http');
import type { AddressInfo } from 'node:net';

const server: http.Server = http.createServer((req: http.IncomingMessage, res: http.ServerResponse) => {
  res.end(`${req.method} ${req.url}`);
});
server.listen(0, () => {
  const { port } = server.address() as AddressInfo;
  http.get({ port, path: '/ts' }, (res) => {
    res.setEncoding('utf8').on('data', (text: string) => console.log(res.statusCode, text));
    res.on('end', () => server.close());
  });
});
