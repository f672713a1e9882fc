'use strict';

const { ObjectGetOwnPropertySymbols } = require('../globals/primordials');

/**
 * Finds an own symbol of an object by its description: that is how node's own symbols are got at.
 * @param {object} object where to look
 * @param {string} description the text inside Symbol(...)
 * @returns {symbol|undefined} the symbol, or undefined when the object has none of that description
 */
function ownSymbol(object, description) {
  for (const symbol of ObjectGetOwnPropertySymbols(object)) if (symbol.description === description) return symbol;
  return undefined;
}

module.exports = { ownSymbol };
