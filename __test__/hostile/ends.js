'use strict';
// A server that ends in one of its callbacks.   node ends.js WAY CALLBACK exit|abort|throw|leave
// Prints its port, and each callback that it reached.

const { writeSync } = require('node:fs');

const [way, place, how] = process.argv.slice(2);
const http = way === 'node' ? require('node:http') : require('../../lib');

const ways = {
  exit: () => process.exit(7),
  abort: () => process.abort(),
  throw: () => { throw new Error('thrown'); },
  // A listener of 'uncaughtException' decides what happens.
  leave: () => { throw new Error('left'); },
};

function at(name) {
  writeSync(1, `${name}\n`);
  if (name === place) ways[how]();
}

if (how === 'leave') {
  process.on('uncaughtException', ({ message }) => {
    writeSync(1, `${message}\n`);
    process.exit(9);
  });
}
process.on('exit', (code) => writeSync(1, `exit ${code}\n`));

const server = http.createServer(way === 'node' ? {} : { transport: way }, (req, res) => {
  at('request');
  if (place === 'aborted') return;
  req.on('data', () => at('data'));
  req.on('end', () => {
    at('end');
    res.write('begun', () => at('written'));
    process.nextTick(at, 'tick');
    Promise.resolve().then(() => at('promise'));
    setImmediate(() => {
      at('immediate');
      res.end('over', () => at('ended'));
    });
  });
  res.on('finish', () => at('finish'));
  res.on('close', () => at('response closed'));
});
server.on('connection', (socket) => {
  at('connection');
  if (place === 'aborted') socket.on('close', () => at('aborted'));
});
server.on('clientError', (error, socket) => {
  socket.end('HTTP/1.1 400 No\r\n\r\n');
  at('clientError');
});
server.on('checkContinue', (req, res) => {
  res.writeContinue();
  at('checkContinue');
});
for (const event of ['upgrade', 'connect']) {
  server.on(event, (req, socket) => {
    socket.write('over\r\n');
    at(event);
  });
}
server.listen(0, '127.0.0.1', () => writeSync(1, `port ${server.address().port}\n`));
