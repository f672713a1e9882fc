'use strict';

// The floors of lib/, from the top down: a folder may require its own files and those of lower floors. Entry points may
// require what they export.
const FLOORS = [['server', 'client'], ['message'], ['observe'], ['transport'], ['parser'], ['util'], ['compat', 'native'], ['globals']];

// A folder, and what it may not require: the entry points, every higher floor, and its neighbours on the same floor.
function floorOf(folder, n) {
  const allowed = [folder, ...FLOORS.slice(n + 1).flat()];
  return {
    name: `floor-of-${folder}`,
    severity: 'error',
    comment: `lib/${folder} may require: ${allowed.join(', ')}`,
    from: { path: `^lib/${folder}/` },
    to: { path: '^lib/', pathNot: `^lib/(${allowed.join('|')})/` },
  };
}

module.exports = {
  forbidden: [
    ...FLOORS.flatMap((floor, n) => floor.map((folder) => floorOf(folder, n))),
    { name: 'no-circle', severity: 'error', comment: 'two files that need each other are one', from: {}, to: { circular: true } },
    { name: 'no-orphan', severity: 'error', comment: 'nothing requires it', from: { orphan: true }, to: {} },
    {
      name: 'folders-only',
      severity: 'error',
      comment: 'lib/ itself has the entry points alone',
      from: { path: '^lib/[^/]+$', pathNot: '^lib/(index|https)\\.m?js$|^lib/(register|global-proxy)\\.js$' },
      to: {},
    },
  ],
  options: { doNotFollow: { path: ['node_modules', '\\.node$'] } },
};
