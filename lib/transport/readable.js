'use strict';
// Reports when something has come on a descriptor that nothing reads yet. The native driver watches it, whatever transport reads it later.

const native = require('../native/addon');
const { transport: { GIVEN_BACK } = {} } = require('../native/layout');
const { driverNamed } = require('./choice');
const { NATIVE } = require('./owner-state');

/** @returns {boolean} whether this thread can watch descriptors */
function canWatch() {
  return driverNamed(NATIVE) !== null;
}

/**
 * Watches a descriptor until `unwatch()`.
 * @param {number} fd
 * @param {Function} readable called each time something has come, or the end
 * @returns {number} the number of the watch; negative if the descriptor cannot be watched
 */
function watch(fd, readable) {
  const driver = driverNamed(NATIVE);
  const index = native.transportWatch(driver.handle, fd);
  if (index >= 0) driver.attached[index] = { socket: null, protocol: { isServer: true, readable } };
  return index;
}

/** @param {number} index returned by watch() */
function unwatch(index) {
  const driver = driverNamed(NATIVE);
  native.transportDetach(driver.handle, index, GIVEN_BACK, []);
  driver.attached[index] = undefined;
}

module.exports = { canWatch, unwatch, watch };
