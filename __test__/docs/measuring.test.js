'use strict';

const { testCommands } = require('./test-commands');

testCommands((command) => /bench|valgrind/.test(command));
