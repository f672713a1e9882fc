'use strict';
// Loads the addon of this platform: the one that a build put beside this package, else the installed platform package.

const path = require('node:path');
const { existsSync } = require('node:fs');

function libc() {
  if (process.platform !== 'linux') return '';
  const report = process.report?.getReport?.();
  return report !== undefined && report.header.glibcVersionRuntime === undefined ? '-musl' : '-gnu';
}

function platformTriple() {
  const abi = process.platform === 'win32' ? '-msvc' : libc();
  return `${process.platform}-${process.arch}${abi}`;
}

function load() {
  const triple = platformTriple();
  const built = path.join(__dirname, '..', `rust-http.${triple}.node`);
  return existsSync(built) ? require(built) : require(`rust-http-${triple}`);
}

module.exports = load();
