'use strict';

// The results of runs on other platforms: kept by file in .ci/platforms/NAME.json (runs on several
// platforms may go on at the same time), and summed up in README's table.

const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const kept = path.join(root, '.ci/platforms');
const readme = path.join(root, 'README.md');

/**
 * @typedef {{passed: number, failed: number, excepted: number, skipped: number}} Counts
 * The tests of a file; `excepted` tests failed for a known reason, or on glibc x64 too
 * @typedef {{node: string, left: string[], files: Record<string, Counts>}} Run
 * The release of Node, the files that have not been run, and the results of the others
 */

/** @returns {string[]} the platforms with a recorded run */
function names() {
  return fs.readdirSync(kept).map((file) => path.basename(file, '.json')).sort();
}

/** @param {string} name of a platform @returns {Run|undefined} */
function recorded(name) {
  const file = path.join(kept, `${name}.json`);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
}

/**
 * Adds a later run, of all files or of some, to the recorded one: its results replace those of the same files. Results of
 * another release of Node are dropped, and those of files that no longer exist.
 * @param {Run|undefined} before
 * @param {string} node the release of the later run
 * @param {Record<string, Counts>} results of it
 * @param {string[]} all the files that a whole run has
 * @returns {Run}
 */
function merge(before, node, results, all) {
  const known = { ...(before?.node === node ? before.files : {}), ...results };
  const [run, left] = [true, false].map((is) => all.filter((file) => Object.hasOwn(known, file) === is).sort());
  return { node, left, files: Object.fromEntries(run.map((file) => [file, known[file]])) };
}

/**
 * @param {Run|undefined} before @param {string} node a release @param {string[]} files
 * @returns {string[]} those of the files that have not passed on that release
 */
function unfinished(before, node, files) {
  return files.filter((file) => before?.node !== node || before.files[file]?.failed !== 0);
}

// README's sentence about a platform is between two marks.
function markOf(name) {
  return new RegExp(`(<!-- ${name}: written by npm run test:platform -->)([^]*?)(<!-- end of ${name} -->)`);
}

/** @param {Run} run @returns {string} */
function say({ node, left, files }) {
  const all = Object.values(files);
  const sum = (what) => all.reduce((total, counts) => total + counts[what], 0);
  const notRun = left.length > 0 ? `; ${left.length} more ${left.length === 1 ? 'file has' : 'files have'} not been run to the end` : '';
  return `${sum('passed')} of ${sum('passed') + sum('failed') + sum('excepted')} tests of ${all.length} files pass on Node ${node}${notRun}`;
}

/** @param {string} name of a platform @returns {string|undefined} README's sentence about it */
function said(name) {
  return markOf(name).exec(fs.readFileSync(readme, 'utf8'))?.[2];
}

// One line per file, so that git shows what a run has changed.
function format({ node, left, files }) {
  const lines = Object.entries(files).map(([file, counts]) => `\n    ${JSON.stringify(file)}: ${JSON.stringify(counts)}`);
  return `{\n  "node": ${JSON.stringify(node)},\n  "left": ${JSON.stringify(left)},\n  "files": {${lines.join(',')}\n  }\n}\n`;
}

/** Records a run, and updates README. @param {string} name of a platform @param {Run} run */
function record(name, run) {
  fs.mkdirSync(kept, { recursive: true });
  fs.writeFileSync(path.join(kept, `${name}.json`), format(run));
  fs.writeFileSync(readme, fs.readFileSync(readme, 'utf8').replace(markOf(name), `$1${say(run)}$3`));
}

module.exports = { format, merge, names, record, recorded, said, say, unfinished };
