'use strict';

// Test tools (jest) that are told to replace `http` and `https` by ours do so inside the package too.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const skip = process.getBuiltinModule === undefined && 'this Node has no process.getBuiltinModule';
const lib = path.join(__dirname, '../../lib');
const program = `
  const Module = require('node:module');
  const ours = { http: ${JSON.stringify(path.join(lib, 'index.js'))}, https: ${JSON.stringify(path.join(lib, 'https.js'))} };
  const load = Module._load;
  Module._load = function(name, ...rest) {
    return load.call(this, ours[name.replace(/^node:/, '')] ?? name, ...rest);
  };
  const http = require('http');
  const https = require('https');
  const server = http.createServer((req, res) => res.end('mapped')).listen(0, () => {
    http.get({ port: server.address().port }, (res) => res.setEncoding('utf8').on('data', (text) => {
      console.log(text, http === require(ours.http), https === require(ours.https), new https.Agent().getName({ host: 'a', port: 1 }).startsWith('a:1:'));
      server.close();
    }));
  });
`;

test('the package loads and works where http and https are mapped to it', { skip }, () => {
  assert.equal(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }).trim(), 'mapped true true true');
});
