'use strict';

// The counts of whole runs on other platforms: kept in .ci/platforms.json, and shown in README's table.

const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const file = path.join(root, '.ci', 'platforms.json');
const readme = path.join(root, 'README.md');

/**
 * @typedef {{node: string, files: number, left: number, passed: number, failed: number, excepted: number, skipped:
 *   number}} Counts
 * `left` files were not run because the run was interrupted; `excepted` tests failed for a known reason, or on glibc
 * x64 too
 */

/** @returns {Record<string, Counts>} by platform */
function recorded() {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
}

// README's sentence about a platform is between two marks.
function markOf(name) {
  return new RegExp(`(<!-- ${name}: written by npm run test:platform -->)([^]*?)(<!-- end of ${name} -->)`);
}

/** @param {Counts} counts @returns {string} */
function say({ node, files, left, passed, failed, excepted }) {
  const notRun = left > 0 ? `; ${left} more ${left === 1 ? 'file has' : 'files have'} not been run to the end` : '';
  return `${passed} of ${passed + failed + excepted} tests of ${files} files pass on Node ${node}${notRun}`;
}

/** @param {string} name of a platform @returns {string|undefined} README's sentence about it */
function said(name) {
  return markOf(name).exec(fs.readFileSync(readme, 'utf8'))?.[2];
}

/** Records counts, and updates README. @param {string} name of a platform @param {Counts} counts */
function record(name, counts) {
  const all = { ...recorded(), [name]: counts };
  fs.writeFileSync(file, `{\n${Object.keys(all).sort().map((each) => `  ${JSON.stringify(each)}: ${JSON.stringify(all[each])}`).join(',\n')}\n}\n`);
  fs.writeFileSync(readme, fs.readFileSync(readme, 'utf8').replace(markOf(name), `$1${say(counts)}$3`));
}

module.exports = { record, recorded, said, say };
