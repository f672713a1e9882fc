'use strict';

const { ReflectApply } = require('../globals/primordials');

/**
 * @param {Function} callback
 * @returns {Function} calls it the first time only; has no name, like node's
 */
function once(callback) {
  let called = false;
  return function(...args) {
    if (called) return;
    called = true;
    ReflectApply(callback, this, args);
  };
}

module.exports = { once };
