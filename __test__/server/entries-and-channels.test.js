'use strict';
// Performance entries of requests together with subscribers of each diagnostics channel: both get what node gives them,
// and none sees the hidden objects that make the entries.

const { test } = require('node:test');
const assert = require('node:assert');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '../..');
const CHANNELS = [
  'http.client.request.created', 'http.client.request.start', 'http.client.request.error', 'http.client.response.finish',
  'http.server.request.start', 'http.server.response.created', 'http.server.response.finish',
];

/** Two requests in a separate process; prints what was published, and what was observed. */
function program(file, names) {
  const http = require(file);
  const { subscribe } = require('node:diagnostics_channel');
  const { PerformanceObserver } = require('node:perf_hooks');
  const log = [];
  for (const name of names) subscribe(name, (message) => log.push([name, Object.keys(message), message.request?.url || message.request?.path]));
  new PerformanceObserver((list) => {
    for (const { name, entryType, detail } of list.getEntries()) {
      delete detail.res.headers.date;
      delete detail.req.headers.host;
      log.push([name, entryType, { ...detail, req: { ...detail.req, url: detail.req.url.replace(/:\d+/, '') } }]);
    }
  }).observe({ entryTypes: ['http'] });
  const server = http.createServer((req, res) => res.writeHead(201, { x: 'y' }).end('x'));
  const ask = (n) => http.get({ port: server.address().port, host: '127.0.0.1', path: `/${n}`, agent: false }, (res) => {
    res.resume().on('end', () => n < 2 ? ask(n + 1) : setTimeout(() => {
      console.log(JSON.stringify(log.map((row) => JSON.stringify(row)).sort()));
      server.close();
    }, 50));
  });
  server.listen(0, '127.0.0.1', () => ask(1));
}

async function run(file, names) {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', `(${program})(${JSON.stringify(file)}, ${JSON.stringify(names)})`]);
  return JSON.parse(stdout);
}

for (const names of [[], ...CHANNELS.map((name) => [name]), CHANNELS]) {
  test(`an observer and ${names.length === 1 ? names : names.length} subscribed see what they see with node`, async () => {
    const [own, nodes] = await Promise.all([run(ROOT, names), run('http', names)]);
    assert.deepStrictEqual(own, nodes);
    assert.strictEqual(own.filter((row) => row.startsWith('["Http')).length, 4, 'two entries for each side');
  });
}
