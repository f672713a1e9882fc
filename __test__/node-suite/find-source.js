'use strict';

// Finds Node's test tree: a directory the caller names, the cache, or downloaded into the cache.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.resolve(__dirname, '../..');

// The Debian releases whose source package has a tree of that major version, and which version it is. Releases under
// development move to other versions.
const suites = {
  18: { from: ['bookworm'] },
  20: { from: ['trixie'] },
  22: { from: ['sid', 'forky'], major: '22' },
  24: { from: ['forky', 'sid'], major: '24' },
};
const fallbackMajor = 20;

// Takes a directory; returns true when Node's tests are in it.
function isTree(dir) {
  return fs.existsSync(path.join(dir, 'test', 'common', 'index.js')) &&
    fs.existsSync(path.join(dir, 'test', 'parallel'));
}

// Takes a tree; returns the version of Node it belongs to, such as '20.19.2', or 'unknown'.
function treeVersion(dir) {
  const header = path.join(dir, 'src', 'node_version.h');
  // Collections with only the tests, such as denoland/node_test, name their release there.
  const named = path.join(dir, 'node_version.ts');
  if (fs.existsSync(named)) return /version = "([\d.]+)"/.exec(fs.readFileSync(named, 'utf8'))?.[1] ?? 'unknown';
  if (!fs.existsSync(header)) return 'unknown';
  const text = fs.readFileSync(header, 'utf8');
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map((part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1]);
  return parts.includes(undefined) ? 'unknown' : parts.join('.');
}

function fetchTree(major, dest) {
  const { from, major: only } = suites[major];
  const staging = `${dest}.part`;
  fs.mkdirSync(path.dirname(dest), { recursive: true });
  process.stderr.write(`fetching the tests of Node ${major} into ${dest}\n`);
  const isFetched = from.some((suite) => {
    fs.rmSync(staging, { recursive: true, force: true });
    const args = [path.join(__dirname, 'fetch-node-tests'), suite, staging];
    if (only) args.push(only);
    return spawnSync('bash', args, { stdio: ['ignore', 2, 2] }).status === 0 && isTree(staging);
  });
  if (!isFetched) {
    throw new Error('could not fetch Node\'s tests (that needs Debian\'s apt-get and root); ' +
      'name a checkout of Node with --source DIR or RUST_HTTP_NODE_TESTS');
  }
  fs.rmSync(dest, { recursive: true, force: true });
  fs.renameSync(staging, dest);
}

// Takes the requested directory (or undefined) and the major version of the Node that runs the tests. Returns { dir,
// version }; throws if there is no tree and none can be downloaded.
function findSource(asked, nodeMajor) {
  const named = asked ?? process.env.RUST_HTTP_NODE_TESTS;
  if (named) {
    const dir = path.resolve(named);
    if (!isTree(dir)) throw new Error(`${dir} holds no test/common and test/parallel`);
    return { dir, version: treeVersion(dir) };
  }
  const major = suites[nodeMajor] ? nodeMajor : fallbackMajor;
  const dir = path.join(root, '.cache', `node-tests-${major}`);
  if (!isTree(dir)) fetchTree(major, dir);
  return { dir, version: treeVersion(dir) };
}

module.exports = { findSource };
