'use strict';
// Known attacks on HTTP/1.1 implementations, as bytes: the name of each, and what has to happen.

const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
/** A request that must never be served after the one before it. */
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';

/** Refused requests: [name, bytes, code]. Each is followed by a second request, which must not be served. */
const REFUSED_REQUESTS = [
  ['CVE-2016-2086 Content-Length and Transfer-Encoding', `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'HPE_INVALID_TRANSFER_ENCODING'],
  ['CVE-2016-2086 Transfer-Encoding and Content-Length', `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, 'HPE_INVALID_CONTENT_LENGTH'],
  ['CVE-2016-2086 Content-Length twice, equal', `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`, 'HPE_UNEXPECTED_CONTENT_LENGTH'],
  ['CVE-2016-2086 Content-Length twice, unequal', `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`, 'HPE_UNEXPECTED_CONTENT_LENGTH'],
  ['CVE-2018-7159 a space in Content-Length', `${POST}Content-Length: 4 2\r\n\r\nhello`, 'HPE_INVALID_CONTENT_LENGTH'],
  ['CVE-2018-12121 a head of 17,000 bytes', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17000)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
  ['CVE-2018-12121 a head of 50,000 bytes in small fields', `GET / HTTP/1.1\r\nHost: a\r\n${'ab: cd\r\n'.repeat(6250)}\r\n`, 'HPE_HEADER_OVERFLOW'],
  ['CVE-2018-12121 a target of 17,000 bytes', `GET /${'x'.repeat(17000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
  ['CVE-2019-15605 an unknown coding beside Content-Length', `${POST}Content-Length: 5\r\nTransfer-Encoding: eee, chunked\r\n\r\nhello`, 'HPE_INVALID_TRANSFER_ENCODING'],
  ['CVE-2019-15605 VT before chunked', `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
  ['CVE-2020-8201 CR in a field name', 'GET / HTTP/1.1\r\nHost: a\r\nContent\rLength: 5\r\n\r\nhello', 'HPE_INVALID_HEADER_TOKEN'],
  ['CVE-2020-8287 two Transfer-Encoding fields, the last unknown', `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked-false\r\n\r\n0\r\n\r\n`, 'HPE_INVALID_TRANSFER_ENCODING'],
  ['CVE-2021-22959 a space before the colon', `${POST}Content-Length : 5\r\n\r\nhello`, 'HPE_INVALID_HEADER_TOKEN'],
  ['CVE-2021-22960 LF in a chunk extension', `${CHUNKED}2;\n34\r\n0\r\n\r\n`, 'HPE_CR_EXPECTED'],
  ['CVE-2022-32213 chunkedchunked', `${POST}Transfer-Encoding: chunkedchunked\r\n\r\n0\r\n\r\n`, 'HPE_INVALID_TRANSFER_ENCODING'],
  ['CVE-2022-32213 chunked that is not last', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`, 'HPE_INVALID_TRANSFER_ENCODING'],
  ['CVE-2022-32214 LF between fields', `${POST}X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'HPE_CR_EXPECTED'],
  ['CVE-2022-32215 a folded Transfer-Encoding', `${POST}Transfer-Encoding: chunked\r\n , identity\r\n\r\n0\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
  ['CVE-2022-35256 CR without LF after a field', `${POST}X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'HPE_LF_EXPECTED'],
  ['CVE-2023-30589 CR after an empty value', `${POST}X-Abc:\rxTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'HPE_STRICT'],
  ['CVE-2024-22019 an extension of 17,000 bytes', `${CHUNKED}1;${'a'.repeat(17000)}\r\nx\r\n0\r\n\r\n`, 'HPE_CHUNK_EXTENSIONS_OVERFLOW'],
  ['CVE-2024-27982 a space before Content-Length', 'GET / HTTP/1.1\r\nHost: a\r\n Content-Length: 5\r\n\r\nhello', 'HPE_INVALID_HEADER_TOKEN'],
  ['CVE-2024-27982 a space before the first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', 'HPE_UNEXPECTED_SPACE'],
  ['CVE-2025-23167 a head that ends in CR and another byte', `${POST}Transfer-Encoding: chunked\r\n\rX0\r\n\r\n`, 'HPE_STRICT'],
  ['CVE-2025-23167 a chunk line that ends in CR and another byte', `${CHUNKED}5\rXhello\r\n0\r\n\r\n`, 'HPE_STRICT'],
  ['RUSTSEC-2021-0020 an unknown coding last', `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n`, 'HPE_INVALID_TRANSFER_ENCODING'],
  ['RUSTSEC-2021-0078 Content-Length: +5', `${POST}Content-Length: +5\r\n\r\nhello`, 'HPE_INVALID_CONTENT_LENGTH'],
  ['RUSTSEC-2021-0078 Content-Length: -5', `${POST}Content-Length: -5\r\n\r\nhello`, 'HPE_INVALID_CONTENT_LENGTH'],
  ['RUSTSEC-2021-0078 a Content-Length beyond 64 bits', `${POST}Content-Length: 18446744073709551621\r\n\r\nhello`, 'HPE_INVALID_CONTENT_LENGTH'],
  ['RUSTSEC-2021-0079 a chunk size beyond 64 bits', `${CHUNKED}10000000000000005\r\nhello\r\n0\r\n\r\n`, 'HPE_INVALID_CHUNK_SIZE'],
  ['RUSTSEC-2021-0079 a chunk size with a sign', `${CHUNKED}+5\r\nhello\r\n0\r\n\r\n`, 'HPE_INVALID_CHUNK_SIZE'],
  ['RUSTSEC-2021-0079 a chunk size with a prefix', `${CHUNKED}0x5\r\nhello\r\n0\r\n\r\n`, 'HPE_INVALID_CHUNK_SIZE'],
  ['CVE-2025-43859 other bytes after the data of a chunk', `${CHUNKED}5\r\nhelloXX0\r\n\r\n`, 'HPE_STRICT'],
  ['CVE-2025-43859 CR and another byte after the data of a chunk', `${CHUNKED}5\r\nhello\rX0\r\n\r\n`, 'HPE_STRICT'],
  ['a LF alone after the data of a chunk', `${CHUNKED}5\r\nhello\n0\r\n\r\n`, 'HPE_CR_EXPECTED'],
  ['a LF alone after a chunk size', `${CHUNKED}5\nhello\r\n0\r\n\r\n`, 'HPE_CR_EXPECTED'],
  ['NUL in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN'],
  ['trailers of 17,000 bytes', `${CHUNKED}0\r\nX: ${'x'.repeat(17000)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
  ['a Content-Length in the trailers', `${CHUNKED}0\r\nContent-Length: 5\r\n\r\n`, 'HPE_INVALID_CONTENT_LENGTH'],
];

/** Served requests: [name, bytes, urls, bodies]. */
const SERVED_REQUESTS = [
  ['CVE-2019-15606 white space around a value is not its', `${POST}Content-Length:  5 \r\n\r\nhello`, ['/'], ['hello']],
  ['CVE-2026-21710 fields with the names of Object.prototype', 'GET / HTTP/1.1\r\nHost: a\r\n__proto__: x\r\nconstructor: y\r\n\r\n', ['/'], ['']],
  ['a body that looks like a request', `${POST}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`, ['/'], [HIDDEN]],
  ['a chunk that looks like an end', `${CHUNKED}5\r\n0\r\n\r\n\r\n0\r\n\r\n`, ['/'], ['0\r\n\r\n']],
  ['a GET with a body', `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`, ['/'], [HIDDEN]],
  ['pipelined requests with bodies', `${POST}Content-Length: 2\r\n\r\nab${CHUNKED}2\r\ncd\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n`, ['/', '/', '/3'], ['ab', 'cd', '']],
  ['names that only look like framing', `${POST}Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello`, ['/'], ['hello']],
];

/** Answers that a client refuses: [name, bytes, code]. */
const REFUSED_RESPONSES = [
  ['CVE-2016-2086 Content-Length and Transfer-Encoding', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'HPE_INVALID_TRANSFER_ENCODING'],
  ['CVE-2016-2086 Content-Length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello', 'HPE_UNEXPECTED_CONTENT_LENGTH'],
  ['CVE-2018-7159 a space in Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 4 2\r\n\r\nhello', 'HPE_INVALID_CONTENT_LENGTH'],
  ['CVE-2018-12121 a head of 17,000 bytes', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(17000)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
  ['CVE-2018-12121 a reason of 17,000 bytes', `HTTP/1.1 200 ${'x'.repeat(17000)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
  ['CVE-2020-8201 CR in a field name', 'HTTP/1.1 200 OK\r\nContent\rLength: 5\r\n\r\nhello', 'HPE_INVALID_HEADER_TOKEN'],
  ['CVE-2021-22959 a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello', 'HPE_INVALID_HEADER_TOKEN'],
  ['CVE-2021-22960 LF in a chunk extension', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;\nab\r\n0\r\n\r\n', 'HPE_CR_EXPECTED'],
  ['CVE-2022-32214 LF between fields', 'HTTP/1.1 200 OK\r\nX: y\nContent-Length: 0\r\n\r\n', 'HPE_CR_EXPECTED'],
  ['CVE-2022-35256 CR without LF after a field', 'HTTP/1.1 200 OK\r\nX: y\rContent-Length: 0\r\n\r\n', 'HPE_LF_EXPECTED'],
  ['CVE-2024-22019 an extension of 17,000 bytes', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(17000)}\r\nx\r\n0\r\n\r\n`, 'HPE_CHUNK_EXTENSIONS_OVERFLOW'],
  ['CVE-2025-23167 a head that ends in CR and another byte', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\rX', 'HPE_STRICT'],
  ['RUSTSEC-2021-0078 Content-Length: +5', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello', 'HPE_INVALID_CONTENT_LENGTH'],
  ['RUSTSEC-2021-0079 a chunk size beyond 64 bits', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n', 'HPE_INVALID_CHUNK_SIZE'],
  ['CVE-2025-43859 other bytes after the data of a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n', 'HPE_STRICT'],
  ['a body cut off', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', 'ECONNRESET'],
  ['a chunked body cut off', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'ECONNRESET'],
  ['a head cut off', 'HTTP/1.1 200 OK\r\nContent-Le', 'ECONNRESET'],
];

module.exports = { CHUNKED, HIDDEN, POST, REFUSED_REQUESTS, REFUSED_RESPONSES, SERVED_REQUESTS };
