'use strict';
/** Which release of Node runs, and whether the package knows its line. */

const { Number, process } = require('../globals/primordials');

/** The newest line of Node that the package has been tested on. */
const NEWEST = 26;
const [major, minor] = process.versions.node.split('.').map(Number);

/** Bun and Deno have modules of the same names with other insides: what is Node's alone is left out there. */
const isNode = !process.versions.bun && !process.versions.deno;
const isNewer = isNode && major > NEWEST;
let isUnderstood = true;

/** Whether the running Node is at least a release. @param {number} release @param {number} [point] its second number */
function since(release, point = 0) {
  return major > release || (major === release && minor >= point);
}

/**
 * Notes that the built-in has not answered a question. Of a line that is known, what is taken for its answer was seen there; of a newer one nothing was: the process is
 * warned, once.
 * @param {string} question
 */
function doubt(question) {
  if (!isNewer || !isUnderstood) return;
  isUnderstood = false;
  process.emitWarning(`rust-http: Node ${major} is newer than the releases that this version of rust-http knows (up to ${NEWEST}), and its http module could not be asked what it does (${question}). ` +
    'All connections are read by their streams. A later version of rust-http may know this release.');
}

module.exports = {
  NEWEST,
  doubt,
  isNewer,
  isNode,
  /** Whether all that was asked so far was answered, or is known. */
  isUnderstood: () => isUnderstood,
  major,
  minor,
  since,
};
