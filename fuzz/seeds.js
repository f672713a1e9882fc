'use strict';
// The inputs from which fuzzing starts: each target's own prefix bytes, then messages of every kind.

const fs = require('node:fs');
const path = require('node:path');

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a?b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'PUT /x HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n0\r\nX: y\r\n\r\n',
  'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nbytes',
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n',
  'GET http://u@a:80/b#c HTTP/1.1\r\nHost:\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'DESCRIBE / RTSP/1.0\r\n\r\n',
  'SOURCE / ICE/1.0\r\n\r\n',
  'GET /\r\n',
  '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nA:\r\nB: \t c \t\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: a\r\n${'a: b\r\n'.repeat(40)}\r\n`,
  'GET / HTTP/1.1\r\nA: b\r\n c\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 1\r\n\r\n',
];
const RESPONSES = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200\r\n\r\nuntil the end',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n',
  'HTTP/1.0 304 \xe9\r\nConnection: keep-alive\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nbytes',
  'HTTP/1.1 301 Moved\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nuntil the end',
];
const BODIES = ['0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', '1;a=b;c\r\nx\r\n1;d="e\\"f"\r\ny\r\n0\r\nX: y\r\n\r\n', '000a\r\n0123456789\r\n0;x\r\n\r\n'];
const FIELDS = ['', 'Name\0value\0', 'Date\0x\0Set-Cookie\0a=b\0Set-Cookie\0c\0', 'Connection\0close\0', 'Content-Length\x003\0', 'X\0\xff \t\0'];
const PROXY_HEADERS = [
  'PROXY TCP4 1.2.3.4 5.6.7.8 1000 80\r\n', 'PROXY TCP6 2001:db8::1 ::1 0 65535\r\n', 'PROXY UNKNOWN ::1\r\n',
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11\x01\x02\x03\x04\x05\x06\x07\x08\0\x50\x01\xbb\x01\0\x02h2',
  `\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x2b${'\x01'.repeat(36)}\x03\0\x04abcd`, `\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8${'/a'.padEnd(216, '\0')}`,
  '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0',
];

// Dialect 9.3 with nothing relaxed, the same in strict mode, everything relaxed in 9.4, and version 6 with a small limit.
const CONFIGS = ['\x02\0\0\x04', '\x02\0\0\x08', '\x83\xff\x07\0', '\0\0\0\x03'];

const configured = (inputs) => inputs.flatMap((input) => CONFIGS.map((config) => config + input));
const MAKERS = {
  request: () => configured(REQUESTS),
  response: () => configured(RESPONSES),
  chunked: () => BODIES.flatMap((body) => [`\x01\x04${body}`, `\x81\x09${body}`]),
  split: () => [...configured(REQUESTS).map((input) => `\0\x02${input.slice(0, 4)}\x05\x09${input.slice(4)}`),
                ...configured(RESPONSES).map((input) => `\x01\x02${input.slice(0, 4)}\x05\x09${input.slice(4)}`)],
  events: () => [...configured(REQUESTS).map((input) => `\0\x10\x09${input}`), ...configured(RESPONSES).map((input) => `\x01\x10\x09${input}`)],
  serialize_roundtrip: () => FIELDS.flatMap((fields) => [4, 5].map((length) =>
    String.fromCharCode(0x83, 0x02, fields.split('\0').length >> 1, length) + fields)),
  proxy_protocol: () => PROXY_HEADERS.map((header) => `${header}GET / HTTP/1.1`),
  hand_over: () => ['\0', '\x03'].flatMap((transport) => REQUESTS.map((request) =>
    `${transport}\x03\x01\0\x18\x01\x06\x20\x02\x08\x05\x03\0\x0c\x01\0\x10\x02\x03\x01\0\x30\x01\xff${request}${request}`)),
  pool: () => ['\x01\x01\x02\0\0\0\x04\x08\x02\x06', '\x07\x07\x03\x01\0\0\0\x04\x04\x82\x42\x03', '\x02\0\x07\0\0\0\0\x02\x02\x02'],
};

/**
 * Writes the seeds of a target, one per file.
 * @param {string} target
 * @param {string} dir made when it is not there
 */
function writeSeeds(target, dir) {
  fs.mkdirSync(dir, { recursive: true });
  MAKERS[target]().forEach((seed, n) => fs.writeFileSync(path.join(dir, `seed-${n}`), seed, 'latin1'));
}

module.exports = { BODIES, REQUESTS, RESPONSES, writeSeeds };
