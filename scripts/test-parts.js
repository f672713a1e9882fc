'use strict';

// Which tests run when, in one place. Keys are parts of test file paths.

/** What `npm test` leaves to `npm run test:all`, and why. Together they run all tests. */
const REST = {
  '__test__/apps/': 'installs Next, Node-RED and other applications, builds one of them, and needs a browser',
  'bundlers/': 'packs the package, and installs webpack and others that only these tests need',
  'docs/building': 'builds the addon and the crates several times over: minutes of compilers',
  'docs/commands': 'runs what the documents tell to run: npm, linters, judges, each from its start',
  'docs/measuring': 'runs every benchmark',
  'docs/report': 'runs two benchmarks and writes their report',
  'docs/start': 'builds, and needs a browser',
  'compare/': 'puts programs under load',
  'ecosystem/': 'installs 240 packages that only these tests need',
  'examples/': 'needs a browser, nginx and Caddy, and the packages of the examples',
  'hostile/ends': 'starts 256 processes',
  'leaks/rounds': 'starts and ends 200 workers in each transport: a minute and more',
  'managers/': 'packs the package, and installs it with pnpm and Yarn, which only these tests need',
  'package/pack': 'packs the package and installs it with npm',
  'runners/': 'packs the package, and installs jest, vitest, pm2 and others that only these tests need',
  'runtimes/': 'needs Bun and Deno',
};

/** What runs alone after the others, and why. */
const ALONE = {
  'docs/measuring': 'benchmarks take all cores, in turn',
  'docs/report': 'it is a benchmark, too',
  'security/floods': 'floods take all cores, while a client waits for its answers',
};

/**
 * Takes a path and one of the tables above.
 * @param {string} file
 * @param {Record<string, string>} table
 * @returns {boolean} whether the table names a part of it
 */
function isOf(file, table) {
  return Object.keys(table).some((part) => file.includes(part));
}

module.exports = { REST, ALONE, isOf };
