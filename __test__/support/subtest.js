'use strict';

/**
 * A test within a test, which may use what the outer one has opened. The runner of Node 24.0 returns no promise to wait
 * for: there the end of `run` counts.
 * @param {object} t the context of the outer test
 * @param {string} name
 * @param {function(object): Promise<void>} run
 * @returns {Promise<void>} resolved when the inner test is over, passed or failed
 */
async function subtest(t, name, run) {
  let done;
  await new Promise((resolve) => {
    done = t.test(name, async (inner) => {
      try {
        await run(inner);
      } finally {
        resolve();
      }
    });
  });
  await done;
}

module.exports = { subtest };
