'use strict';

// The benchmark report: from known figures, and from the shortest possible run.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { writeReport } = require('../../bench/report');
const { dotPlot } = require('../../bench/plot');
const { extract, root } = require('./extract');
const { COMMANDS } = require('./commands');
const { commandMs, env } = require('./run');

let tmp;

before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-report-'));
});

after(() => fs.rmSync(tmp, { recursive: true, force: true }));

// A directory with the two pages that a report is written into.
function pages(name) {
  const dir = path.join(tmp, name);
  fs.mkdirSync(path.join(dir, 'docs'), { recursive: true });
  for (const file of ['README.md', 'docs/PERFORMANCE.md']) fs.copyFileSync(path.join(root, file), path.join(dir, file));
  return dir;
}

function row(label, times) {
  return { label, rate: 1000 * times, p50: 10, p99: 90, cpu: 20 / times, js: 10, ratio: { median: times, min: times - 0.25, max: times + 0.25 }, cpuRatio: times, errors: 0 };
}

const servers = {
  command: 'npm run bench -- --report --rounds 3 --seconds 2', node: '20.0.0', rounds: 3, seconds: 2,
  results: [{ scenario: 'hello', about: 'GET <12>', connections: 64, rows: [row('node:http', 1), row('node:http again', 1.01), row('rust-http', 1.75), row('bun', 2.5)] }],
};
const client = {
  results: [{ scenario: 'get-1', about: 'GET', sockets: 1, rows: [row('node:http', 1), row('node:http again', 0.99), row('rust-http', 1.25), { ...row('undici.request', 1.5), errors: 3 }] }],
};

test('the tables hold the figures, with the command that repeats them and the errors', () => {
  const dir = pages('known');
  writeReport(servers, client, dir);
  const performance = fs.readFileSync(path.join(dir, 'docs/PERFORMANCE.md'), 'utf8');
  assert.ok(performance.includes('| GET <12> | 1750 | 1000 | 1.75 (1.50..2.00) | 11.4 | 20.0 | 1.75 | 90 | 90 | 1.01 |'));
  assert.ok(performance.includes('| GET <12> | 1.75 | 2.50 | 2.50 |'));
  assert.ok(performance.includes('| GET, 1 socket | 1.25 | 1.50 | 1.50 |'));
  assert.ok(performance.includes('Errors: undici.request in get-1: 3.'));
  const readme = fs.readFileSync(path.join(dir, 'README.md'), 'utf8');
  assert.ok(readme.includes('| GET <12> | 1.75 (1.50..2.00) | 1.75 | 1.01 |'));
  for (const text of [performance, readme]) {
    assert.deepEqual(extract(text).commands.filter((command) => !COMMANDS[command]), []);
    assert.match(text, /3 rounds of 2 s per arm\. Repeat it with `npm run bench -- --report --rounds 3 --seconds 2`/);
  }
});

test('a report replaces the previous one and leaves the rest of the pages', () => {
  const dir = pages('twice');
  writeReport(servers, client, dir);
  const once = fs.readFileSync(path.join(dir, 'docs/PERFORMANCE.md'), 'utf8');
  writeReport(servers, client, dir);
  assert.equal(fs.readFileSync(path.join(dir, 'docs/PERFORMANCE.md'), 'utf8'), once);
  const outside = (text) => text.replace(/<!-- results[\s\S]*end of results -->/, '');
  assert.equal(outside(once), outside(fs.readFileSync(path.join(root, 'docs/PERFORMANCE.md'), 'utf8')));
});

test('a plot puts each median in its place on the axis, escapes names, and reaches as far as the largest range', () => {
  const svg = dotPlot({ title: 'a & b', axis: 'times', arms: ['x', 'y'], rows: [{ name: '<row>', values: { x: { median: 2, min: 1, max: 4 }, y: { median: 1 } } }] });
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.ok(svg.includes('a &#38; b') && svg.includes('&#60;row&#62;'));
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x)).slice(-2);
  const one = Number(/x1="([\d.]+)"[^>]*stroke-dasharray/.exec(svg)[1]);
  const zero = Number(/<line x1="([\d.]+)"/.exec(svg)[1]);
  assert.ok(Math.abs(dots[1] - one) < 0.2);
  assert.ok(Math.abs((dots[0] - zero) - 2 * (one - zero)) < 0.2);
  const [, from, to] = /<line x1="([\d.]+)" x2="([\d.]+)"[^>]*stroke-width="2"/.exec(svg);
  assert.ok(Math.abs((to - zero) - 4 * (from - zero)) < 0.4);
  assert.ok(Number(to) < Number(/width="(\d+)"/.exec(svg)[1]));
});

test('npm run bench -- --report measures servers and clients in one run and writes both pages and the plots', (t) => {
  if (spawnSync('wrk', ['--version']).error) return t.skip('wrk is not installed');
  const dir = pages('run');
  const args = ['run', 'bench', '--', '--report', '--report-to', dir, '--node-only', '--rounds', '1', '--seconds', '1', '--only', '^(hello|get-1)$'];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: root, env, encoding: 'utf8', timeout: commandMs });
  assert.equal(status, 0, stdout + stderr);
  const performance = fs.readFileSync(path.join(dir, 'docs/PERFORMANCE.md'), 'utf8');
  assert.match(performance, /\| GET, 12 byte answer \| [1-9]\d* \| [1-9]\d* \|/);
  assert.match(performance, /\| GET, 12 byte answer, 1 socket \| [1-9]\d* \| [1-9]\d* \|/);
  for (const [, file] of performance.matchAll(/\]\((plots\/.*?)\)/g)) assert.match(fs.readFileSync(path.join(dir, 'docs', file), 'utf8'), /<\/svg>\n$/);
  assert.equal([...performance.matchAll(/\]\(plots\//g)].length, 3);
});
