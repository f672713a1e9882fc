'use strict';

// Which tests of the tree to run.

const fs = require('node:fs');
const path = require('node:path');
const groups = require('./groups.json');

// Groups of these directories run one at a time, after the others.
const aloneDirs = new Set(['sequential', 'pummel']);
const testFile = /^test-.*\.m?js$/;
const flagsLine = /^\s*\/\/\s*Flags:(.*)$/m;
const envLine = /^\s*\/\/\s*Env:(.*)$/m;

const groupNames = [...Object.keys(groups), 'all'];

function listDir(source, dir) {
  const full = path.join(source, 'test', dir);
  return fs.existsSync(full) ? fs.readdirSync(full).filter((f) => testFile.test(f)).map((f) => `${dir}/${f}`) : [];
}

function membersOf(source, group) {
  if (group.files) return group.files.filter((name) => fs.existsSync(path.join(source, 'test', name)));
  const patterns = group.match.map((text) => new RegExp(text));
  const dirs = new Set(group.match.map((text) => /^\^(\w[\w-]*)\//.exec(text)[1]));
  return [...dirs].flatMap((dir) => listDir(source, dir)).filter((name) => patterns.some((re) => re.test(name)));
}

function describe(source, name) {
  const text = fs.readFileSync(path.join(source, 'test', name), 'utf8');
  const words = (re) => (re.exec(text)?.[1] ?? '').trim().split(/\s+/).filter(Boolean);
  return { name, flags: words(flagsLine), env: Object.fromEntries(words(envLine).map((kv) => kv.split('='))), alone: aloneDirs.has(name.split('/')[0]) };
}

// Takes the tree, group names and an optional RegExp on 'parallel/test-x.js'.
// Returns [{ name, flags, env, alone }] sorted by name, each test once.
function selectTests(source, wanted, filter) {
  const names = new Set();
  for (const key of Object.keys(groups)) {
    const group = groups[key];
    if (!wanted.includes(key) && !(wanted.includes('all') && !group.extra)) continue;
    for (const name of membersOf(source, group)) if (!filter || filter.test(name)) names.add(name);
  }
  return [...names].sort().map((name) => describe(source, name));
}

module.exports = { selectTests, groupNames };
