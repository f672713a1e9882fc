'use strict';

// A plot as SVG text: one line per scenario with one mark per arm, its median with the range of the rounds. Takes
// numbers, knows nothing of benchmarks.

const width = 960;
const left = 340;
const right = 40;
const rowHeight = 34;
const axisHeight = 40;
const lineHeight = 20;
const legendWidth = 150;
// Colour-blind readers can tell them apart (Okabe and Ito), also by shape.
const styles = [
  { colour: '#0072b2', shape: 'circle' },
  { colour: '#999999', shape: 'circle' },
  { colour: '#d55e00', shape: 'square' },
  { colour: '#009e73', shape: 'diamond' },
];

function escape(text) {
  return String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

function text(x, y, content, attributes = '') {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escape(content)}</text>`;
}

function mark(x, y, { colour, shape }) {
  const r = 5;
  if (shape === 'circle') return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r}" fill="${colour}"/>`;
  const turned = shape === 'diamond' ? ` transform="rotate(45 ${x.toFixed(1)} ${y.toFixed(1)})"` : '';
  return `<rect x="${(x - 4.5).toFixed(1)}" y="${(y - 4.5).toFixed(1)}" width="9" height="9" fill="${colour}"${turned}/>`;
}

// Distance between the lines of the axis: 1, 2 or 5 times a power of ten, at most eight lines.
function stepOf(max) {
  const power = 10 ** Math.floor(Math.log10(max / 8));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => max / step <= 8);
}

/**
 * Takes { title, axis, arms: [name], rows: [{ name, values: { [arm]: { median, min, max } } }] }; values are 0 or more,
 * and a row may lack an arm. A broken line marks 1. Returns the SVG.
 */
function dotPlot({ title, axis, arms, rows }) {
  const all = rows.flatMap((row) => Object.values(row.values)).map(({ median, max }) => max ?? median);
  const max = Math.max(1, ...all) * 1.04;
  const top = 3 * lineHeight + 10;
  const height = top + rows.length * rowHeight + axisHeight;
  const bottom = top + rows.length * rowHeight;
  const x = (value) => left + (value / max) * (width - left - right);

  const parts = [text(16, 26, title, 'font-size="16" font-weight="bold"')];
  arms.forEach((arm, i) => {
    parts.push(mark(left + 6 + i * legendWidth, top - 24, styles[i]), text(left + 16 + i * legendWidth, top - 20, arm));
  });
  const step = stepOf(max);
  for (let i = 0; i * step <= max; i++) {
    const at = x(i * step);
    parts.push(`<line x1="${at.toFixed(1)}" x2="${at.toFixed(1)}" y1="${top}" y2="${bottom}" stroke="#e4e4e4"/>`);
    parts.push(text(at, bottom + 16, Number((i * step).toPrecision(3)), 'text-anchor="middle" fill="#555"'));
  }
  parts.push(`<line x1="${x(1).toFixed(1)}" x2="${x(1).toFixed(1)}" y1="${top}" y2="${bottom}" stroke="#333" stroke-dasharray="4 3"/>`);
  parts.push(text(left + (width - left - right) / 2, bottom + 34, axis, 'text-anchor="middle" fill="#555"'));

  rows.forEach((row, line) => {
    const middle = top + (line + 0.5) * rowHeight;
    if (line % 2 === 0) parts.unshift(`<rect x="0" y="${top + line * rowHeight}" width="${width}" height="${rowHeight}" fill="#f7f7f7"/>`);
    parts.push(text(left - 12, middle + 4, row.name, 'text-anchor="end"'));
    arms.forEach((arm, i) => {
      const value = row.values[arm];
      if (!value) return;
      const y = middle + (i - (arms.length - 1) / 2) * 7;
      if (value.min !== undefined) {
        parts.push(`<line x1="${x(value.min).toFixed(1)}" x2="${x(value.max).toFixed(1)}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="${styles[i].colour}" stroke-width="2"/>`);
      }
      parts.push(mark(x(value.median), y, styles[i]));
    });
  });

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#222">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

module.exports = { dotPlot };
