'use strict';

const { ReflectApply } = require('../globals/primordials');

/**
 * @param {Function} callback
 * @returns {Function} one without a name, as node's is, that calls it the first time
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
