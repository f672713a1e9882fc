'use strict';
// A directory outside of the project in which `rust-http` is an installed package.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');

/** Makes the package one that is installed in a directory. @param {string} dir */
function install(dir) {
  const at = path.join(dir, 'node_modules/rust-http');
  fs.mkdirSync(path.dirname(at), { recursive: true });
  try {
    fs.symlinkSync(root, at, 'junction');
  } catch {
    // Some file systems, and wine, have no links to directories: what is packed is copied, and what is built.
    for (const name of fs.readdirSync(root).filter((one) => /^(lib|types|package\.json|.*\.d\.m?ts|.*\.node)$/.test(one))) {
      fs.cpSync(path.join(root, name), path.join(at, name), { recursive: true });
    }
  }
}

/** @returns {string} the directory; the caller removes it */
function installed() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'installed-'));
  install(dir);
  return dir;
}

module.exports = { install, installed, root };
