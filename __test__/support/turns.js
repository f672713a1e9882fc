'use strict';

/**
 * Waits for turns of the event loop, each a millisecond or more. Then what one part of this process has sent to another
 * has arrived, however busy the machine is: a single timer may be due before the first turn has looked at the sockets.
 * @param {number} count
 */
async function turns(count) {
  for (let n = 0; n < count; n++) await new Promise((resolve) => { setTimeout(resolve, 1); });
}

module.exports = { turns };
