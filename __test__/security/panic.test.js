'use strict';
// A panic in the core becomes an exception, and the parser can be used again. The function that panics exists only in
// debug builds, such as `cargo test` leaves in target/debug/deps.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { spawnSync } = require('node:child_process');

const LIBRARIES = { linux: 'librust_http.so', darwin: 'librust_http.dylib', win32: 'rust_http.dll' };
const root = path.join(__dirname, '../..');
const library = path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), 'debug/deps', LIBRARIES[process.platform] ?? '');

function main(file) {
  const addon = { exports: {} };
  process.dlopen(addon, file);
  const native = addon.exports;
  const handle = native.createParser();
  const words = new Int32Array(8192);
  const REQUEST = 1;
  const DONE = 0;
  const messages = new Set();
  for (let n = 0; n < 1000; n++) {
    try {
      native.panicOnPurpose(handle);
      messages.add('nothing');
    } catch (error) {
      messages.add(`${error.name}: ${error.message}`);
    }
    native.parserReset(handle, REQUEST, 9, 3, 0, 16384, -1);
    native.parserExecute(handle, Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), 0, 256, words);
    if (words[1] !== DONE || words[2] !== 27) messages.add(`stopped with ${words[1]} after ${words[2]} bytes`);
  }
  console.log([...messages].join('\n'));
}

if (process.argv[2] === 'panic') {
  main(process.argv[3]);
} else {
  test('a panic is thrown as an Error, and the parser works on', { skip: !fs.existsSync(library) && `no debug build (${library})` }, () => {
    // A backtrace of each of the thousand panics would fill the pipe.
    const env = { ...process.env, RUST_BACKTRACE: '0' };
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [__filename, 'panic', library], { encoding: 'utf8', env });
    assert.deepStrictEqual([status, signal, stdout.trim()], [0, null, 'Error: rust-http: internal error'], stderr.slice(-500));
  });

  test('a release build has no such function', () => {
    assert.strictEqual(require('../../lib/native/addon').panicOnPurpose, undefined);
  });
}
