'use strict';

// Prints a program and its differences, for reading.

function argument(value) {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    if ('data' in value) return `<${value.size} ${value.data}>`;
    if ('error' in value) return `Error(${value.error})`;
    if ('not' in value) return value.not;
    if ('callback' in value) return `callback${value.callback?.length > 0 ? ` ${stepsText(value.callback)}` : ''}`;
  }
  if (Array.isArray(value) && value.length > 0 && value.every((one) => Array.isArray(one) && typeof one[0] === 'string')) return stepsText(value);
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 300 ? `${text.slice(0, 200)}... (${text.length})` : text;
}

function stepsText(steps) { return `{ ${steps.map(stepText).join('; ')} }`; }

function stepText([name, ...args]) {
  if (typeof name === 'string' && name.includes('.')) return `${name}(${args.map(argument).join(', ')})`;
  return [name, ...args.filter((arg) => !(Array.isArray(arg) && arg.length === 0)).map(argument)].join(' ');
}

/** The lines of two lists, those only in the built-in's with '-', those only in ours with '+' (longest common part). */
function diffLines(a, b) {
  const length = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) length[i][j] = a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  }
  const lines = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`      ${a[i]}`);
      i += 1;
      j += 1;
    } else if (i < a.length && (j >= b.length || length[i + 1][j] >= length[i][j + 1])) lines.push(`    - ${a[i++]}`);
    else lines.push(`    + ${b[j++]}`);
  }
  return lines.flatMap(shortened);
}

// For two looks in the same place, only the states that differ.
function shortened(line, n, lines) {
  const other = lines[line.startsWith('    -') ? n + 1 : n - 1];
  const place = /^ {4}[-+] (look#\S+|at last:) /;
  if (!/^ {4}[-+]/.test(line) || other === undefined || other[4] === line[4] || place.exec(line)?.[1] === undefined || place.exec(line)[1] !== place.exec(other)?.[1]) return [line];
  const theirs = new Set(other.replace(place, '').split(', '));
  return [`${place.exec(line)[0]}${line.replace(place, '').split(', ').filter((part) => !theirs.has(part)).join(', ')}`];
}

/** @returns {string} the program as JSON and as a list of steps, and where ours (+) is not the built-in (-) */
function printed(program, transport, differing) {
  const lines = ['', `DIFFERS (${transport})`, `  ${JSON.stringify(program)}`];
  for (const [key, value] of Object.entries(program)) {
    if (key === 'script') lines.push('  script:', ...value.map((step) => `    ${stepText(step)}`));
    else if (key === 'handlers') value.forEach((steps, n) => lines.push(`  handler ${n}:`, ...steps.map((step) => `    ${stepText(step)}`)));
    else if (key === 'listen') for (const [event, steps] of Object.entries(value)) lines.push(`  server.on ${event}: ${stepsText(steps)}`);
    else if (key !== 'kind' && Object.keys(Object(value)).length > 0) lines.push(`  ${key}: ${JSON.stringify(value)}`);
  }
  for (const { object, builtin, ours } of differing) lines.push(`  ${object}: - built-in, + ours`, ...diffLines(builtin, ours));
  return lines.join('\n');
}

/** The differences without numbers and texts: the same for programs that show the same. */
function signature(differing) {
  const kinds = differing.map(({ object, builtin, ours }) => {
    const lines = diffLines(builtin, ours).filter((line) => !line.startsWith('      '));
    return [object.replace(/\d+\.|\d+$/g, ''), ...new Set(lines.map((line) => line.replace(/"[^"]*"/g, '""').replace(/#[\w.]+/g, '').replace(/\d+/g, '0')))].join('\n');
  });
  return [...new Set(kinds)].sort().join('\n');
}

module.exports = { printed, signature };
