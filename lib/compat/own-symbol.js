'use strict';

const { ObjectGetOwnPropertySymbols } = require('../globals/primordials');

/**
 * Finds an own symbol of an object by its description: the way to node's own symbols.
 * @param {object} object to search
 * @param {string} description the text inside Symbol(...)
 * @returns {symbol|undefined} undefined if the object has no such symbol
 */
function ownSymbol(object, description) {
  for (const symbol of ObjectGetOwnPropertySymbols(object)) if (symbol.description === description) return symbol;
  return undefined;
}

module.exports = { ownSymbol };
