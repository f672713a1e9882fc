'use strict';

// Medians, ratios with their spread, and the table.

function median(values) {
  const sorted = values.filter((v) => v !== null).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const mid = sorted.length >> 1;
  return sorted.length % 2 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
}

// Takes the rates of an arm and of the baseline, round by round; returns { median, min, max } of their ratios.
function ratio(rates, baseline) {
  const ratios = rates.map((rate, round) => rate / baseline[round]);
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

function number(value, digits) {
  return value === null || value === undefined ? '-' : value.toFixed(digits);
}

// Takes the arms' rounds { label, rounds: [{ rate, p50, p99, cpu: { process, js }, errors }] }, the first arm being the
// baseline. Returns one summary row per arm: medians, and the ratios of requests per second, and per CPU second, to the
// baseline in the same round.
function summarize(arms) {
  const base = arms[0].rounds.map((r) => r.rate);
  const baseCpu = arms[0].rounds.map((r) => r.cpu.process);
  return arms.map(({ label, rounds }) => ({
    label,
    rate: median(rounds.map((r) => r.rate)),
    p50: median(rounds.map((r) => r.p50)),
    p99: median(rounds.map((r) => r.p99)),
    cpu: median(rounds.map((r) => r.cpu.process)),
    js: median(rounds.map((r) => r.cpu.js)),
    ratio: ratio(rounds.map((r) => r.rate), base),
    cpuRatio: median(rounds.map((r, i) => (r.cpu.process ? baseCpu[i] / r.cpu.process : null))),
    errors: rounds.reduce((sum, r) => sum + r.errors, 0),
  }));
}

const columns = [
  ['arm', (row) => row.label, 'padEnd'],
  ['req/s', (row) => number(row.rate, 0)],
  ['p50 us', (row) => number(row.p50, 0)],
  ['p99 us', (row) => number(row.p99, 0)],
  ['cpu us/req', (row) => number(row.cpu, 2)],
  ['js us/req', (row) => number(row.js, 2)],
  ['ratio', (row) => number(row.ratio.median, 3)],
  ['(min..max)', (row) => `${number(row.ratio.min, 3)}..${number(row.ratio.max, 3)}`],
  ['cpu ratio', (row) => number(row.cpuRatio, 3)],
  ['errors', (row) => String(row.errors)],
];

function table(rows) {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) => line.map((cell, i) => cell[columns[i][2] ?? 'padStart'](widths[i])).join('  ')).join('\n');
}

module.exports = { median, summarize, table };
