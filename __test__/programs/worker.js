'use strict';

// The process of one side: performs the programs it receives, one after the other, and sends their traces.

const { perform, uncaught } = require('./perform');

process.on('uncaughtException', (error) => uncaught('uncaught', error));
process.on('unhandledRejection', (error) => uncaught('unhandled rejection', error));
process.on('message', async ({ programs, settle }) => {
  for (const [n, program] of programs.entries()) {
    let trace;
    try {
      trace = await perform(program, settle);
    } catch (error) {
      // A program that cannot be performed on both sides shows no difference.
      trace = { judge: [`cannot perform: ${error.stack}`] };
    }
    process.send({ n, trace });
  }
});
process.on('disconnect', () => process.exit());
