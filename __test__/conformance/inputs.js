'use strict';
// Endless inputs close to valid ones, the same for the same seed.

const { BODIES, REQUESTS, RESPONSES } = require('../../fuzz/seeds');
const { random } = require('../random');

const PARTS = [
  '\r', '\n', '\r\n', '\r\n\r\n', ' ', '\t', ':', ',', ';', '"', '\\', '=', '\0', '\x0b', '\x0c', '\x7f', '\x80', '\xff', '0', '1', 'a', 'F', '#', '?', '@',
  'A: b\r\n', 'A:\r\n', 'A: \t b \t\r\n', 'A: b\r\n c\r\n', 'Content-Length: 3\r\n', 'Content-Length: 03 \r\n', 'Content-Length:\r\n', 'content-length: 3\t\r\n',
  'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: gzip, chunked\r\n', 'Transfer-Encoding: chunked, gzip\r\n', 'Transfer-Encoding:\r\n', 'transfer-encoding: CHUNKED \r\n',
  'Connection: close\r\n', 'Connection: keep-alive\r\n', 'Connection: a, close \r\n', 'Connection: closed\r\n', 'Proxy-Connection: close\r\n', 'Connection: close\t\r\n',
  'Host: a\r\n', 'Expect: 100-continue\r\n', 'Trailer: x\r\n', 'X: y\r\n'.repeat(35),
  'GET ', 'POST ', 'OPTIONS * ', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'RTSP/1.0', 'ICE/1.0', 'http://a:80/b', '/a?b#c', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 204 No\r\n',
  '5\r\nhello\r\n', '0\r\n\r\n', '0\r\nX: y\r\n\r\n', '1;a=b\r\nx\r\n', '1;a="b\\"c";d\r\nx\r\n', 'fffffffffffffffff\r\n', '18446744073709551616', 'hello',
];
// An upgrade makes node's parser hide later errors, so these are rare.
const SWITCHES = ['Upgrade: x\r\n', 'Connection: upgrade\r\n', 'CONNECT a:1 '];

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'M-SEARCH', 'QUERY', 'get', 'FOO', 'DESCRIBE'];
const TARGETS = ['/', '/a?b', '*', 'http://a/', 'a', '/\x80', '/a#b', '//', ''];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'RTSP/1.0', 'ICE/1.0', 'http/1.1', ''];
const STATUSES = ['200 OK', '204 No Content', '304', '100 Continue', '404 Not Found', '20', '2000 x', '200 \xff', '200\tOK', '500 '];

/**
 * Makes inputs.
 * @param {number} seed
 * @returns {function(): {type: string, bytes: Buffer, cuts: number[]}} `type` is REQUEST or RESPONSE
 */
function inputs(seed) {
  const pick = random(seed);
  const from = (list) => list[pick(list.length)];
  const fields = PARTS.filter((part) => part.includes(':') && part.endsWith('\r\n'));

  function made(request) {
    let text = request ? `${from(METHODS)} ${from(TARGETS)} ${from(VERSIONS)}\r\n` : `${from(VERSIONS)} ${from(STATUSES)}\r\n`;
    for (let n = pick(4); n > 0; n--) text += from(fields);
    if (pick(40) === 0) text += from(SWITCHES);
    return `${text}\r\n${pick(2) ? from(BODIES) : ''}`;
  }

  return () => {
    const request = pick(3) > 0;
    let text = pick(2) ? made(request) : from(request ? REQUESTS : RESPONSES);
    if (pick(4) === 0) text += pick(2) ? made(request) : from(request ? REQUESTS : RESPONSES);
    for (let n = pick(3); n > 0; n--) {
      const at = pick(text.length + 1);
      const kind = pick(4);
      if (kind === 0) text = text.slice(0, at) + from(PARTS) + text.slice(at);
      else if (kind === 1) text = text.slice(0, at) + from(PARTS) + text.slice(at + 1);
      else if (kind === 2) text = text.slice(0, at) + text.slice(at + 1 + pick(4));
      else text = text.slice(0, at) + String.fromCharCode(pick(256)) + text.slice(at + 1);
    }
    const cuts = [];
    for (let n = pick(4); n > 0; n--) cuts.push(pick(text.length + 1));
    return { type: request ? 'REQUEST' : 'RESPONSE', bytes: Buffer.from(text, 'latin1'), cuts: cuts.sort((a, b) => a - b) };
  };
}

module.exports = { inputs };
