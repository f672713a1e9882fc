#!/usr/bin/env node
'use strict';
// rust-http-compare: runs a program under load, in turn with node's http and with ours.

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { once } = require('node:events');
const { parseArgs } = require('node:util');
const { Arm } = require('./arm');
const { hasWrk, load } = require('./load');
const { bars, drawing, table, verdict } = require('./report');

const USAGE = `rust-http-compare [options] -- node app.js

Starts the program on free ports, with node's own http (twice, for the noise) and with rust-http, and puts them under load in turn.

  --path PATH        what is asked for (default: /)
  --method METHOD    default: GET
  --header 'A: b'    as often as wanted
  --body TEXT
  --connections N    requests in flight (default: 50)
  --rounds N         of each (default: 5)
  --seconds S        a round (default: 3)
  --no-wrk           load by node's own client, also where wrk is installed
  --svg FILE         writes the ratios as a drawing
  --json FILE        writes all rounds
`;

/** Upper limit: warming up is never longer than a round. */
const WARM_UP_SECONDS = 2;

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'path': { type: 'string', default: '/' }, 'method': { type: 'string', default: 'GET' }, 'header': { type: 'string', multiple: true, default: [] }, 'body': { type: 'string' },
      'connections': { type: 'string', default: '50' }, 'rounds': { type: 'string', default: '5' }, 'seconds': { type: 'string', default: '3' },
      'no-wrk': { type: 'boolean', default: false }, 'svg': { type: 'string' }, 'json': { type: 'string' }, 'help': { type: 'boolean', default: false },
    },
  });
  const headers = values.header.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
  const numbers = Object.fromEntries(['connections', 'rounds', 'seconds'].map((name) => [name, Number(values[name])]));
  for (const [name, value] of Object.entries(numbers)) if (!(value > 0)) throw new Error(`--${name} wants a number`);
  return { ...values, ...numbers, headers, command: positionals, wrk: !values['no-wrk'] && hasWrk() };
}

/** @returns {Promise<string>} status, fields and length of the answer, without values that differ between answers */
async function askOnce(url, { method, headers, body }) {
  const { request } = url.startsWith('https:') ? https : http;
  const req = request(url, { method, headers: Object.fromEntries(headers), agent: false, rejectUnauthorized: false });
  req.end(body);
  const [res] = await once(req, 'response');
  let length = 0;
  for await (const chunk of res) length += chunk.length;
  const names = res.rawHeaders.filter((_, n) => n % 2 === 0).map((name) => name.toLowerCase()).sort().join(', ');
  return `${res.statusCode}, ${length} bytes, fields ${names}`;
}

async function measure(arm, seconds, how) {
  const before = arm.usage();
  const result = await load(arm.url, { ...how, seconds });
  const after = arm.usage();
  return { ...result, cpu: after === null ? null : after.cpu - before.cpu, memory: after?.memory ?? null };
}

// Checks that the program's http is node's without us, and ours with us.
function checkServed(arm, wantsOurs) {
  const by = arm.told('served');
  if (by === undefined) throw new Error(`no http server of the program has served ${arm.url}`);
  if (by.startsWith('rust-http') !== wantsOurs) {
    throw new Error(wantsOurs ? 'rust-http is not active in the program: does it set NODE_OPTIONS itself, or is its server another one?' : 'the program asks for rust-http itself: have it ask for http, and this command adds rust-http');
  }
  return by;
}

async function main() {
  const how = options();
  if (how.help || how.command.length === 0) {
    process.stdout.write(USAGE);
    process.exitCode = how.help ? 0 : 2;
    return;
  }
  const preload = path.join(__dirname, 'preload.js');
  const register = require.resolve('rust-http/register');
  const arms = [['node:http', []], ['node:http again', []], ['rust-http', [register]]].map(([label, first]) => new Arm(label, how.command, [...first, preload]));
  process.once('SIGINT', () => Promise.all(arms.map((arm) => arm.stop())).then(() => process.exit(130)));
  try {
    for (const arm of arms) {
      const { host, port, isTls } = await arm.listens();
      arm.url = `http${isTls ? 's' : ''}://${host}:${port}${how.path}`;
      arm.answer = await askOnce(arm.url, how);
      arm.by = checkServed(arm, arm === arms[2]);
      arm.rounds = [];
    }
    const [base, , ours] = arms;
    console.log(`${how.method} ${how.path} answers ${base.answer}`);
    if (ours.answer !== base.answer) console.log(`with rust-http it answers ${ours.answer}`);
    console.log(`Served by node ${process.versions.node} and by ${ours.by}; ${how.connections} connections of ${how.wrk ? 'wrk' : 'node\'s own client'}, ${how.rounds} rounds of ${how.seconds} s.\n`);
    for (const arm of arms) await measure(arm, Math.min(WARM_UP_SECONDS, how.seconds), how);
    for (let round = 0; round < how.rounds; round++) {
      // So that coming first is no advantage in total.
      const order = round % 2 === 0 ? arms : [...arms].reverse();
      for (const arm of order) arm.rounds.push(await measure(arm, how.seconds, how));
      if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1} of ${how.rounds}`);
    }
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    console.log(`${table(arms)}\n\n${bars(arms)}\n\n${verdict(arms)}`);
    const errors = arms.map(({ rounds }) => rounds.reduce((sum, round) => sum + round.errors, 0));
    if (errors.some((count) => count > 0)) console.log(`Requests that failed, or were answered with an error: ${errors[0]} and ${errors[1]} with node:http, ${errors[2]} with rust-http.`);
    if (how.svg) fs.writeFileSync(how.svg, drawing(arms, how.command.join(' ')));
    if (how.json) fs.writeFileSync(how.json, `${JSON.stringify(arms.map(({ label, by, rounds }) => ({ label, by, rounds })), null, 2)}\n`);
  } finally {
    await Promise.all(arms.map((arm) => arm.stop()));
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
