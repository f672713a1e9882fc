'use strict';
// The performance entries of requests (`perf_hooks`, entry type 'http', name 'HttpRequest') and their trace events
// (category 'node.http').
//
// There is no public way to add either, nor to learn that the entries are observed. A response of the built-in class
// does it all: it carries a mark of its own while there is an observer, and it writes what is wanted when it begins and when it is
// finished. So a hidden one is looked at now and then, and, while they are observed, goes along with each of our responses.

const { WeakMap } = require('../globals/primordials');
const { channel } = require('node:diagnostics_channel');
const { ServerResponse: Builtin } = require('../compat/builtin');
const native = require('../native/addon');
const { quietly } = require('../compat/quiet');
const { ownSymbol } = require('../compat/own-symbol');

const MARK = 'ServerResponseStatistics';
const PROBE = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, url: '/', headers: {} };
// All that the built-in class wants to know of the socket is that there is one.
const NO_SOCKET = {};

// What a response publishes as it is made (Node 22).
const CHANNELS = [channel('http.server.response.created')];

const shadows = new WeakMap();
let looked = -1;

/** Null in a Node that was built without trace events. Looked for once: jest complains of a require() behind its tests, when connections close. */
let traceEvents;

function isTraced() {
  if (traceEvents === undefined) {
    try {
      traceEvents = require('node:trace_events');
    } catch {
      traceEvents = null;
    }
  }
  const categories = traceEvents?.getEnabledCategories();
  return categories !== undefined && /(?:^|,)node(?:\.http)?(?:,|$)/.test(categories);
}

const performance = {
  /** Whether entries are observed; a plain field, because it is read twice per request. */
  observed: false,

  /** Finds out whether entries are observed. Costs 1 to 2 us: for connections, and once per tick of the coarse clock (4 ms). */
  look() {
    const now = native.now();
    if (now === looked) return;
    looked = now;
    // In this order: a probe would be traced too.
    performance.observed = isTraced() || ownSymbol(quietly(CHANNELS, () => new Builtin(PROBE)), MARK) !== undefined;
  },

  /** Starts the clock of a request. @param {ServerResponse} response its answer */
  begin(response) {
    shadows.set(response, quietly(CHANNELS, () => new Builtin(response.req)));
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
