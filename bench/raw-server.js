'use strict';

// The server for the clients under load: no http module, as little work per request as a correct answer needs.   node
// raw-server.js
// GET /small: 12 bytes; GET /large: 1 MiB; POST: reads Content-Length bytes, then answers 12 bytes. Prints its port,
// ends with its standard input.

const net = require('node:net');

function answerOf(body) {
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: keep-alive\r\n\r\n`), body]);
}

const small = answerOf(Buffer.from('Hello World\n'));
const large = answerOf(Buffer.alloc(1024 * 1024, 'x'));

// Takes the text received so far; returns the length of its first request once that is complete, else 0.
function requestLength(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end));
  const total = end + 4 + (length ? Number(length[1]) : 0);
  return text.length >= total ? total : 0;
}

const G = 0x47;
const L = 0x6c;
const END = 0x0d0a0d0a;

// Nearly every read is one whole GET. Its first and last bytes suffice to see it, so the server does not limit what is
// measured.
function isWholeGet(data) {
  return data[0] === G && data.length > 8 && data.readUInt32BE(data.length - 4) === END && data.indexOf('\r\n\r\n') === data.length - 4;
}

const server = net.createServer({ noDelay: true }, (socket) => {
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (text === '' && isWholeGet(data)) {
      socket.write(data[5] === L ? large : small);
      return;
    }
    text += data.latin1Slice();
    for (let length = requestLength(text); length > 0; length = requestLength(text)) {
      socket.write(text.startsWith('GET /large') ? large : small);
      text = text.slice(length);
    }
  });
});

server.listen(0, '127.0.0.1', 1024, () => {
  console.log(`port ${server.address().port}`);
});
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
