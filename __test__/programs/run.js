'use strict';

// Random programs, performed with the built-in http and with ours, must not differ.
//   npm run test:programs -- [COUNT=300] [SEED=1] [--kind server|client] [--transport native|stream|offload] [--line BIN] [--shrink N]
//   npm run test:programs -- --program FILE|JSON [--transport T] [--line BIN] [--shrink 1]
//   --kind       default: server
//   --transport  may be repeated; the programs are spread over them (default: all three)
//   --line BIN   the binary of both sides (default: this Node)
//   --program    one program instead of random ones, in each transport
//   --shrink N   reduces the first N kinds of difference to the smallest program that has it (default: 3)
//   --keep DIR   writes those into DIR, one file each
//   --unstable   prints the programs that the built-in itself does not repeat
//   --builtin    uses the built-in on both sides, to test the judge
// Ends with `N passed, N failed`; exits 1 if a program differs, if none was compared, and if too few were comparable.

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { Judge } = require('./judge');
const { shrink } = require('./shrink');
const { printed, signature } = require('./print');
const { generateServer } = require('./generate-server');
const { generateClient } = require('./generate-client');

const GENERATE = { server: generateServer, client: generateClient };
const TRANSPORTS = ['native', 'stream', 'offload'];
const BATCH = 50;
// If more than this many in a hundred cannot be compared, the run says nothing.
const MOST_UNSTABLE = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: 'string', default: 'server' },
    transport: { type: 'string', multiple: true, default: TRANSPORTS },
    line: { type: 'string', default: process.execPath },
    program: { type: 'string' },
    shrink: { type: 'string', default: '3' },
    keep: { type: 'string' },
    builtin: { type: 'boolean', default: false },
    unstable: { type: 'boolean', default: false },
  },
});
const count = Number(positionals[0] ?? 300);
const seed = Number(positionals[1] ?? 1);

/** The seed of one program of a run. */
const seedOf = (n) => (seed * 1000003 + n) >>> 0;

function programsOf(transport) {
  if (values.program !== undefined) {
    const text = values.program.trimStart().startsWith('{') ? values.program : fs.readFileSync(values.program, 'utf8');
    return [JSON.parse(text)];
  }
  const at = values.transport.indexOf(transport);
  const all = [];
  for (let n = at; n < count; n += values.transport.length) all.push(GENERATE[values.kind](seedOf(n), { transport }));
  return all;
}

const sum = { same: 0, intended: 0, differs: 0, unstable: 0, vanished: 0 };
let shrunk = 0;
// How many programs have shown the same, by their signature.
const shown = new Map();

function isShown(differing) {
  const key = signature(differing);
  shown.set(key, (shown.get(key) ?? 0) + 1);
  return shown.get(key) > 1;
}

async function report(judge, { program, differing }) {
  if (isShown(differing)) return;
  let small = { program, differing };
  if (shrunk < Number(values.shrink)) {
    shrunk += 1;
    const own = signature(differing);
    small = await shrink(judge, program, differing, (now) => signature(now) !== own && shown.has(signature(now)));
    if (signature(small.differing) !== own && isShown(small.differing)) return;
  } else if (values.shrink !== '0') return;
  console.log(printed(small.program, judge.transport, small.differing));
  if (values.keep === undefined) return;
  fs.mkdirSync(values.keep, { recursive: true });
  fs.writeFileSync(path.join(values.keep, `${values.kind}-${judge.transport}-${seed}-${shrunk}.json`), `${JSON.stringify(small.program)}\n`);
}

async function runTransport(transport) {
  const judge = new Judge({ line: values.line, transport, ours: values.builtin ? {} : undefined });
  const programs = programsOf(transport);
  const own = { same: 0, intended: 0, differs: 0, unstable: 0, vanished: 0 };
  try {
    for (let at = 0; at < programs.length; at += BATCH) {
      for (const verdict of await judge.judge(programs.slice(at, at + BATCH))) {
        sum[verdict.outcome] += 1;
        own[verdict.outcome] += 1;
        if (verdict.outcome === 'unstable' && values.unstable) console.log(printed(verdict.program, transport, verdict.differing));
        if (verdict.outcome === 'differs') await report(judge, verdict);
      }
    }
  } finally {
    judge.stop();
  }
  console.log(`${transport}: ${Object.entries(own).map(([outcome, n]) => `${n} ${outcome}`).join(', ')}`);
}

async function main() {
  if (GENERATE[values.kind] === undefined) throw new Error(`no kind ${values.kind}`);
  if (values.program === undefined) console.log(`${count} programs of kind ${values.kind}, seed ${seed}, ${values.line}`);
  for (const transport of values.transport) {
    if (!TRANSPORTS.includes(transport)) throw new Error(`no transport ${transport}`);
    await runTransport(transport);
  }
  if (shown.size > 0) console.log(`${shown.size} kinds of difference`);
  const passed = sum.same + sum.intended;
  const uncompared = sum.unstable + sum.vanished;
  const compared = passed + sum.differs;
  if (uncompared > 0) console.log(`${uncompared} cannot be compared: the built-in does not repeat itself (${sum.unstable}), or the program alone does not differ (${sum.vanished})`);
  const blind = compared === 0 || uncompared * 100 > (compared + uncompared) * MOST_UNSTABLE;
  if (blind) console.log('too few programs could be compared');
  console.log(`${passed} passed, ${sum.differs + (blind ? 1 : 0)} failed`);
  process.exitCode = sum.differs > 0 || blind ? 1 : 0;
}

main();
