'use strict';
// Defaults of a server's options that its connections compare with.

/** Of `shouldUpgradeCallback`: accepts an upgrade if 'upgrade' has a listener. It has no name, like node's. @type {Function} */
const upgradesIfHeard = (() => function() {
  return this.listenerCount('upgrade') > 0;
})();

module.exports = { upgradesIfHeard };
