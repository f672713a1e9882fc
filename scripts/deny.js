'use strict';

// Checks licences, sources and versions of the crates against deny.toml.   node scripts/deny.js [--advisories]
// --advisories also looks for known vulnerabilities, in a database on the internet.
// cargo-deny takes minutes to build: if it is not installed nothing is checked, unless CI is set.

const { spawnSync } = require('node:child_process');

const VERSION = '0.20.2';

const cargo = (args, stdio) => spawnSync('cargo', args, { stdio }).status;

if (cargo(['deny', '--version'], 'ignore') !== 0) {
  console.error(`no cargo-deny: cargo install --locked cargo-deny@${VERSION}`);
  process.exit(process.env.CI ? 1 : 0);
}
const checks = ['bans', 'licenses', 'sources', ...(process.argv.includes('--advisories') ? ['advisories'] : [])];
process.exit(cargo(['deny', '--locked', 'check', '--hide-inclusion-graph', ...checks], 'inherit') ?? 1);
