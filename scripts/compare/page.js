'use strict';

// Measures the two programs of docs/ADOPTING.md with rust-http-compare, and writes its outputs and drawings into that page.
// It wants a machine that does nothing else, and takes less than two minutes.
//   node scripts/compare/page.js [--rounds N] [--seconds S] [--to DIR]      DIR: writes there instead of into docs

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { parseArgs } = require('node:util');

const root = path.resolve(__dirname, '../..');
const PROGRAMS = ['express', 'fastify'];
/** Header fields, as a browser sends them. */
const FIELDS = ['Accept: application/json', 'Accept-Encoding: gzip, deflate, br', 'Accept-Language: en-US,en;q=0.9', 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'];

const { values: { rounds, seconds, to } } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '2' }, to: { type: 'string', default: path.join(root, 'docs') } },
});
const page = path.join(to, 'ADOPTING.md');
fs.mkdirSync(path.join(to, 'plots'), { recursive: true });
if (!fs.existsSync(page)) fs.copyFileSync(path.join(root, 'docs/ADOPTING.md'), page);

// Replaces the text between two marks of the page.
function put(name, text) {
  const before = fs.readFileSync(page, 'utf8');
  const marks = new RegExp(`(<!-- ${name}: written by scripts/compare/page.js -->\n)[^]*?(<!-- end of ${name} -->)`);
  if (!marks.test(before)) throw new Error(`${page} has no marks for ${name}`);
  fs.writeFileSync(page, before.replace(marks, (_, start, end) => `${start}${text}\n${end}`));
}

const [load] = os.loadavg();
for (const program of PROGRAMS) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    path.join(__dirname, 'cli.js'), '--rounds', rounds, '--seconds', seconds, '--path', '/users/7?page=2', ...FIELDS.flatMap((field) => ['--header', field]),
    '--svg', path.join(to, `plots/compare-${program}.svg`), '--', 'node', `__test__/compare/programs/${program}.js`,
  ], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  put(program, `\`\`\`\n${stdout.trimEnd()}\n\`\`\``);
  console.log(stdout);
}
put('machine', `Measured on ${os.cpus().length} cores (${os.cpus()[0].model.replace(/ (?:\d+-Core )?Processor.*/, '')}) with Node ${process.versions.node}, ${rounds} rounds of ${seconds} s; the load average was ${load.toFixed(1)} when it began.`);
