'use strict';
// Every member and option in the documents exists on a live object and does what they say. The exercises are in
// members-*.js and options.js, under the heading that the documents give the member.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { members, options } = require('../fixtures/members.json');
const { ask, builtin, http, serve } = require('./helpers');

const exercises = {
  http: require('./members-http'),
  Agent: require('./members-agent'),
  ClientRequest: require('./members-client-request'),
  Server: require('./members-server'),
  ServerResponse: require('./members-server-response'),
  IncomingMessage: require('./members-incoming-message'),
  OutgoingMessage: require('./members-outgoing-message'),
};
const optionExercises = require('./options');

// Members that the documents give only to objects of one side.
const sideOf = { statusCode: 'response', statusMessage: 'response', method: 'request', url: 'request' };

/** The objects of a live exchange by class; for IncomingMessage and OutgoingMessage those of both sides. */
let live;
test.before(() => serve(async (req, res) => {
  req.resume();
  res.end(() => {});
  live = { request: req, ServerResponse: [res] };
}, async (port, server) => {
  const agent = new http.Agent();
  const { req, res } = await ask(port, { agent });
  Object.assign(live, {
    http: [http], Agent: [agent], ClientRequest: [req], Server: [server], response: res,
    IncomingMessage: [live.request, res], OutgoingMessage: [live.ServerResponse[0], req],
  });
}));

function assertExists({ on, member, kind }) {
  const objects = on === 'IncomingMessage' && sideOf[member] ? [live[sideOf[member]]] : live[on];
  for (const object of objects) {
    if (kind === 'event') assert.equal(typeof object.on, 'function');
    else assert.ok(member in object, `${member} in ${on}`);
    if (kind === 'method' || kind === 'class' || kind === 'constructor') assert.equal(typeof object[member], 'function', `${on}.${member}`);
  }
}

test('the fixture names 155 members and 36 options, and each has one exercise', () => {
  assert.equal(members.length, 155);
  assert.equal(Object.values(options).flat().length, 36);
  const headings = (on) => members.filter((entry) => entry.on === on).map(({ doc }) => doc).sort();
  for (const on of new Set([...members.map((entry) => entry.on), ...Object.keys(exercises)])) {
    assert.deepEqual(Object.keys(exercises[on] ?? {}).sort(), headings(on), on);
  }
  for (const on of new Set([...Object.keys(options), ...Object.keys(optionExercises)])) {
    assert.deepEqual(Object.keys(optionExercises[on] ?? {}).sort(), [...(options[on] ?? [])].sort(), `options of ${on}`);
  }
});

for (const entry of members) {
  test(`${entry.on}: ${entry.doc}`, { skip: builtin && entry.member === 'createClient' }, async () => {
    assertExists(entry);
    await exercises[entry.on][entry.doc]();
  });
}

for (const [on, names] of Object.entries(options)) {
  for (const name of names) test(`option ${name} of ${on}`, () => optionExercises[on][name]());
}
