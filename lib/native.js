'use strict';
// Loads the addon of this platform: the one that a build put beside this package, else the installed platform package.

const path = require('node:path');
const { existsSync } = require('node:fs');

// The C libraries that an addon may be built for. Which one this process has is found by loading: asking
// process.report for it takes longer than all of our files.
const ABIS = { linux: ['-gnu', '-musl'], win32: ['-msvc'] };

function load() {
  const looked = [];
  let cause;
  for (const abi of ABIS[process.platform] ?? ['']) {
    const name = `rust-http.${process.platform}-${process.arch}${abi}.node`;
    const built = path.join(__dirname, '..', name);
    const id = existsSync(built) ? built : `rust-http-${process.platform}-${process.arch}${abi}`;
    try {
      return require(id);
    } catch (error) {
      // A package that is not there says less than an addon that cannot be loaded.
      if (cause === undefined || error.code !== 'MODULE_NOT_FOUND') cause = error;
      looked.push(name, `rust-http-${process.platform}-${process.arch}${abi}`);
    }
  }
  throw new Error(`rust-http has no addon for ${process.platform} ${process.arch}: looked for ${looked.join(', ')}. ` +
    'Install the platform package, or build it with Rust: npm run build', { cause });
}

module.exports = load();
