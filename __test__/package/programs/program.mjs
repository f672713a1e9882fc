import http, { createServer, get } from 'rust-http';
import https from 'rust-http/https';

const server = createServer((req, res) => {
  res.end(`${req.method} ${req.url}`);
});
server.listen(0, () => {
  get({ port: server.address().port, path: '/esm' }, (res) => {
    res.setEncoding('utf8').on('data', (text) => console.log(res.statusCode, text, server instanceof http.Server, https.Server.name));
    res.on('end', () => server.close());
  });
});
