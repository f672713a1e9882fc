'use strict';

// Writes what `npm run bench -- --report` measured: tables into README.md and PERFORMANCE.md, and plots.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { dotPlot } = require('./plot');

const ours = 'rust-http';
const baseline = 'node:http';
const twin = 'node:http again';
// Scenarios of the readme's table; PERFORMANCE.md has all.
const shown = ['hello', 'headers', 'post', 'json', 'chunked', 'pipelined', 'close', 'express'];

function fixed(value, digits) {
  return value === null || value === undefined ? '-' : value.toFixed(digits);
}

function spread({ median, min, max }) {
  return `${fixed(median, 2)} (${fixed(min, 2)}..${fixed(max, 2)})`;
}

function markdown(head, rows) {
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

function row(result, label) {
  return result.rows.find((r) => r.label === label);
}

// Takes both parts of the run; returns the labels of the other measured arms, in their order.
function others(results) {
  const labels = new Set(results.flatMap((result) => result.rows.map((r) => r.label)));
  return [...labels].filter((label) => ![baseline, twin, ours].includes(label));
}

function compared(results) {
  return markdown(
    ['scenario', 'req/s', 'of node:http', 'ratio', 'cpu us/req', 'of node:http', 'cpu ratio', 'p99 us', 'of node:http', 'again'],
    results.map((result) => {
      const [base, mine, again] = [baseline, ours, twin].map((label) => row(result, label));
      return [
        result.about, fixed(mine.rate, 0), fixed(base.rate, 0), spread(mine.ratio), fixed(mine.cpu, 1), fixed(base.cpu, 1), fixed(mine.cpuRatio, 2),
        fixed(mine.p99, 0), fixed(base.p99, 0), fixed(again.ratio.median, 2),
      ];
    }),
  );
}

function versus(results) {
  const labels = others(results);
  if (labels.length === 0) return '';
  const head = ['scenario', `ratio of ${ours}`, ...labels.flatMap((label) => [`of ${label}`, `cpu ratio of ${label}`])];
  return markdown(head, results.map((result) => [
    result.about,
    fixed(row(result, ours).ratio.median, 2),
    ...labels.flatMap((label) => {
      const other = row(result, label);
      return other ? [fixed(other.ratio.median, 2), fixed(other.cpuRatio, 2)] : ['-', '-'];
    }),
  ]));
}

function errorsOf(results) {
  return results.flatMap((result) => result.rows.filter((r) => r.errors > 0).map((r) => `${r.label} in ${result.scenario}: ${r.errors}`));
}

function machine(run) {
  const cpus = os.cpus();
  return `Node ${run.node}, ${cpus.length} cores (${cpus[0].model.trim()}), ${os.type()} ${os.release().split('-')[0]}; ` +
    `${run.rounds} rounds of ${run.seconds} s per arm. Repeat it with \`${run.command}\`. The figures are of that machine and version.`;
}

// Takes a file's name and its generated part; returns the file's text with that part between its two marks.
function between(file, name, generated) {
  const begin = `<!-- ${name}: written by npm run bench -- --report -->`;
  const end = `<!-- end of ${name} -->`;
  const before = fs.readFileSync(file, 'utf8');
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${file} has no marks of '${name}'`);
  return `${before.slice(0, from + begin.length)}\n\n${generated.trim()}\n\n${before.slice(to)}`;
}

function plots(servers, client) {
  const rows = (results, value) => results.map((result) => ({
    name: result.name ?? result.scenario,
    values: Object.fromEntries(result.rows.filter((r) => r.label !== baseline).map((r) => [r.label, value(r)])),
  }));
  const arms = (results) => [ours, twin, ...others(results)];
  return {
    'servers.svg': dotPlot({
      title: 'Servers: requests per second', axis: 'times node:http in the same round; median and range of the rounds', arms: arms(servers), rows: rows(servers, (r) => r.ratio),
    }),
    'servers-cpu.svg': dotPlot({
      title: 'Servers: requests per second of CPU', axis: 'times node:http in the same round; median', arms: arms(servers), rows: rows(servers, (r) => ({ median: r.cpuRatio })),
    }),
    'clients.svg': dotPlot({
      title: 'Clients: requests per second', axis: 'times node:http in the same round; median and range of the rounds', arms: arms(client), rows: rows(client, (r) => r.ratio),
    }),
  };
}

/**
 * Takes what servers.js and client.js wrote as JSON, { command, node, rounds, seconds, results } and { results }, and a
 * directory with README.md and docs/PERFORMANCE.md. Writes both, and the plots into docs/plots. Returns the paths
 * written.
 */
function writeReport(servers, client, root) {
  const docs = path.join(root, 'docs');
  const named = (results) => results.map((result) => ({ ...result, name: result.about }));
  const images = plots(named(servers.results), client.results.map((result) => ({ ...result, name: `${result.about}, ${result.sockets} socket${result.sockets === 1 ? '' : 's'}` })));
  const errors = errorsOf([...servers.results, ...client.results]);
  const clients = client.results.map((result) => ({ ...result, about: `${result.about}, ${result.sockets} socket${result.sockets === 1 ? '' : 's'}` }));

  const performance = between(path.join(docs, 'PERFORMANCE.md'), 'results', [
    machine(servers),
    '### Servers', compared(servers.results), '![servers: ratios](plots/servers.svg)', '![servers: ratios of CPU](plots/servers-cpu.svg)',
    versus(servers.results) && `The \`node:http\` of other runtimes, in the same run:\n\n${versus(servers.results)}`,
    '### Clients', compared(clients), '![clients: ratios](plots/clients.svg)',
    versus(clients),
    errors.length ? `Errors: ${errors.join('; ')}.` : 'No arm had an error in any scenario.',
  ].filter(Boolean).join('\n\n'));

  const short = servers.results.filter((result) => shown.includes(result.scenario));
  const readme = between(path.join(root, 'README.md'), 'ratios', [
    markdown(
      ['server', 'requests per second', 'per second of CPU', '`node:http` against itself'],
      short.map((result) => [result.about, spread(row(result, ours).ratio), fixed(row(result, ours).cpuRatio, 2), fixed(row(result, twin).ratio.median, 2)]),
    ),
    markdown(
      ['client', 'requests per second', 'per second of CPU', '`node:http` against itself'],
      clients.map((result) => [result.about, spread(row(result, ours).ratio), fixed(row(result, ours).cpuRatio, 2), fixed(row(result, twin).ratio.median, 2)]),
    ),
    `Times \`node:http\`, median (min..max). ${machine(servers)}`,
  ].join('\n\n'));

  const files = {
    [path.join(root, 'README.md')]: readme,
    [path.join(docs, 'PERFORMANCE.md')]: performance,
    ...Object.fromEntries(Object.entries(images).map(([name, svg]) => [path.join(docs, 'plots', name), svg])),
  };
  fs.mkdirSync(path.join(docs, 'plots'), { recursive: true });
  for (const [file, content] of Object.entries(files)) fs.writeFileSync(file, content);
  return Object.keys(files);
}

module.exports = { writeReport };
