'use strict';

/**
 * Lets so many turns of the event loop pass, of a millisecond or more. What one part of this process has sent to another has come by then, however busy
 * the machine is: a single timer may be due before the first turn has looked at the sockets.
 * @param {number} count
 */
async function turns(count) {
  for (let n = 0; n < count; n++) await new Promise((resolve) => { setTimeout(resolve, 1); });
}

module.exports = { turns };
