'use strict';

// Replays a parser oracle on the HTTPParser of require('_http_common') (ours if lib/register.js was loaded first) and
// compares events, results (code, reason, bytesParsed) and finish().     node [-r PRELOAD] run-oracle.cjs [ORACLE.json]

const fs = require('node:fs');
const path = require('node:path');
const { HTTPParser, methods } = require('_http_common');

const shown = 40;
const defaultOracle = path.join(__dirname, `../fixtures/parser-oracle-${parseInt(process.versions.node, 10)}.json`);

function describeHead(major, minor, headers, method, url, status, reason, upgrade, keepAlive) {
  const name = method === undefined ? '' : (methods[method] || method);
  const text = reason === undefined ? '' : JSON.stringify(reason);
  return `HC ${major}.${minor} ${name} ${url ?? ''} ${status ?? ''} ${text} up=${upgrade} ka=${keepAlive} ${JSON.stringify(headers)}`;
}

function describeResult(result, length) {
  if (!(result instanceof Error)) return `ok ${result}/${length}`;
  return `ERR ${result.code} "${result.reason}" bytesParsed=${result.bytesParsed}/${length}`;
}

// Takes 'REQUEST' or 'RESPONSE', lenient flags and latin1 pieces; returns { ev, out, fin }: the events, the result of
// each execute() and that of finish(), as text.
function replay(type, lenient, pieces) {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser[type], {}, 0, lenient);
  const ev = [];
  parser[HTTPParser.kOnMessageBegin] = () => {
    ev.push('begin');
  };
  parser[HTTPParser.kOnHeaders] = (headers, url) => {
    ev.push(`hdrs(${headers.length / 2},${JSON.stringify(url)})`);
  };
  parser[HTTPParser.kOnHeadersComplete] = (...head) => {
    ev.push(describeHead(...head));
  };
  parser[HTTPParser.kOnBody] = (body) => {
    ev.push(`body ${JSON.stringify(body.toString('latin1'))}`);
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    ev.push('MC');
  };
  const out = pieces.map((piece) => describeResult(parser.execute(Buffer.from(piece, 'latin1')), piece.length));
  let fin;
  try {
    fin = parser.finish();
  } catch (error) {
    fin = error;
  }
  return { ev, out, fin: fin instanceof Error ? `${fin.code} "${fin.reason}" ${fin.bytesParsed}` : String(fin) };
}

// bytesParsed has no meaning in node for an error of finish(): only code and reason are compared.
function withoutFinishOffset(record) {
  return { ...record, fin: record.fin && record.fin.replace(/" -?\d+$/, '"') };
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

function sameByteByByte(got, want) {
  const at = got.out.findIndex((result) => result.startsWith('ERR'));
  return same(got.ev, want.ev) && (want.firstErr ? at === want.errAt && got.out[at] === want.firstErr : at < 0);
}

function main(file) {
  const { cases } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const score = { strict: 0, lenient: 0, bytes: 0 };
  const wrong = [];
  for (const test of cases) {
    for (const [mode, flags] of [['strict', 0], ['lenient', HTTPParser.kLenientAll]]) {
      const got = replay(test.type, flags, [test.input]);
      if (same(withoutFinishOffset(got), withoutFinishOffset(test[mode]))) score[mode]++;
      else wrong.push([test.name, mode, test[mode], got]);
    }
    const want = test.strictByteByByte;
    if (!want) continue;
    const got = replay(test.type, 0, [...test.input]);
    if (sameByteByByte(got, want)) score.bytes++;
    else wrong.push([test.name, 'byte by byte', want, got]);
  }
  for (const [name, mode, want, got] of wrong.slice(0, shown)) {
    console.log(`${name} (${mode})\n  want ${JSON.stringify(want)}\n  got  ${JSON.stringify(got)}`);
  }
  const cut = cases.filter((test) => test.strictByteByByte).length;
  console.log(`oracle: strict ${score.strict}/${cases.length}, lenient ${score.lenient}/${cases.length}, byte by byte ${score.bytes}/${cut}`);
  process.exitCode = wrong.length ? 1 : 0;
}

main(process.argv[2] ?? defaultOracle);
