'use strict';
// Files of a directory, whole or in part (Range), and only if they have changed.   node examples/static-files.js [DIRECTORY]

const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream');
const http = require('rust-http');

const root = path.resolve(process.argv[2] ?? '.');
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.json': 'application/json', '.md': 'text/plain; charset=utf-8', '.png': 'image/png' };

// The file named by a URL, never one outside the directory.
function fileOf(url) {
  const name = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  return path.join(root, path.normalize(`/${name}`));
}

// The range of a Range field as { start, end }; null if the field is to be ignored (RFC 9110, section 14.2); undefined
// if no range fits this size.
function rangeOf(field, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(field ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start > end ? undefined : { start, end };
}

function answer(res, status, headers = {}) {
  res.writeHead(status, headers);
  res.end(res.req.method === 'HEAD' || status === 304 ? undefined : `${http.STATUS_CODES[status]}\n`);
}

async function serve(req, res) {
  if (req.method !== 'GET' && req.method !== 'HEAD') return answer(res, 405, { Allow: 'GET, HEAD' });
  const name = fileOf(req.url);
  const file = await fs.promises.open(name);
  const stat = await file.stat();
  const etag = `"${stat.size.toString(16)}-${Math.floor(stat.mtimeMs).toString(16)}"`;
  const headers = { 'Accept-Ranges': 'bytes', 'ETag': etag, 'Last-Modified': stat.mtime.toUTCString() };

  // If-Range: a part of another version is of no use to the client.
  const ifRange = req.headers['if-range'];
  const range = ifRange === undefined || ifRange === etag ? rangeOf(req.headers.range, stat.size) : null;
  let status = range ? 206 : 200;
  if (!stat.isFile()) status = 404;
  else if (req.headers['if-none-match'] === etag) status = 304;
  else if (range === undefined) status = 416;
  if (status >= 300) {
    await file.close();
    return answer(res, status, status === 416 ? { 'Content-Range': `bytes */${stat.size}` } : headers);
  }

  const { start, end } = range ?? { start: 0, end: stat.size - 1 };
  headers['Content-Type'] = types[path.extname(name)] ?? 'application/octet-stream';
  headers['Content-Length'] = end - start + 1;
  if (status === 206) headers['Content-Range'] = `bytes ${start}-${end}/${stat.size}`;
  res.writeHead(status, headers);
  if (req.method === 'HEAD' || end < start) {
    await file.close();
    res.end();
  } else {
    // Closes the file, even if the client disconnects.
    pipeline(file.createReadStream({ start, end }), res, () => {});
  }
}

const server = http.createServer((req, res) => {
  serve(req, res).catch((error) => answer(res, error.code === 'ENOENT' || error.code === 'ENOTDIR' ? 404 : error instanceof URIError ? 400 : 500));
});
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
