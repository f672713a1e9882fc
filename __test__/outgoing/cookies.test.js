'use strict';

const assert = require('node:assert');
const builtin = require('node:http');
const { test } = require('node:test');
const ours = require('../..');

const LISTS = {
  'an empty list of cookies': [['set-cookie', []], ['x', '1']],
  'cookies before another field': [['set-cookie', 'a'], ['x', '1']],
  'cookies under names of other case': [['set-cookie', ['a']], ['Set-Cookie', ['b']]],
};

function fieldsOf(http, list) {
  const message = new http.OutgoingMessage();
  message.setHeaders(new Map(list));
  return [message.getHeaderNames(), message.getHeaders()];
}

// 18.12 has no such method, so ours has none either.
for (const [name, list] of Object.entries(LISTS)) {
  test(`setHeaders() with ${name} sets what the built-in sets`, { skip: !builtin.OutgoingMessage.prototype.setHeaders && 'there is no setHeaders() in this release' }, () => {
    assert.deepStrictEqual(fieldsOf(ours, list), fieldsOf(builtin, list));
  });
}
