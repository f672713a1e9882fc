'use strict';
// A directory outside the project in which `rust-http` is an installed package.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');

// Some file systems, and wine, have no directory links: there the entries whose names match are copied.
function link(target, at, names = /^/) {
  fs.mkdirSync(path.dirname(at), { recursive: true });
  try {
    fs.symlinkSync(target, at, 'junction');
  } catch {
    for (const name of fs.readdirSync(target).filter((one) => names.test(one))) fs.cpSync(path.join(target, name), path.join(at, name), { recursive: true });
  }
}

/** Installs the package in a directory. @param {string} dir */
function install(dir) {
  // The files that are packed, and the built addon.
  link(root, path.join(dir, 'node_modules/rust-http'), /^(lib|types|package\.json|.*\.d\.m?ts|.*\.node)$/);
}

/** Installs the types of Node there, and those that they import. @param {string} dir */
function installTypes(dir) {
  for (const name of ['@types', 'undici-types']) link(path.join(root, 'node_modules', name), path.join(dir, 'node_modules', name));
}

/** @returns {string} the directory; the caller removes it */
function installed() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'installed-'));
  install(dir);
  return dir;
}

module.exports = { install, installed, installTypes, root };
