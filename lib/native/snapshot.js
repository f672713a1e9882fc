'use strict';
// Whether this process builds a snapshot (--build-snapshot), which cannot hold an addon.

const { Boolean, SharedArrayBuffer } = require('../globals/primordials');

// There is no SharedArrayBuffer then, so `v8` is loaded only in that case. isBuildingSnapshot() returns a number.
const isBuildingSnapshot = SharedArrayBuffer === undefined && Boolean(require('node:v8').startupSnapshot?.isBuildingSnapshot());

module.exports = {
  isBuildingSnapshot,
  advice: 'a snapshot can hold no addon: load it when the snapshot is started, with --require or in its main function',
};
