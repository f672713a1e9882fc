'use strict';

// What is published: one file instead of lib/, which loads in a third of the time, the file that loads it
// (bundle-loader.js), and a source map.   npm pack (by prepack and postpack)
// Also the command rust-http-compare. Writes dist/ and makes package.json name it; --undo reverts both. Functions keep
// their names, since stacks and programs show them.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const lib = path.join(root, 'lib');
const ENTRIES = ['index', 'https', 'register'];
// At the depth of those files of lib/ that look for the addon and for package.json.
const BUNDLE = 'bundle/rust-http.js';
const LOADER = 'bundle/load.js';

/** @param {string} folder @param {string} before @returns {string} package.json with its entries in another folder */
function pointedAt(folder, before) {
  return fs.readFileSync(path.join(root, 'package.json'), 'utf8').replace(new RegExp(`"(\\./)?${before}/(\\w+\\.m?js)"`, 'g'), `"$1${folder}/$2"`);
}

function pointAt(folder, before) {
  fs.writeFileSync(path.join(root, 'package.json'), pointedAt(folder, before));
}

// V8 compiles a function in parentheses at once; it scans one without them and compiles it later. All of these are
// called. Each is passed on its own, not as the only member of an object made for its name.
function compiledAtOnce(text) {
  const open = /^(var require_\w+ = __commonJS\()\{\n {2}"[^"\n]+"\(([\w, ]*)\) \{$/gm;
  const close = /^ {2}\}\n\}\);$/gm;
  const call = '(0, cb[__getOwnPropNames(cb)[0]])(';
  if (!text.includes(call) || text.match(open).length !== text.match(close).length) throw new Error('the bundle does not have the form that was expected');
  return text.replace(call, 'cb(').replace(open, '$1\n  (function($2) {').replace(close, '  })\n);');
}

// If a variable around a function has its name, the bundler renames the function. Its own name works too, because its
// body then cannot use it.
function namedAsBefore(text) {
  const given = new Set(fs.readdirSync(lib, { recursive: true }).filter((file) => file.endsWith('.js'))
    .flatMap((file) => fs.readFileSync(path.join(lib, file), 'utf8').match(/\w+/g)));
  const named = text.replace(/\bfunction (\w+?)\d+\(/g, (all, name) => {
    const renamed = all.slice('function '.length, -1);
    return given.has(renamed) || text.match(new RegExp(`\\b${renamed}\\b`, 'g')).length > 1 ? all : `function ${name}(`;
  });
  const others = [...named.matchAll(/\b(?:function\*? |class |(?:var|let|const) (?=\w+ = (?:async )?(?:\(|function\b|class\b|\w+ =>)))(\w+)/g)].map(([, name]) => name)
    .filter((name) => !given.has(name) && !name.startsWith('__') && !name.startsWith('require_'));
  if (others.length > 0) throw new Error(`the bundler has given other names: ${others.join(', ')}`);
  return named;
}

/**
 * Writes what replaces lib/; it is loaded where package.json and an addon are in the parent directory.
 * @param {string} dist
 */
function bundle(dist) {
  const { buildSync } = require('esbuild');
  const { outputFiles } = buildSync({
    stdin: { contents: ENTRIES.map((name) => `exports.${name} = () => require('./${name}');\n`).join(''), resolveDir: lib, sourcefile: 'entries.js' },
    absWorkingDir: root,
    bundle: true,
    charset: 'ascii',
    external: ['../../package.json', 'rust-http-*'],
    format: 'cjs',
    outfile: path.join(dist, BUNDLE),
    platform: 'node',
    sourcemap: true,
    target: 'node18',
    write: false,
  });
  fs.mkdirSync(path.join(dist, path.dirname(BUNDLE)), { recursive: true });
  const map = outputFiles.find(({ path: file }) => file.endsWith('.map'));
  const code = compiledAtOnce(namedAsBefore(outputFiles.find((file) => file !== map).text));
  fs.writeFileSync(map.path, map.text);
  fs.writeFileSync(path.join(dist, BUNDLE), code);
  const digest = crypto.createHash('sha256').update(code).digest('hex').slice(0, 16);
  fs.writeFileSync(path.join(dist, LOADER), fs.readFileSync(path.join(__dirname, 'bundle-loader.js'), 'utf8').replace('digest of the bundle', digest));
  for (const name of ENTRIES) {
    fs.writeFileSync(path.join(dist, `${name}.js`), `'use strict';\n\nmodule.exports = require('./${LOADER}')('${name}');\n`);
    if (fs.existsSync(path.join(lib, `${name}.mjs`))) fs.copyFileSync(path.join(lib, `${name}.mjs`), path.join(dist, `${name}.mjs`));
  }
}

/** Writes the command of the package. @param {string} dist */
function bundleCompare(dist) {
  const { buildSync } = require('esbuild');
  buildSync({
    entryPoints: ['cli', 'load', 'preload'].map((name) => path.join(__dirname, 'compare', `${name}.js`)),
    bundle: true,
    // It starts in a process of its own.
    external: ['./load', 'rust-http'],
    outdir: path.join(dist, 'compare'),
    platform: 'node',
    target: 'node18',
  });
}

function main() {
  const dist = path.join(root, 'dist');
  fs.rmSync(dist, { recursive: true, force: true });
  if (process.argv.includes('--undo')) {
    pointAt('lib', 'dist');
  } else {
    bundle(dist);
    bundleCompare(dist);
    pointAt('dist', 'lib');
  }
}

if (require.main === module) main();

module.exports = { bundle, pointedAt };
