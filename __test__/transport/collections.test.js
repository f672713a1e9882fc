'use strict';
// What bodies cost the garbage collector: collections of the young space free their memory. For a GiB V8 makes 17 full
// ones with node:http (Node 24).

const test = require('node:test');
const assert = require('node:assert');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const MIB = 1024 * 1024;
/** At the latest after this many MiB of new bodies, V8 makes a full collection. */
const COUNTED = 64;
const UPLOADS = 32;
const SIZE = 32;

const program = `
  const http = require(process.argv[1]);
  const { request } = require('node:http');
  const body = Buffer.alloc(${SIZE * MIB}, 'x');
  const server = http.createServer((req, res) => {
    let length = 0;
    req.on('data', (piece) => { length += piece.length; });
    req.on('end', () => res.end(String(length)));
  });
  let left = ${UPLOADS};
  const agent = new (require('node:http').Agent)({ keepAlive: true });
  const upload = () => {
    if (left-- === 0) {
      agent.destroy();
      server.close();
      return;
    }
    const req = request({ port: server.address().port, method: 'POST', agent }, (res) => {
      res.on('data', (text) => { if (String(text) !== String(body.length)) throw new Error(String(text)); });
      res.on('end', upload);
    });
    req.end(body);
  };
  server.listen(0, '127.0.0.1', upload);
`;

for (const transport of ['native', 'stream', 'offload']) {
  test(`${transport}: bodies are freed before a full collection is due`, () => {
    const args = ['--trace-gc', '-e', program, path.join(__dirname, '../..')];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, RUST_HTTP_TRANSPORT: transport } });
    assert.strictEqual(status, 0, stderr);
    const full = stdout.split('\n').filter((line) => line.includes('Mark-Compact')).length;
    assert.ok(full <= UPLOADS * SIZE / COUNTED / 2, `${full} full collections\n${stdout}`);
  });
}
