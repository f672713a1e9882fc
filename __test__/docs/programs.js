'use strict';

// How the code blocks of the documents that are programs are run: the key is a line of the block. `answer` is what a GET of / gets from the server that
// it starts (a preload moves it to a free port); `prints` is what it writes before
// it ends by itself.

const PROGRAMS = {
  'http.createServer((req, res) => {': { answer: '200 Hello World\n' },
  'const agent = new http.Agent({ keepAlive: true });': { prints: /^1 request on 1 connection, 1\d\d bytes of answer$/m },
  'const started = new WeakMap();': { prints: /^GET \/page 200 in no time$/m },
};

module.exports = { PROGRAMS };
