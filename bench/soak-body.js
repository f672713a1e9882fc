'use strict';

/**
 * A body in which no part equals another, so that lost or exchanged bytes are detected.
 * @param {number} seed
 * @param {number} length
 * @returns {Buffer}
 */
function body(seed, length) {
  const words = new Uint32Array((length + 3) >> 2);
  let state = (seed * 2654435761 + 12345) >>> 0;
  for (let n = 0; n < words.length; n++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[n] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

module.exports = { body };
