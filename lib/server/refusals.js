'use strict';
// What a server answers to what it does not take.

const { Buffer } = require('node:buffer');

const BAD_REQUEST = refusal('400 Bad Request');
const REFUSALS = {
  ERR_HTTP_REQUEST_TIMEOUT: refusal('408 Request Timeout'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: refusal('413 Payload Too Large'),
  HPE_HEADER_OVERFLOW: refusal('431 Request Header Fields Too Large'),
};

function refusal(status) {
  return Buffer.from(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, 'latin1');
}

/**
 * @param {Error & {code?: string}} error
 * @returns {Buffer} the answer to it
 */
function refusalOf(error) {
  return REFUSALS[error.code] || BAD_REQUEST;
}

module.exports = { refusalOf };
