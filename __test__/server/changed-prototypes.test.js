'use strict';
// Programs that give each request and response another prototype, as Express does: after some requests the server makes
// its messages for that, and no program can tell. Each scenario also runs on the built-in, for many requests.

const assert = require('node:assert/strict');
const { createHook } = require('node:async_hooks');
const diagnostics = require('node:diagnostics_channel');
const { once } = require('node:events');
const nodeHttp = require('node:http');
const nodeHttps = require('node:https');
const { describe, it } = require('node:test');
const { inspect, types } = require('node:util');
const v8 = require('node:v8');
const ours = require('../..');
const { cert, key } = require('../client/certificate');
const oursHttps = require('../../lib/https');

const REQUESTS = 20;
const BODY = '{"a":1}';

/** An application as Express makes one: a function with prototypes for requests and responses. */
function application(http, name, handle) {
  const app = (req, res) => {
    Object.setPrototypeOf(req, app.request);
    Object.setPrototypeOf(res, app.response);
    req.next = nothing;
    req.res = res;
    res.req = req;
    req.baseUrl = '';
    res.locals = Object.create(null);
    handle(req, res);
  };
  app.request = Object.create(http.IncomingMessage.prototype, { app: { value: name, writable: true, configurable: true, enumerable: true } });
  app.response = Object.create(http.ServerResponse.prototype, { app: { value: name, writable: true, configurable: true, enumerable: true } });
  return app;
}

function nothing() {}

const chain = (object) => {
  const names = [];
  for (let p = Object.getPrototypeOf(object); p !== null; p = Object.getPrototypeOf(p)) names.push(Object.hasOwn(p, 'app') ? p.app : p.constructor.name);
  return names;
};
// The state of a connection is node's; ours is found through the socket.
const keys = (object) => Reflect.ownKeys(object).map(String).filter((name) => name !== 'Symbol(ConnectionState)');

/** Everything that distinguishes two messages, except their values. */
function looks(http, object, name) {
  return {
    chain: chain(object), keys: keys(object), constructor: object.constructor === http[name], is: object instanceof http[name], tag: Object.prototype.toString.call(object),
    shown: inspect(object, { depth: 0 }).split('\n')[0], types: Object.keys(types).filter((key) => types[key](object)), extensible: Object.isExtensible(object),
    enumerable: Object.keys(object),
    odd: Reflect.ownKeys(object).filter((key) => {
      const { writable, configurable } = Object.getOwnPropertyDescriptor(object, key);
      return !writable || !configurable;
    }).map(String),
  };
}

async function ask(http, server, { agent, path: target = '/', post = true, headers = {} }) {
  const req = http.request({
    port: server.address().port, host: '127.0.0.1', agent, path: target, method: post ? 'POST' : 'GET', rejectUnauthorized: false, headers: { 'Content-Type': 'application/json', ...headers },
  });
  req.end(post ? BODY : undefined);
  const [res] = await once(req, 'response');
  let text = '';
  for await (const piece of res.setEncoding('utf8')) text += piece;
  return `${res.statusCode} ${text}`;
}

/** Sends requests to a server again and again on kept connections; returns the answers. */
async function askAll(http, server, options = {}) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
  const answers = [];
  for (let n = 0; n < REQUESTS; n++) answers.push(await ask(http, server, { agent, ...(typeof options === 'function' ? options(n) : options) }));
  agent.destroy();
  server.close();
  await once(server, 'close');
  return answers;
}

async function sameAsBuiltin(scenario) {
  const theirs = await scenario({ http: nodeHttp, https: nodeHttps });
  assert.deepEqual(await scenario({ http: ours, https: oursHttps }), theirs);
}

function echo(req, res) {
  let text = '';
  req.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  req.on('end', () => {
    res.setHeader('Content-Type', 'application/json');
    res.end(`${req.app} ${res.app} ${req.headers['content-type']} ${text}`);
  });
}

describe('messages whose prototypes a program changes', () => {
  it('look like any other, before and after the change', () => sameAsBuiltin(async ({ http }) => {
    const seen = [];
    const app = application(http, 'one', (req, res) => {
      seen.push(looks(http, req, 'IncomingMessage'), looks(http, res, 'ServerResponse'));
      res.on('close', () => seen.push(keys(req), keys(res), req.readableEnded, res.writableFinished));
      echo(req, res);
    });
    const server = http.createServer((req, res) => {
      seen.push(looks(http, req, 'IncomingMessage'), looks(http, res, 'ServerResponse'), 'app' in req, res.socket === req.socket);
      app(req, res);
    });
    return [await askAll(http, server), seen];
  }));

  it('have node\'s prototypes when they are first seen: by other listeners, channels, hooks and events', () => sameAsBuiltin(async ({ http }) => {
    const seen = [];
    const note = (where, ...messages) => seen.push([where, ...messages.map(chain)]);
    const onStart = ({ request, response }) => note('start', request, response);
    diagnostics.subscribe('http.server.request.start', onStart);
    const hook = createHook({ before() {} }).enable();
    const app = application(http, 'one', echo);
    const server = http.createServer();
    server.on('request', (req, res) => note('earlier', req, res));
    server.on('request', app);
    server.on('request', (req, res) => note('later', req, res));
    server.on('checkContinue', (req, res) => {
      note('checkContinue', req, res);
      res.writeContinue();
      app(req, res);
    });
    server.on('checkExpectation', (req, res) => {
      note('checkExpectation', req, res);
      res.end('expected');
    });
    const answers = await askAll(http, server, (n) => (n % 5 === 4 ? { headers: { Expect: n % 2 === 0 ? '100-continue' : 'more' } } : {}));
    hook.disable();
    diagnostics.unsubscribe('http.server.request.start', onStart);
    return [answers, seen];
  }));

  it('serve several applications on one server, nested and alternating', () => sameAsBuiltin(async ({ http }) => {
    const seen = [];
    const inner = application(http, 'inner', nothing);
    const outer = application(http, 'outer', (req, res) => {
      if (req.url !== '/mounted') return echo(req, res);
      const before = [Object.getPrototypeOf(req), Object.getPrototypeOf(res)];
      inner(req, res);
      seen.push(chain(req));
      Object.setPrototypeOf(req, before[0]);
      Object.setPrototypeOf(res, before[1]);
      return echo(req, res);
    });
    const second = application(http, 'second', echo);
    let current = outer;
    const server = http.createServer((req, res) => {
      if (req.url === '/bare') return echo(req, res);
      return req.url === '/second' ? second(req, res) : current(req, res);
    });
    const paths = ['/', '/second', '/mounted', '/', '/bare'];
    return [await askAll(http, server, (n) => {
      if (n === 15) current = application(http, 'exchanged', echo);
      return { path: n < 10 ? '/' : paths[n % paths.length] };
    }), seen];
  }));

  it('have the classes given to the server', () => sameAsBuiltin(async ({ http }) => {
    class Request extends http.IncomingMessage {
      constructor(socket) {
        super(socket);
        this.mine = new.target.name;
      }
    }
    class Response extends http.ServerResponse {}
    const seen = [];
    const app = application(http, 'one', echo);
    const server = http.createServer({ IncomingMessage: Request, ServerResponse: Response }, (req, res) => {
      seen.push(chain(req), chain(res), req.mine, keys(req));
      app(req, res);
    });
    return [await askAll(http, server), seen];
  }));

  it('can be handled by hand, next to those of the server', () => sameAsBuiltin(async ({ http }) => {
    const app = application(http, 'one', (req, res) => res.end(`${req.app} ${req.url}`));
    const server = http.createServer((req, res) => {
      const byHand = new http.IncomingMessage(null);
      byHand.url = '/by-hand';
      const answer = new http.ServerResponse(byHand);
      let ended = '';
      answer.end = (text) => {
        ended = text;
      };
      app(byHand, answer);
      Object.setPrototypeOf(req, app.request);
      Object.setPrototypeOf(res, app.response);
      req.resume();
      res.end(`${ended}, ${chain(byHand)}, ${chain(answer)}`);
    });
    return askAll(http, server);
  }));

  it('behave the same if a prototype replaces methods', () => sameAsBuiltin(async ({ http }) => {
    const calls = [];
    const app = application(http, 'one', echo);
    for (const [prototype, names] of [[app.request, ['_addHeaderLine', '_addHeaderLines', '_dump', 'emit', 'on', 'push']], [app.response, ['assignSocket', 'detachSocket', 'emit', 'setHeader', 'writeHead', '_finish']]]) {
      for (const name of names) {
        prototype[name] = function(...args) {
          calls.push([name, typeof args[0] === 'string' ? args[0] : typeof args[0]]);
          return Object.getPrototypeOf(prototype)[name].apply(this, args);
        };
      }
    }
    Object.defineProperty(app.request, 'url', { set() { throw new Error('set'); }, get: () => 'wrong', configurable: true });
    Object.defineProperty(app.response, 'finished', { value: 'wrong', configurable: true });
    return [await askAll(http, http.createServer(app)), calls];
  }));

  it('work over TLS', () => sameAsBuiltin(async ({ http, https }) => {
    const seen = [];
    const app = application(http, 'one', (req, res) => {
      seen.push(looks(http, req, 'IncomingMessage'), looks(http, res, 'ServerResponse'), req.socket.encrypted);
      echo(req, res);
    });
    return [await askAll(https, https.createServer({ key, cert }, app)), seen];
  }));

  it('cannot be cloned', async () => {
    const seen = [];
    const app = application(ours, 'one', (req, res) => {
      for (const object of [req, res]) {
        assert.throws(() => structuredClone(object), { name: 'DataCloneError' });
        assert.throws(() => v8.serialize(object), /could not be cloned/);
      }
      seen.push(req);
      echo(req, res);
    });
    const answers = await askAll(ours, ours.createServer(app));
    assert.equal(new Set(answers).size, 1);
    assert.equal(seen.length, REQUESTS);
  });

  it('share their hidden classes', async () => {
    v8.setFlagsFromString('--allow-natives-syntax');
    const haveSameMap = new Function('a', 'b', 'return %HaveSameMap(a, b)');
    const served = [];
    const app = application(ours, 'one', (req, res) => {
      served.push([req, res]);
      echo(req, res);
    });
    await askAll(ours, ours.createServer(app));
    const [before, last] = served.slice(-2);
    assert.ok(haveSameMap(before[0], last[0]), 'requests');
    assert.ok(haveSameMap(before[1], last[1]), 'responses');
  });
});
