'use strict';

/**
 * @param {Function} callback
 * @returns {Function} one without a name, as node's is, that calls it the first time
 */
function once(callback) {
  let called = false;
  return function(...args) {
    if (called) return;
    called = true;
    Reflect.apply(callback, this, args);
  };
}

module.exports = { once };
