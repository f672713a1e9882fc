'use strict';
// The performance entries of requests (`perf_hooks`, entry type 'http', name 'HttpRequest') and their trace events (category 'node.http').
//
// No public function adds either, or tells whether entries are observed. A response of the built-in class does all of it: while
// there is an observer it carries a mark, and it adds the entry and the trace events when it begins and finishes. So a hidden
// built-in response is made now and then to look for the mark, and while entries are observed, one accompanies each of our
// responses.

const { WeakMap } = require('../globals/primordials');
const { channel } = require('node:diagnostics_channel');
const { ServerResponse: Builtin } = require('../compat/builtin');
const native = require('../native/addon');
const { quietly } = require('../compat/quiet');
const { ownSymbol } = require('../compat/own-symbol');

const MARK = 'ServerResponseStatistics';
const PROBE = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, url: '/', headers: {} };
// The built-in class only checks that there is a socket.
const NO_SOCKET = {};

// What a response publishes when it is made (Node 22). The hidden one must not.
const CHANNELS = [channel('http.server.response.created')];

const shadows = new WeakMap();
let looked = -1;

/** Null if Node was built without trace events. Required once: jest rejects a require() after its tests, when connections close. */
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

  /** Finds out whether entries are observed: once per tick of the coarse clock (4 ms), as it costs 1 to 2 us. */
  look() {
    if (native.now() !== looked) performance.lookNow();
  },

  /** The same at once: a program may have begun to observe within this tick. */
  lookNow() {
    looked = native.now();
    // isTraced() first: a probe would be traced, too.
    performance.observed = isTraced() || ownSymbol(quietly(CHANNELS, () => new Builtin(PROBE)), MARK) !== undefined;
  },

  /** Starts the clock of a request. @param {ServerResponse} response to it */
  begin(response) {
    shadows.set(response, quietly(CHANNELS, () => new Builtin(response.req)));
  },

  /** Adds the entry of a request. @param {ServerResponse} response with its status and fields */
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
