'use strict';

const assert = require('node:assert');
const http = require('node:http');
const { describe, it } = require('node:test');
const ours = require('../..');
const { HANDLERS, INPUTS, logOf } = require('./events-scenarios');

describe('events come in the order of the built-in', { concurrency: 8 }, () => {
  for (const [does, handler] of Object.entries(HANDLERS)) {
    for (const [request, input] of Object.entries(INPUTS)) {
      for (const silent of [false, true]) {
        const who = silent ? 'nobody listens to the request' : 'everybody listens';
        it(`when a handler ${does}, for ${request}, and ${who}`, async () => {
          const expected = await logOf(http.createServer, handler, input, { silent });
          assert.deepStrictEqual(await logOf(ours.createServer, handler, input, { silent }), expected);
        });
      }
    }
  }
});
