'use strict';
// A headless Chromium of this machine, for tests.

const fs = require('node:fs');
const path = require('node:path');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function find() {
  const given = process.env.RUST_HTTP_CHROMIUM;
  if (given) return given;
  const dirs = (process.env.PATH ?? '').split(path.delimiter);
  return NAMES.flatMap((name) => dirs.map((dir) => path.join(dir, name))).find((file) => fs.existsSync(file));
}

const executablePath = find();

function reason() {
  if (Number.parseInt(process.versions.node, 10) < 20) return 'playwright-core needs Node 20';
  // If RUST_HTTP_BROWSER is 'required', a test without a browser fails.
  if (executablePath !== undefined || process.env.RUST_HTTP_BROWSER === 'required') return false;
  return 'no Chromium in PATH (Debian: apt-get install chromium), none named by RUST_HTTP_CHROMIUM';
}

/** Why page tests are skipped; false where they run. */
const skip = reason();

// Only what the test asks for; no sandbox, because tests may run as root.
const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/** @returns {Promise<playwright.Browser>} with an empty profile */
async function launch() {
  if (executablePath === undefined) throw new Error('Chromium is required here, and there is none');
  return require('playwright-core').chromium.launch({ executablePath, args });
}

module.exports = { launch, skip };
