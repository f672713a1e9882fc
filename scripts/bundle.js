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
// Files of lib/ that are needed with the first connection or request, not before. They and what only they require are the second part
// of the bundle, which is compiled and run then. __test__/package/second-part.test.js compares the list with what is loaded.
const SECOND = [
  'client/exchange', 'client/retries', 'client/socket-limits', 'observe/client-entries', 'server/closing', 'server/connection',
  'server/drain', 'server/fixed-answers', 'server/limits', 'server/proxy-protocol', 'server/stats', 'server/timeouts', 'server/timings',
  'transport/events', 'transport/lazy-socket',
];

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

// The files of lib/ that make the first part: those that are required without the second.
function firstFiles({ inputs }) {
  const later = SECOND.map((name) => `lib/${name}.js`);
  const found = new Set();
  const visit = (file) => {
    if (found.has(file) || later.includes(file)) return;
    found.add(file);
    for (const { external, path: to } of inputs[file].imports) if (!external) visit(to);
  };
  visit('lib/entries.js');
  for (const file of later) if (!inputs[file]) throw new Error(`${file} is not in the bundle`);
  return found;
}

/**
 * Moves the second part behind the first: a function that gets what it uses of the first, on lines of its own.
 * @param {string} text @param {string} map @param {Set<string>} first the files of the first part
 * @returns {{text: string, map: string, places: object}} and where the parts are, for the loader
 */
function inParts(text, map, first) {
  const lines = text.split('\n');
  // As esbuild below: required where it is used, so that this file loads where neither is installed.
  const { decode, encode } = require('@jridgewell/sourcemap-codec');
  const { mappings, ...rest } = JSON.parse(map);
  const mapped = decode(mappings);
  const parts = { first: [], second: [] };
  const names = { first: [], second: [] };
  let part = 'first';
  for (const [n, line] of lines.entries()) {
    const file = /^\/\/ (\S+\.js)$/.exec(line)?.[1];
    const isModule = file !== undefined && lines[n + 1].startsWith('var require_');
    if (file !== undefined) part = first.has(file) ? 'first' : 'second';
    if (isModule) names[part].push(/\w+/.exec(lines[n + 1].slice('var '.length))[0]);
    parts[part].push(n);
  }
  const end = lines.findIndex((line) => line.startsWith('//# sourceMappingURL='));
  parts.first = parts.first.filter((n) => n < end);
  const used = parts.second.map((n) => lines[n]).join('\n');
  // Bundlers warn about a `require` that is passed on, and in an ES module there is no `__dirname`.
  if (/(?<![\w.])(?:require\(|__dirname|__filename)/.test(used)) throw new Error('the second part requires a module, or uses its path');
  const given = ['__commonJS', ...names.first.filter((name) => new RegExp(`\\b${name}\\(`).test(used))].join(', ');
  const asked = parts.first.map((n) => lines[n]).join('\n');
  const shown = names.second.filter((name) => new RegExp(`\\b${name}\\(`).test(asked));
  const order = [
    ...parts.first,
    'var __parts;',
    `var __part = () => __parts ??= __second()(${given});`,
    ...shown.map((name) => `var ${name} = () => __part().${name}();`),
    'var __second = () =>',
    `(function(${given}) {`,
    ...parts.second,
    `return { ${shown.join(', ')} };`,
    '})',
    ';',
    end,
    '',
  ];
  const texts = order.map((line) => (typeof line === 'number' ? lines[line] : line));
  const joined = (from, to) => texts.slice(from, to).map((line) => `${line}\n`).join('');
  const cut = texts.indexOf('var __second = () =>');
  const whole = texts.join('\n');
  return {
    text: whole,
    map: JSON.stringify({ ...rest, mappings: encode(order.map((line) => (typeof line === 'number' ? mapped[line] ?? [] : []))) }),
    places: { length: whole.length, first: joined(0, cut).length, second: joined(0, cut + 1).length, lines: cut + 1 },
  };
}

/**
 * Writes what replaces lib/; it is loaded where package.json and an addon are in the parent directory.
 * @param {string} dist
 */
function bundle(dist) {
  const { buildSync, transformSync } = require('esbuild');
  const { metafile, outputFiles } = buildSync({
    stdin: { contents: ENTRIES.map((name) => `exports.${name} = () => require('./${name}');\n`).join(''), resolveDir: lib, sourcefile: 'entries.js' },
    absWorkingDir: root,
    bundle: true,
    charset: 'ascii',
    define: { __version: JSON.stringify(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version) },
    external: ['../../package.json', 'rust-http-*'],
    format: 'cjs',
    metafile: true,
    outfile: path.join(dist, BUNDLE),
    platform: 'node',
    sourcemap: true,
    target: 'node18',
    write: false,
  });
  fs.mkdirSync(path.join(dist, path.dirname(BUNDLE)), { recursive: true });
  const map = outputFiles.find(({ path: file }) => file.endsWith('.map'));
  const code = compiledAtOnce(namedAsBefore(outputFiles.find((file) => file !== map).text));
  const parts = inParts(code, map.text, firstFiles(metafile));
  fs.writeFileSync(map.path, parts.map);
  fs.writeFileSync(path.join(dist, BUNDLE), parts.text);
  const digest = crypto.createHash('sha256').update(parts.text).digest('hex').slice(0, 16);
  // Without its comments: Node compiles it at each start.
  const loader = transformSync(fs.readFileSync(path.join(__dirname, 'bundle-loader.js'), 'utf8')).code;
  fs.writeFileSync(path.join(dist, LOADER), loader.replace('digest of the bundle', digest)
    .replace('{ length: 0, first: 0, second: 0, lines: 0 }', JSON.stringify(parts.places)));
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

module.exports = { SECOND, bundle, pointedAt };
