'use strict';
/** The running release of Node, and whether the package knows its line. */

const { Number, process } = require('../globals/primordials');

/** The newest line of Node on which the package was tested. */
const NEWEST = 26;
const [major, minor] = process.versions.node.split('.').map(Number);

/** Bun and Deno have modules of the same names that work differently: what only Node has is left out there. */
const isNode = !process.versions.bun && !process.versions.deno;
const isNewer = isNode && major > NEWEST;
let isUnderstood = true;

/** Whether the running Node is at least a release. @param {number} release @param {number} [point] its second number */
function since(release, point = 0) {
  return major > release || (major === release && minor >= point);
}

/**
 * Notes that the built-in did not answer a question. On a known line the assumed answer was observed; on a newer one it was not:
 * the process is warned, once.
 * @param {string} question
 */
function doubt(question) {
  if (!isNewer || !isUnderstood) return;
  isUnderstood = false;
  process.emitWarning(`rust-http: Node ${major} is newer than the releases that this version of rust-http knows (up to ${NEWEST}), and its http module could not be asked what it does (${question}). ` +
    'All connections are read by their streams. A later version of rust-http may know this release.');
}

module.exports = {
  __proto__: null,
  NEWEST,
  doubt,
  isNewer,
  isNode,
  /** Whether every question so far was answered, or its answer is known. */
  isUnderstood: () => isUnderstood,
  major,
  minor,
  since,
};
