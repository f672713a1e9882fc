'use strict';

// How the code blocks of the documents that are programs are run: the key is a line of the block. `answer` is what a GET of / gets from the server that
// it starts (a preload moves it to a free port); `prints` is what it writes.

const PROGRAMS = {
  'http.createServer((req, res) => {': { answer: '200 Hello World\n' },
};

module.exports = { PROGRAMS };
