'use strict';

/**
 * A value that is made when it is first needed: an answer, a table, or a module that is loaded then.
 * @param {function(): T} make
 * @returns {function(): T} returns the value, the same one each time
 * @template T
 */
function lazy(make) {
  let made;
  let isMade = false;
  return () => {
    if (!isMade) {
      made = make();
      isMade = true;
    }
    return made;
  };
}

module.exports = { lazy };
