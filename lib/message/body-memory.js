'use strict';
// The memory of bodies on their way out: the core has it collected in time, as that of bodies that come in (src/binding/young_space.rs).

const native = require('../native/addon');

/** Bytes of bodies behind which the core is told: a call of it for each piece would cost more than it brings. */
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
