'use strict';

/**
 * The performance entries of client requests (`perf_hooks`, entry type 'http', name 'HttpClient').
 *
 * There is no public way to add such an entry. A request of the built-in class does it when its response begins, so a
 * hidden one goes along with each request of ours while entries are observed.
 */

const { WeakMap } = require('../globals/primordials');
const { channel } = require('diagnostics_channel');
const { Duplex } = require('stream');
const { ClientRequest: Builtin } = require('../compat/builtin');
const { ownSymbol } = require('../compat/own-symbol');
const { quietly } = require('../compat/quiet');
const server = require('./server-entries');

/** Opens no connection. */
const NOWHERE = { createConnection() {} };
const NO_SOCKET = {};

/** What a request publishes until its response has begun. */
const CHANNELS = ['request.created', 'request.start', 'response.finish'].map((name) => channel(`http.client.${name}`));

const shadows = new WeakMap();

const performance = {
  /** Whether requests of either side are observed. */
  get observed() {
    return server.observed;
  },

  /** Finds out whether requests are observed. Costs a fraction of a microsecond: once per connection, not per request. */
  look() {
    server.look();
  },

  /** Starts the clock of a request. @param {ClientRequest} req wholly written */
  begin(req) {
    const shadow = quietly(CHANNELS, () => {
      const request = new Builtin({ ...NOWHERE, host: req.host, method: req.method, path: req.path, headers: req.getHeaders() });
      // From 24.21 on an entry names host and port as the request has them.
      const authority = ownSymbol(request, 'kAuthority');
      if (authority !== undefined) request[authority] = req[authority];
      // And one that goes to a proxy has the whole URL for its path.
      const absolute = ownSymbol(request, 'kProxyRewrittenToAbsolute');
      if (absolute !== undefined) request[absolute] = req[absolute];
      request.socket = NO_SOCKET;
      request._finish();
      return request;
    });
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
    quietly(CHANNELS, () => parser.onIncoming({
      statusCode: res.statusCode,
      statusMessage: res.statusMessage,
      headers: res.headers,
      upgrade: false,
      on() {},
      _dump() {},
      complete: true,
    }, false));
    shadow.on('error', ignore);
    shadow.destroy();
  },
};

function ignore() {}

module.exports = performance;
