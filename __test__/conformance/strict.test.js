'use strict';
// In strict mode every vector gets the verdict of RFC 9110 and RFC 9112, where they have one.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { HTTPParser } = require('../../lib/parser');
const { STRICT } = require('../../lib/strict');

// The second is somebody else's collection: it is run where it lies beside the project.
const FILES = [
  path.join(__dirname, '../fixtures/vectors-generated.json'),
  path.join(__dirname, '../../../shared/conformance/vectors-upstream.json'),
];

// The code of the error for an input, in pieces of `size` bytes; undefined when it is taken.
function refusal(vector, size) {
  const parser = new HTTPParser();
  parser.initialize(vector.side === 'client' ? HTTPParser.RESPONSE : HTTPParser.REQUEST, {}, 16384, STRICT);
  parser[HTTPParser.kOnHeadersComplete] = (major, minor, headers, method, url, status, text, upgrade) => upgrade ? 2 : 0;
  const bytes = Buffer.from(vector.input, 'latin1');
  try {
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      const result = parser.execute(piece);
      if (typeof result !== 'number') return result.code;
      if (result < piece.length) return undefined;
    }
    return undefined;
  } finally {
    parser.close();
  }
}

for (const file of FILES) {
  test(path.basename(file), { skip: !fs.existsSync(file) && 'not here' }, () => {
    const { vectors } = JSON.parse(fs.readFileSync(file, 'utf8'));
    const wrong = [];
    let told = 0;
    for (const vector of vectors) {
      if (vector.rfc !== 'reject' && vector.rfc !== 'accept') continue;
      told++;
      for (const size of [Infinity, 1]) {
        const code = refusal(vector, size);
        if ((code !== undefined) !== (vector.rfc === 'reject')) wrong.push(`${vector.id}: ${vector.rfc}, got ${code}`);
      }
    }
    assert.deepStrictEqual(wrong, []);
    if (file === FILES[0]) assert.ok(told >= 390, `${told}`);
  });
}
