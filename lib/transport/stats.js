'use strict';
// The transport's part of the statistics of a server or an agent (TransportStats in index.d.ts).

const { ObjectFromEntries } = require('../globals/primordials');
const { transportOf } = require('./choice');
const { recordOf } = require('./owner-state');

/**
 * @param {net.Server|Agent} owner
 * @returns {import('../..').TransportStats}
 */
function statsOf(owner) {
  const record = recordOf(owner);
  return {
    transport: transportOf(owner),
    attached: record.attached,
    open: record.open,
    streamed: ObjectFromEntries(record.streamed),
  };
}

module.exports = { statsOf };
