'use strict';
// A directory outside of the project in which `rust-http` is an installed package.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');

/** @returns {string} the directory; the caller removes it */
function installed() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'installed-'));
  fs.mkdirSync(path.join(dir, 'node_modules'));
  fs.symlinkSync(root, path.join(dir, 'node_modules/rust-http'), 'junction');
  return dir;
}

module.exports = { installed, root };
