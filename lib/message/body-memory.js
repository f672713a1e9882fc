'use strict';
// Reports the memory of outgoing bodies to the core, which has it collected in time, like that of incoming bodies (src/binding/young_space.rs).

const native = require('../native/addon');

/** After this many bytes of bodies the core is called: a call for each piece would cost more than it saves. */
const STEP = 256 * 1024;

let passed = 0;

/** @param {number} length of a piece in bytes */
function passesOut(length) {
  passed += length;
  if (passed < STEP) return;
  native.bodyPasses(passed);
  passed = 0;
}

module.exports = { passesOut };
