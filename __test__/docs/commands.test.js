'use strict';

const { testCommands } = require('./test-commands');

testCommands('others');
