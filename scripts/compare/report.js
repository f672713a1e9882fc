'use strict';
// The rounds of both as a table, as text bars and as a drawing.

const { dotPlot } = require('../../bench/plot');
const { median } = require('../../bench/stats');
const { PERCENTILES } = require('./load');

/** What is reported: a name, its value in a round, whether more is better, and the digits. */
const METRICS = [
  { name: 'requests per second', of: (round) => round.requests / round.seconds, isRate: true, digits: 0 },
  { name: 'CPU per request, us', of: (round) => (round.cpu === null ? null : 1e6 * round.cpu / round.requests), digits: 1 },
  ...PERCENTILES.map((percent) => ({ name: `latency, ${percent} %, ms`, of: (round) => round.latency[percent] / 1000, digits: 2 })),
  { name: 'memory, MiB', of: (round) => (round.memory === null ? null : round.memory / 2 ** 20), digits: 0 },
];

const BAR = 40;

/** Ratios of an arm to the first arm, round by round: above 1 is better. */
function ratioOf({ of, isRate }, rounds, base) {
  const ratios = rounds.map((round, n) => (isRate ? of(round) / of(base[n]) : of(base[n]) / of(round))).filter(Number.isFinite);
  return ratios.length === 0 ? null : { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

const show = (value, digits) => (value === null ? '-' : value.toFixed(digits));
const showRatio = (ratio) => (ratio === null ? '-' : `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)})`);

/** @param {{ label: string, rounds: object[] }[]} arms node's, node's again, ours; with at least one round each */
function rowsOf([base, again, ours]) {
  return METRICS.map((metric) => ({
    name: metric.name,
    values: [base, ours].map(({ rounds }) => median(rounds.map(metric.of))),
    digits: metric.digits,
    ratio: ratioOf(metric, ours.rounds, base.rounds),
    noise: ratioOf(metric, again.rounds, base.rounds),
  }));
}

function table(arms) {
  const lines = [['', 'node:http', 'rust-http', 'better by', 'node:http against itself'],
    ...rowsOf(arms).map(({ name, values, digits, ratio, noise }) => [name, ...values.map((value) => show(value, digits)), showRatio(ratio), showRatio(noise)])];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ').trimEnd()).join('\n');
}

function bars(arms) {
  return rowsOf(arms).filter(({ values }) => !values.includes(null)).map(({ name, values, digits }) => {
    const most = Math.max(...values);
    const bar = (label, value) => `  ${label} │${'█'.repeat(Math.max(1, Math.round(BAR * value / most)))} ${show(value, digits)}`;
    return [name, bar('node:http', values[0]), bar('rust-http', values[1])].join('\n');
  }).join('\n');
}

/** @returns {string} the text of an SVG */
function drawing(arms, title) {
  const rows = rowsOf(arms).filter(({ ratio, noise }) => ratio !== null && noise !== null);
  return dotPlot({ title, axis: 'better than node:http by', arms: ['rust-http', 'node:http again'], rows: rows.map(({ name, ratio, noise }) => ({ name, values: { 'rust-http': ratio, 'node:http again': noise } })) });
}

/**
 * One sentence: the result of the CPU per request, or of the rate if that is unknown; and whether it is more than
 * noise.
 */
function verdict(arms) {
  const [rate, cpu] = rowsOf(arms);
  // An arm that has answered nothing in any round, and used no CPU, has none per request.
  const told = [cpu, rate].find(({ ratio, noise }) => ratio !== null && noise !== null);
  if (told === undefined) return 'Node\'s http has answered nothing in any round: measure longer, or on a quieter machine.';
  const { name, ratio, noise } = told;
  const what = name.startsWith('CPU') ? `${ratio.median.toFixed(2)} times the requests for the same CPU` : `${ratio.median.toFixed(2)} times the requests per second`;
  const isClear = ratio.min > noise.max || ratio.max < noise.min;
  return `With rust-http this program answers ${what}.${isClear ? '' : ' The rounds of node:http differ as much among themselves: measure longer, or on a quieter machine.'}`;
}

module.exports = { bars, drawing, table, verdict };
