'use strict';

/**
 * The performance entries of client requests (`perf_hooks`, entry type 'http', name 'HttpClient').
 *
 * There is no public way to add such an entry. A request of the built-in class does it when its response begins, so a
 * hidden one goes along with each request of ours while somebody observes.
 */

const { Duplex } = require('stream');
const { ClientRequest: Builtin } = require('./builtin');
const server = require('./server-performance');

/** Opens no connection. */
const NOWHERE = { createConnection() {} };
const NO_SOCKET = {};

const shadows = new WeakMap();

const performance = {
  /** Whether somebody observes requests of either side. */
  get observed() {
    return server.observed;
  },

  /** Finds out whether somebody observes. Costs a fraction of a microsecond: once per connection, not per request. */
  look() {
    server.look();
  },

  /** Starts the clock of a request. @param {ClientRequest} req wholly written */
  begin(req) {
    const shadow = new Builtin({ ...NOWHERE, host: req.host, method: req.method, path: req.path, headers: req.getHeaders() });
    shadow.socket = NO_SOCKET;
    shadow._finish();
    // The parser which it gets there leads to the function that adds the entry.
    shadow.onSocket(new Duplex({ read() {}, write(chunk, encoding, callback) { callback(); } }));
    shadows.set(req, shadow);
  },

  /** Adds the entry of a request. @param {ClientRequest} req @param {IncomingMessage} res */
  end(req, res) {
    const shadow = shadows.get(req);
    if (shadow === undefined) return;
    shadows.delete(req);
    const { parser } = shadow;
    if (!parser) return;
    parser.onIncoming({
      statusCode: res.statusCode,
      statusMessage: res.statusMessage,
      headers: res.headers,
      upgrade: false,
      on() {},
      _dump() {},
      complete: true,
    }, false);
    shadow.on('error', ignore);
    shadow.destroy();
  },
};

function ignore() {}

module.exports = performance;
