'use strict';
// Pseudo-random numbers, the same in every run.

/** A generator of 32-bit numbers (xorshift). @param {number} seed @returns {function(number): number} of 0 to n - 1 */
function random(seed) {
  let state = (seed * 2654435761 + 88172645) >>> 0 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
  };
}

module.exports = { random };
