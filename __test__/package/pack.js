'use strict';

// Packs the package and the platform package of this machine as a release does, without publishing.

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const root = path.resolve(__dirname, '../..');
const napi = path.join(root, 'node_modules/@napi-rs/cli/dist/cli.js');
// Includes what npm needs to bundle lib/.
const published = ['lib', 'npm', 'LICENSE', 'README.md', 'package.json', 'scripts/bundle.js', 'scripts/bundle-loader.js', 'scripts/compare', 'bench/plot.js', 'bench/stats.js'];

// Targets of the napi command line, by the directory of their package.
const TARGETS = {
  'linux-x64-gnu': 'x86_64-unknown-linux-gnu',
  'linux-arm64-gnu': 'aarch64-unknown-linux-gnu',
  'linux-x64-musl': 'x86_64-unknown-linux-musl',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'win32-x64-msvc': 'x86_64-pc-windows-msvc',
  'win32-arm64-msvc': 'aarch64-pc-windows-msvc',
};

// Returns the directory name in npm/ of the addon built here.
function builtPlatform() {
  const addon = fs.readdirSync(root).find((file) => /^rust-http\..*\.node$/.test(file));
  if (addon === undefined) throw new Error('no addon is built: npm run build');
  return addon.slice('rust-http.'.length, -'.node'.length);
}

/**
 * Takes an empty directory. The sources are copied there, since `napi pre-publish` writes into package.json, and the
 * targets are reduced to the one built here. Returns { main, platform }: the output of `npm pack --json` for each
 * package, with `file`, the path of the tarball.
 */
function pack(stage) {
  const name = builtPlatform();
  const files = [...published, ...fs.readdirSync(root).filter((file) => /\.d\.m?ts$/.test(file))];
  for (const file of files) fs.cpSync(path.join(root, file), path.join(stage, file), { recursive: true });
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(stage, 'node_modules'));
  const dir = path.join(stage, 'npm', name);
  fs.copyFileSync(path.join(root, `rust-http.${name}.node`), path.join(dir, `rust-http.${name}.node`));

  const manifest = path.join(stage, 'package.json');
  const json = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  json.napi.targets = [TARGETS[name]];
  fs.writeFileSync(manifest, JSON.stringify(json, null, 2));
  execFileSync(process.execPath, [napi, 'pre-publish', '--skip-optional-publish', '--no-gh-release'], { cwd: stage, stdio: 'pipe' });
  return { main: packOne(stage, stage), platform: packOne(dir, stage) };
}

function packOne(dir, to) {
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', to], { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  // The scripts that run first print their own lines.
  const [said] = JSON.parse(output.slice(output.search(/^\[/m)));
  return { ...said, file: path.join(to, said.filename), manifest: JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')) };
}

module.exports = { pack, root, TARGETS };
