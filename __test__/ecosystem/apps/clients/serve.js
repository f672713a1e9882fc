'use strict';

// Makes a table of tasks callable from the test:  serve(http, { name: async (...args) => value })

const ours = require('../../../../lib/index.js');

function failure(error) {
  return { name: error.name, code: error.code, message: error.message, cause: error.cause?.code };
}

module.exports = function serve(http, tasks) {
  process.on('message', async ({ id, task, args }) => {
    try {
      process.send({ id, value: await tasks[task](...args) });
    } catch (error) {
      process.send({ id, error: failure(error) });
    }
  });
  process.send({ ours: http.ClientRequest === ours.ClientRequest && http.Agent === ours.Agent });
};
