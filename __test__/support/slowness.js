'use strict';

/** How much longer programs take than on a usual machine: set where Node is emulated (scripts/platforms). */
const SLOWNESS = Number(process.env.RUST_HTTP_TEST_SLOWNESS ?? 1);

module.exports = { SLOWNESS };
