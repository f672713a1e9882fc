'use strict';

const { performance } = require('node:perf_hooks');

/** Milliseconds between two looks. */
const INTERVAL = 5;
const ATTEMPTS = 20;

/**
 * Runs a scenario in which nothing may happen later than it should, and runs it anew where the machine has kept the process from its turns meanwhile: what
 * it has seen then says nothing.
 * @param {number} most milliseconds from one turn to the next that the scenario can bear
 * @param {function(): Promise<T>} scenario
 * @returns {Promise<T>}
 * @template T
 */
async function undisturbed(most, scenario) {
  for (let left = ATTEMPTS - 1; ; left--) {
    let longest = 0;
    let last = performance.now();
    const look = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      return longest > most && left > 0;
    };
    const looks = setInterval(look, INTERVAL);
    try {
      const result = await scenario();
      if (!look()) return result;
    } catch (error) {
      if (!look()) throw error;
    } finally {
      clearInterval(looks);
    }
  }
}

module.exports = { undisturbed };
