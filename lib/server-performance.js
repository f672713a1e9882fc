'use strict';
// The performance entries of requests (`perf_hooks`, entry type 'http', name 'HttpRequest').
//
// There is no public way to add such an entry, nor to learn that somebody observes them. A response of the built-in class
// does both: it carries a mark of its own while there is an observer, and it adds the entry when it is finished. So a hidden one
// is looked at now and then, and, while there is an observer, goes along with each of our responses.

const { ServerResponse: Builtin } = require('./builtin');
const { ownSymbol } = require('./symbols');

const MARK = 'ServerResponseStatistics';
const PROBE = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, url: '/', headers: {} };
// All that the built-in class wants to know of the socket is that there is one.
const NO_SOCKET = {};

const shadows = new WeakMap();

const performance = {
  /** Whether somebody observes; a plain field, because it is read twice per request. */
  observed: false,

  /** Finds out whether somebody observes. Costs a fraction of a microsecond: once per connection, not per request. */
  look() {
    performance.observed = ownSymbol(new Builtin(PROBE), MARK) !== undefined;
  },

  /** Starts the clock of a request. @param {ServerResponse} response its answer */
  begin(response) {
    shadows.set(response, new Builtin(response.req));
  },

  /** Adds the entry of a request. @param {ServerResponse} response with its status and its fields */
  end(response) {
    const shadow = shadows.get(response);
    if (shadow === undefined) return;
    shadows.delete(response);
    shadow.statusCode = response.statusCode;
    shadow.statusMessage = response.statusMessage;
    shadow.getHeaders = () => response.getHeaders();
    shadow.socket = NO_SOCKET;
    shadow._finish();
  },
};

module.exports = performance;
