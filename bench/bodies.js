'use strict';

// Handlers with bodies: 1 MiB out, 1 MiB in, and both at once.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Writable } = require('node:stream');

const SIZE = 1024 * 1024;
const PIECES = 64;
const piece = Buffer.alloc(SIZE / PIECES, 'x');
const large = Buffer.alloc(SIZE, 'x');

function writePieces(res) {
  for (let n = 0; n < PIECES; n++) res.write(piece);
  res.end();
}

// Waits for room before writing on, as a program with backpressure does.
function writeInTurn(res, n) {
  while (n < PIECES) {
    n++;
    if (!res.write(piece)) {
      res.once('drain', () => writeInTurn(res, n));
      return;
    }
  }
  res.end();
}

let file;

// A file for this process only, deleted when it ends.
function largeFile() {
  if (file !== undefined) return file;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-bench-'));
  file = path.join(dir, 'large');
  fs.writeFileSync(file, large);
  process.once('exit', () => fs.rmSync(dir, { recursive: true, force: true }));
  return file;
}

/**
 * @param {object} http the module being measured
 * @returns {Object<string, Function>} handlers by name
 */
function bodyHandlers(http) {
  let agent;
  return {
    'large': (req, res) => {
      res.end(large);
    },
    'pieces': (req, res) => {
      res.setHeader('Content-Length', SIZE);
      writePieces(res);
    },
    'pieces-chunked': (req, res) => {
      writePieces(res);
    },
    'pieces-drain': (req, res) => {
      res.setHeader('Content-Length', SIZE);
      writeInTurn(res, 0);
    },
    'file': (req, res) => {
      fs.createReadStream(largeFile()).pipe(res);
    },
    'upload-data': (req, res) => {
      let length = 0;
      req.on('data', (part) => {
        length += part.length;
      });
      req.on('end', () => res.end(String(length)));
    },
    'upload-iterate': async (req, res) => {
      let length = 0;
      for await (const part of req) length += part.length;
      res.end(String(length));
    },
    'upload-pipe': (req, res) => {
      let length = 0;
      const nothing = new Writable({
        write(part, encoding, done) {
          length += part.length;
          done();
        },
      });
      req.pipe(nothing).on('finish', () => res.end(String(length)));
    },
    'proxy': (req, res) => {
      agent ??= new http.Agent({ keepAlive: true });
      const options = { host: '127.0.0.1', port: process.env.BENCH_ORIGIN, path: '/large', method: req.method, headers: req.headers, agent };
      const outer = http.request(options, (inner) => {
        res.writeHead(inner.statusCode, inner.headers);
        inner.pipe(res);
      });
      outer.on('error', () => res.destroy());
      req.pipe(outer);
    },
  };
}

module.exports = { bodyHandlers };
