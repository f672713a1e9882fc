'use strict';
// The counts of a server's or agent's connections, in the shape that `stats()` returns.
//
// Rare events are counted when they happen: a connection opens, ends or fails. What a connection has done is added up when it ends;
// for open ones it is read when `stats()` is called. A message costs one increment.

const { Map } = require('../globals/primordials');
const PARSE_ERROR = 'HPE_';

class Counters {
  constructor() {
    this.opened = 0;
    this.requests = 0;
    this.bytesRead = 0;
    this.bytesWritten = 0;
    // By code; made with the first error.
    this.errors = null;
  }

  failed(error) {
    const code = error?.code ?? error?.name ?? 'unknown';
    this.errors ??= new Map();
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  // Streams that are no sockets do not count bytes.
  addBytes(socket) {
    this.bytesRead += socket.bytesRead ?? 0;
    this.bytesWritten += socket.bytesWritten ?? 0;
  }
}

function errorsOf({ errors }) {
  /** @type {Record<string, number>} */
  const parseErrors = {};
  /** @type {Record<string, number>} */
  const otherErrors = {};
  if (errors !== null) {
    for (const [code, count] of errors) (`${code}`.startsWith(PARSE_ERROR) ? parseErrors : otherErrors)[code] = count;
  }
  return { parseErrors, otherErrors };
}

module.exports = { Counters, errorsOf };
