'use strict';

// Express replaces the prototype of a response by one that ends in the built-in classes: node's methods then work on
// our state.

const assert = require('node:assert');
const test = require('node:test');
const { PassThrough } = require('node:stream');
const builtin = require('../../lib/compat/builtin');
const { OutgoingMessage } = require('../../lib/message/outgoing');
const { kOutHeaders } = require('../../lib/compat/symbols');

function ownResponse() {
  function Response() {
    OutgoingMessage.call(this);
    this.req = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 };
    this._sent100 = false;
    this._expect_continue = false;
    this.sendDate = false;
  }
  Object.setPrototypeOf(Response.prototype, OutgoingMessage.prototype);
  return new Response();
}

function builtinResponse() {
  const response = new builtin.ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 });
  response.sendDate = false;
  return response;
}

const SCENARIOS = {
  'fields set before and after': (response, reparent) => {
    response.setHeader('X-Before', 'b');
    response.setHeader('Removed', 'r');
    reparent();
    response.setHeader('X-After', ['1', '2']);
    response.appendHeader('x-before', 'c');
    response.removeHeader('removed');
    assert.deepStrictEqual(response.getHeaderNames(), ['x-before', 'x-after']);
    assert.strictEqual(response.hasHeader('toString'), false);
    assert.deepStrictEqual({ ...response.getHeaders() }, { 'x-before': ['b', 'c'], 'x-after': ['1', '2'] });
    response.end('hello');
  },
  'a body in parts': (response, reparent) => {
    reparent();
    response.statusCode = 404;
    response.write('abc');
    response.write(Buffer.from('def'));
    response.end('g', () => {});
  },
  'corks': (response, reparent) => {
    response.cork();
    reparent();
    response.uncork();
    response.end();
  },
  'a head written by node': (response, reparent) => {
    response.setHeader('A', '1');
    reparent();
    response.writeHead(201, { B: '2' });
    assert.strictEqual(response.headersSent, true);
    assert.throws(() => response.setHeader('C', '3'), { code: 'ERR_HTTP_HEADERS_SENT' });
    response.end(Buffer.from('x'));
  },
};

async function run(response, scenario) {
  const socket = new PassThrough();
  const received = [];
  socket.on('data', (data) => received.push(data));
  const app = Object.create(builtin.ServerResponse.prototype, { greeting: { value: 'hi', enumerable: true } });
  const log = [];
  response.on('finish', () => log.push('finish'));
  scenario(response, () => Object.setPrototypeOf(response, app));
  response.assignSocket(socket);
  response._flush?.();
  await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    bytes: Buffer.concat(received).toString('latin1'), log, finished: response.writableFinished, greeting: response.greeting,
    table: Object.entries(response[kOutHeaders] || {}),
  };
}

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  test(`a re-parented response sends ${name} like a built-in one`, async () => {
    const expected = await run(builtinResponse(), scenario);
    assert.match(expected.bytes, /^HTTP\/1\.1 /);
    assert.deepStrictEqual(await run(ownResponse(), scenario), expected);
  });
}

test('a message has the own properties of a built-in one, in its order', () => {
  assert.deepStrictEqual(Reflect.ownKeys(new OutgoingMessage()), Reflect.ownKeys(new builtin.OutgoingMessage()));
});

test('the prototype lists what the built-in one lists, with the same kinds, names and lengths', () => {
  const describe = (Class) => Reflect.ownKeys(Class.prototype).filter((key) => key !== '_isLenientHeaderValidation').map((key) => {
    const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(Class.prototype, key);
    return [key, typeof value, value?.name, value?.length, get?.name, set?.name, flags];
  });
  assert.deepStrictEqual(describe(OutgoingMessage), describe(builtin.OutgoingMessage));
  assert.throws(() => OutgoingMessage.call(undefined), TypeError);
});
