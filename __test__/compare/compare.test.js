'use strict';

// The command rust-http-compare: what it starts, measures and reports. Its figures depend on the machine.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { verdict } = require('../../scripts/compare/report');
const { plainEnv } = require('../support/process');

const root = path.resolve(__dirname, '../..');
const cli = path.join(root, 'scripts/compare/cli.js');
const skip = process.platform === 'win32' ? 'there are no process groups' : false;
const noWrk = skip || (spawnSync('wrk', ['--version']).error !== undefined && 'wrk is not installed');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-compared-'));
process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));

function compare(text, ...options) {
  const file = path.join(dir, 'program.js');
  fs.writeFileSync(file, text);
  return compareFile(file, ...options);
}

function compareFile(file, ...options) {
  const short = ['--rounds', '1', '--seconds', '0.3', '--connections', '4'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...short, ...options, '--', process.execPath, file], { env: { ...plainEnv(), PORT: '1' }, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const METRICS = ['requests per second', 'CPU per request, us', 'latency, 50 %, ms', 'latency, 75 %, ms', 'latency, 90 %, ms', 'latency, 99 %, ms', 'memory, MiB'];
const SERVER = "const http = require('http');\nconst server = http.createServer((req, res) => req.pipe(res.writeHead(200, { 'X-Seen': req.headers.a ?? 'nothing' }))).listen(process.env.PORT, '127.0.0.1');\n";

function isWhole({ status, stdout, stderr }) {
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  for (const metric of METRICS) {
    const [, value] = new RegExp(`^${metric} +([\\d.]+|-) `, 'm').exec(stdout);
    if (process.platform === 'linux') assert.ok(Number(value) >= 0, stdout);
  }
  assert.ok(Number(/^requests per second +(\d+)/m.exec(stdout)[1]) > 0);
  assert.equal(stdout.match(/^ {2}(?:node:http|rust-http) │█+ [\d.]+$/gm).length >= 2 * 5, true);
  assert.match(stdout, /^With rust-http this program answers [\d.]+ times /m);
  assert.doesNotMatch(stdout, /failed, or were answered with an error/);
}

test('it puts a program under load with each http, on free ports, by node\'s own client', { skip }, () => {
  const [svg, json] = ['ratios.svg', 'rounds.json'].map((name) => path.join(dir, name));
  const found = compare(SERVER, '--no-wrk', '--method', 'POST', '--body', 'twelve bytes', '--header', 'A: b', '--path', '/x', '--svg', svg, '--json', json);
  isWhole(found);
  assert.match(found.stdout, /^POST \/x answers 200, 12 bytes, fields [\w, -]*x-seen\nServed by node [\d.]+ and by rust-http, native; 4 connections of node's own client, 1 rounds of 0\.3 s\.$/m);
  assert.match(fs.readFileSync(svg, 'utf8'), /^<svg [^]*rust-http[^]*<\/svg>\n$/);
  assert.deepEqual(JSON.parse(fs.readFileSync(json, 'utf8')).map(({ label, by, rounds }) => [label, by, rounds.length]), [['node:http', 'node', 1], ['node:http again', 'node', 1], ['rust-http', 'rust-http, native', 1]]);
});

test('it uses wrk if it is installed', { skip: noWrk }, () => {
  const found = compare(SERVER, '--seconds', '1', '--method', 'POST', '--body', 'with "quotes"\nand lines');
  isWhole(found);
  assert.match(found.stdout, /^POST \/ answers 200, 23 bytes[^]* 4 connections of wrk, /m);
});

test('it measures all processes of a cluster, and https', { skip }, () => {
  const tls = path.join(root, '__test__/fixtures/tls');
  isWhole(compare(`const cluster = require('cluster');\nif (cluster.isPrimary) { cluster.fork(); cluster.fork(); } else {\n${SERVER}}`, '--no-wrk'));
  const secure = `const [key, cert] = ['key', 'cert'].map((name) => require('fs').readFileSync(${JSON.stringify(tls)} + '/' + name + '.pem'));\nrequire('https').createServer({ key, cert }, (req, res) => res.end('secure')).listen({ port: process.env.PORT });`;
  isWhole(compare(secure, '--no-wrk'));
});

for (const framework of ['express', 'fastify']) {
  test(`it measures the program of ${framework} that the documents show`, { skip }, () => {
    const found = compareFile(path.join(__dirname, `programs/${framework}.js`), '--no-wrk', '--path', '/users/7?page=2', '--header', 'Accept-Language: en');
    isWhole(found);
    assert.match(found.stdout, /^GET \/users\/7\?page=2 answers 200, 37 bytes, /);
  });
}

test('it reports when the program answers differently with ours, or with errors', { skip }, () => {
  const { status, stdout } = compare("const http = require('http');\nhttp.createServer((req, res) => res.writeHead(500).end(http.Server.prototype.stats ? 'ours' : 'the built-in')).listen(0);", '--no-wrk');
  assert.equal(status, 0);
  assert.match(stdout, /^GET \/ answers 500, 12 bytes, .*\nwith rust-http it answers 500, 4 bytes/m);
  assert.match(stdout, /^Requests that failed, or were answered with an error: \d+ and \d+ with node:http, \d+ with rust-http\.$/m);
});

for (const [name, text, expected] of [
  ['ends', 'console.log("no server here");', /^the program has ended \(node:http\):\nno server here\n/],
  ['asks for rust-http itself', `require(${JSON.stringify(root)}).createServer((req, res) => res.end()).listen(0);`, /^the program asks for rust-http itself/],
]) {
  test(`it says why it compares no program that ${name}`, { skip }, () => {
    const { status, stderr } = compare(text);
    assert.equal(status, 1);
    assert.match(stderr, expected);
  });
}

test('what it says of rounds in which an arm has answered nothing', () => {
  const round = (requests) => ({ requests, seconds: 1, cpu: requests === 0 ? 0 : 0.5, latency: { 50: 1, 75: 1, 90: 1, 99: 1 }, memory: 1, errors: 0 });
  const arms = (...requests) => requests.map((count, n) => ({ label: `arm ${n}`, rounds: [round(count)] }));
  assert.equal(verdict(arms(10, 10, 20)), 'With rust-http this program answers 2.00 times the requests for the same CPU.');
  assert.equal(verdict(arms(10, 0, 20)), 'With rust-http this program answers 2.00 times the requests per second.');
  assert.equal(verdict(arms(0, 10, 20)), 'Node\'s http has answered nothing in any round: measure longer, or on a quieter machine.');
});

test('it prints its usage', { skip }, () => {
  const { status, stdout } = spawnSync(process.execPath, [cli], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stdout, /^rust-http-compare \[options\] -- node app\.js\n/);
});
