'use strict';

const { ObjectGetOwnPropertySymbols } = require('../globals/primordials');

/**
 * Finds own symbols of an object by their descriptions: the way to node's own symbols.
 * @param {object} object to search; symbols that it gets later are not found
 * @returns {(description: string) => symbol|undefined} takes the text inside Symbol(...); returns undefined if there is no such symbol
 */
function ownSymbols(object) {
  const symbols = ObjectGetOwnPropertySymbols(object);
  return (description) => {
    // An iterator would be garbage at each start.
    for (let n = 0; n < symbols.length; n++) if (symbols[n].description === description) return symbols[n];
    return undefined;
  };
}

/** Finds one symbol in this way. @param {object} object @param {string} description @returns {symbol|undefined} */
function ownSymbol(object, description) {
  return ownSymbols(object)(description);
}

module.exports = { ownSymbol, ownSymbols };
