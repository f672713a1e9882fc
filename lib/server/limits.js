'use strict';
// Limits of a server that node does not have: which servers have them. The core keeps them.

const { WeakMap } = require('../globals/primordials');
const native = require('../native/addon');
const { handleOf } = require('../parser/parser');
const { validateInteger } = require('../util/validators');

// No property of the servers: they have node's own, and no more.
const bodyLimits = new WeakMap();
let used = false;

/**
 * Reads the option `bodyLimit`.
 * @param {Server} server
 * @param {{bodyLimit?: number}} options
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
function chooseLimits(server, { bodyLimit }) {
  if (bodyLimit === undefined || bodyLimit === Infinity) return;
  validateInteger(bodyLimit, 'options.bodyLimit', 0);
  bodyLimits.set(server, bodyLimit);
  used = true;
}

/**
 * Tells the parser of a new connection of the limits of its server.
 * @param {Server} server
 * @param {HTTPParser} parser
 */
function limitParser(server, parser) {
  const limit = used ? bodyLimits.get(server) : undefined;
  if (limit !== undefined) native.parserMaxBody(handleOf(parser), limit);
}

module.exports = { chooseLimits, limitParser };
