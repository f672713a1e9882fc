'use strict';

// macOS: its programs run nowhere else, so the compiler only checks the code for it, such as the reactor over kqueue.

const { run, target } = require('./tools');

const TARGETS = ['x86_64-apple-darwin', 'aarch64-apple-darwin'];

module.exports = {
  targets: TARGETS,
  check() {
    for (const name of TARGETS) {
      target(name);
      run('cargo', ['check', '--lib', '--target', name]);
      console.log(`ok    ${name} compiles`);
    }
  },
};
