'use strict';
// A directory outside the project in which `rust-http` is an installed package.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');

/** Installs the package in a directory. @param {string} dir */
function install(dir) {
  const at = path.join(dir, 'node_modules/rust-http');
  fs.mkdirSync(path.dirname(at), { recursive: true });
  try {
    fs.symlinkSync(root, at, 'junction');
  } catch {
    // Some file systems, and wine, have no directory links: copy the files that are packed, and the built addon.
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
