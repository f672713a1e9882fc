'use strict';

// The packages and versions that are tested: the table of docs/ADOPTING.md, from the lock files.   node
// scripts/tested.js [--check]

const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const file = path.join(root, 'docs/ADOPTING.md');
const START = '<!-- tested: written by scripts/tested.js -->';
const END = '<!-- end of tested -->';

// Package names by the folder whose lock file has them ('' is the root), under the folder of their tests; last what comes with Node.
const TESTED = [
  ['frameworks', 'ecosystem', { '': ['express', 'fastify', 'koa'], '__test__/ecosystem': ['express4', 'connect', 'body-parser', 'compression', 'cookie-parser', 'express-session', 'morgan', 'serve-static'] }],
  ['clients and agents', 'ecosystem', { '__test__/ecosystem': ['axios', 'got', 'node-fetch', 'superagent', 'follow-redirects', 'agent-base', 'agentkeepalive', 'http-proxy-agent', 'https-proxy-agent', 'proxy-agent'] }],
  ['proxies, WebSockets', 'ecosystem', { '': ['ws'], '__test__/ecosystem': ['http-proxy', 'socket.io'] }],
  ['tests of others', 'ecosystem', { '__test__/ecosystem': ['supertest', 'nock13', 'nock14', 'light-my-request'] }],
  ['applications', 'apps', { '__test__/apps': ['next', '@nestjs/core', 'vite', 'socket.io', '@apollo/server', 'verdaccio', 'node-red'] }],
  ['test runners, starters', 'runners', { '__test__/runners': ['jest', 'vitest', 'ts-node', 'tsx', 'nodemon', 'pm2'] }, 'the watcher of Node'],
  ['bundlers', 'bundlers', { '': ['esbuild'], '__test__/bundlers': ['webpack', 'node-loader', '@vercel/ncc', '@vercel/nft', 'postject'] }, 'single executables of Node'],
  ['package managers', 'managers', { '__test__/managers': ['pnpm', 'yarn', '@yarnpkg/cli-dist'] }, 'the npm of Node'],
  ['metrics and traces', 'examples', { '': ['prom-client', '@opentelemetry/instrumentation-http'] }],
];

function versionOf(folder, name) {
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, folder, 'package-lock.json'), 'utf8'));
  const found = packages[`node_modules/${name}`];
  if (found === undefined) throw new Error(`${folder} has no ${name}`);
  return `${found.name ?? name} ${found.version}`;
}

/** @returns {string} the table, with the text around it */
function table() {
  const rows = TESTED.map(([kind, tests, folders, ...nodes]) => {
    const versions = Object.entries(folders).flatMap(([folder, names]) => names.map((name) => versionOf(folder, name)));
    return `| ${kind} | ${[...versions, ...nodes].join(', ')} | [\`__test__/${tests}\`](../__test__/${tests}) |`;
  });
  return [START, '', '| | version | tests |', '| --- | --- | --- |', ...rows, '', END].join('\n');
}

/** @returns {string} the page with the current table */
function page() {
  const text = fs.readFileSync(file, 'utf8');
  return text.slice(0, text.indexOf(START)) + table() + text.slice(text.indexOf(END) + END.length);
}

if (require.main === module) {
  const wanted = page();
  if (!process.argv.includes('--check')) fs.writeFileSync(file, wanted);
  else if (wanted !== fs.readFileSync(file, 'utf8')) throw new Error('docs/ADOPTING.md names other versions than the lock files: node scripts/tested.js');
}

module.exports = { file, page };
