'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { everyArm, raw, request, sameInAll, skip } = require('./arms');

const post = (body, fields) => request('POST', '/', { 'Content-Type': 'application/json', ...fields }, JSON.stringify(body));
const get = (query, fields) => request('GET', `/?query=${encodeURIComponent(query)}`, fields);
const REQUESTS = {
  query: post({ query: '{ books { title year } agent }' }, { 'User-Agent': 'test' }),
  variables: post({ query: 'query Q($before: Int) { books(before: $before) { title } }', variables: { before: 1900 } }),
  got: get('{ books { year } }', { 'Apollo-Require-Preflight': 'true' }),
  refusedWithoutPreflight: get('{ books { year } }'),
  mutation: post({ query: 'mutation { add(title: "Ü", year: 2000) }' }),
  mutationByGet: get('mutation { add(title: "no") }', { 'Apollo-Require-Preflight': 'true' }),
  error: post({ query: '{ fails books { title } }' }),
  invalid: post({ query: '{ nothing }' }),
  batch: post([{ query: '{ agent }' }, { query: '{ books { title } }' }], { 'User-Agent': 'batch' }),
  broken: request('POST', '/', { 'Content-Type': 'application/json' }, '{"query":'),
  long: post({ query: `{ books { title } } ${'#'.repeat(200000)}` }),
  preflight: request('OPTIONS', '/', { 'Origin': 'http://other.test', 'Access-Control-Request-Method': 'POST' }),
  page: request('GET', '/', { Accept: 'text/html' }),
  event: request('PUT', '/'),
};

test('Apollo: queries, mutations, errors, batches, its page and the end by a signal', { skip }, async (t) => {
  const found = await sameInAll(t, everyArm, async (start) => {
    const app = start([path.join(__dirname, 'programs/apollo.js')]);
    const port = await app.port();
    const answers = {};
    for (const [name, text] of Object.entries(REQUESTS)) answers[name] = await raw(port, text, [[/\bnonce([-=]"?)[0-9a-f]{64}/g, 'nonce$1once']]);
    return { ...answers, exit: await app.end('SIGTERM') };
  });
  assert.match(found.query, /\{"data":\{"books":\[\{"title":"The Awakening","year":1899\},.*"agent":"test"\}\}/);
  assert.match(found.mutation, /\{"data":\{"add":3\}\}/);
  assert.match(found.refusedWithoutPreflight, /^HTTP\/1\.1 400 /);
  assert.match(found.error, /on purpose/);
  assert.match(found.page, /<!DOCTYPE html>/i);
});
