'use strict';

/**
 * The performance entries of client requests (`perf_hooks`, entry type 'http', name 'HttpClient').
 *
 * No public function adds such an entry. A request of the built-in class adds one when its response begins, so while entries are
 * observed, a hidden built-in request accompanies each of ours.
 */

const { WeakMap } = require('../globals/primordials');
const { Duplex, channel } = require('../globals/at-load');
const { ClientRequest: Builtin } = require('../compat/builtin');
const { ownSymbol } = require('../compat/own-symbol');
const { quietly } = require('../compat/quiet');

/** Opens no connection. */
const NOWHERE = { createConnection() {} };
const NO_SOCKET = {};

/** What a request publishes until its response begins. The hidden one must not. */
const CHANNELS = ['request.created', 'request.start', 'response.finish'].map((name) => channel(`http.client.${name}`));

const shadows = new WeakMap();

const performance = {
  /** Starts the clock of a request. @param {ClientRequest} req completely written */
  begin(req) {
    const shadow = quietly(CHANNELS, () => {
      const request = new Builtin({ ...NOWHERE, host: req.host, method: req.method, path: req.path, headers: req.getHeaders() });
      // From 24.21 on, the entry has the request's host and port.
      const authority = ownSymbol(request, 'kAuthority');
      if (authority !== undefined) request[authority] = req[authority];
      // The path in the entry of a request to a proxy is the whole URL.
      const absolute = ownSymbol(request, 'kProxyRewrittenToAbsolute');
      if (absolute !== undefined) request[absolute] = req[absolute];
      request.socket = NO_SOCKET;
      request._finish();
      return request;
    });
    // onSocket() gives it a parser, whose onIncoming leads to the function that adds the entry.
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
