'use strict';
// What later lines of Node have added to http: on a line that has it, each scenario leaves the same log with the
// built-in module and with ours.

const assert = require('node:assert/strict');
const diagnostics = require('node:diagnostics_channel');
const builtin = require('node:http');
const https = require('node:https');
const net = require('node:net');
const { once } = require('node:events');
const { test } = require('node:test');
const http = require('../..');
const lines = require('../../lib/compat/node-features');

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const steady = (text) => text.replace(/Date: [^\r]*/g, 'Date: D').replace(/:\d{4,5}\b/g, ':P');
const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
const UPGRADE = 'GET /up HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n';

/** Serves one raw input; returns everything that came back. */
async function exchange(server, input) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.on('error', () => {});
  let text = '';
  let heard = 0;
  socket.setEncoding('latin1').on('data', (piece) => {
    text += piece;
    heard = Date.now();
  });
  socket.write(input, 'latin1');
  // Everything that comes until it has been quiet for a while; longer if nothing has come yet.
  const closed = once(socket, 'close');
  for (let tries = 0; tries < 20 && (heard === 0 || Date.now() - heard < 150); tries++) {
    if (await Promise.race([closed, wait(50)]) !== undefined) break;
  }
  socket.destroy();
  await wait(20);
  server.close();
  server.closeAllConnections();
  return steady(text);
}

function attempt(log, name, run) {
  try {
    log.push(`${name}: ${String(run())}`);
  } catch (error) {
    log.push(`${name}: ${error.code} ${steady(error.message)}`);
  }
}

const SCENARIOS = [
  ['shouldUpgradeCallback', lines.asksBeforeUpgrade, async (module, log) => {
    for (const value of [1, 'x', null]) attempt(log, `${value}`, () => module.createServer({ shouldUpgradeCallback: value }));
    for (const [answer, heard] of [[true, true], [true, false], [false, true], [1, true]]) {
      const server = module.createServer({ shouldUpgradeCallback(req) {
        log.push(`asked for ${req.url} ${this === server}`);
        return answer;
      } }, (req, res) => res.end(`request ${req.upgrade}`));
      if (heard) server.on('upgrade', (req, socket, head) => socket.end(`upgraded ${req.upgrade} ${head.length}`));
      log.push(await exchange(server, UPGRADE));
    }
  }],
  ['keepAliveTimeoutBuffer', lines.keepsLonger, (module, log) => {
    for (const value of [0, 5, -1, 1.5, 'x', null, undefined]) {
      attempt(log, `${value}`, () => module.createServer({ keepAliveTimeoutBuffer: value }).keepAliveTimeoutBuffer);
    }
  }],
  ['optimizeEmptyRequests', lines.kOptimizeEmpty !== undefined, async (module, log) => {
    attempt(log, 'a number', () => module.createServer({ optimizeEmptyRequests: 1 }));
    for (const input of [GET, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab']) {
      const server = module.createServer({ optimizeEmptyRequests: true }, (req, res) => {
        log.push([req.readableEnded, req.readable, req.destroyed, req.closed, req._dumped, req._consuming].join());
        for (const event of ['data', 'end', 'close']) req.on(event, () => log.push(event));
        setTimeout(() => res.end(), 10);
      });
      await exchange(server, input);
    }
  }],
  ['httpValidation', lines.choosesValidation, async (module, log) => {
    for (const value of ['strict', 'relaxed', 'insecure', 'x', null]) attempt(log, `${value}`, () => module.createServer({ httpValidation: value }).httpValidation);
    attempt(log, 'both', () => module.createServer({ httpValidation: 'strict', insecureHTTPParser: false }));
    for (const options of [{}, { httpValidation: 'strict' }, { httpValidation: 'relaxed' }, { httpValidation: 'insecure' }, { insecureHTTPParser: true }]) {
      const server = module.createServer(options, (req, res) => {
        log.push(JSON.stringify(req.headers.x), res._isLenientHeaderValidation());
        for (const char of ['\x01', '\x7f', '\0', '\r', '\n', '\u0100']) attempt(log, JSON.stringify(char), () => res.setHeader('a', `x${char}`) === res);
        attempt(log, 'append', () => res.appendHeader('b', '\x02') === res);
        attempt(log, 'trailers', () => res.addTrailers({ t: '\x03' }));
        attempt(log, 'early', () => res.writeEarlyHints({ 'link': '</a>; rel=x', 't': '\x04' }));
        attempt(log, 'reason', () => res.writeHead(200, 'm\x05'));
        res.statusMessage = undefined;
        attempt(log, 'head', () => res.writeHead(200, { z: '\x06' }) === res);
        res.end();
      });
      log.push(await exchange(server, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n'));
      log.push(await exchange(module.createServer(options, (req, res) => res.end(req.headers.x)), 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n'));
    }
    for (const name of ['relaxed', 'x', 1]) {
      attempt(log, `request ${name}`, () => {
        const req = module.request({ httpValidation: name, createConnection() {}, headers: { a: '\x01' } });
        return req.httpValidation;
      });
    }
  }],
  ['writeInformation()', lines.writesInformation, async (module, log) => {
    const server = module.createServer((req, res) => {
      for (const code of [99, 100, 101, 103, 110, 199, 200, '103', 100.5, undefined]) attempt(log, `${code}`, () => res.writeInformation(code));
      for (const headers of [{ a: 'b', c: ['d', 'e'] }, ['a', 'b'], [['a', 'b']], ['a'], { 'a b': 'c' }, { a: 'b\r\n' }, { a: undefined }, null, 5, 'x']) {
        attempt(log, JSON.stringify(headers), () => res.writeInformation(103, headers));
      }
      attempt(log, 'callback', () => res.writeInformation(104, {}, () => log.push('written')));
      res.writeHead(200);
      for (const method of ['writeInformation', 'writeContinue', 'writeProcessing']) attempt(log, method, () => res[method](103));
      attempt(log, 'early', () => res.writeEarlyHints({ link: '</a>; rel=x' }));
      res.end('ok');
    });
    log.push(await exchange(server, GET));
  }],
  ['request.signal', lines.hasSignal, async (module, log) => {
    const handlers = {
      answered: (req, res) => res.end('ok'),
      destroyed: (req) => req.destroy(),
      held: () => {},
      late: (req, res) => {
        res.end();
        setTimeout(() => log.push(`late ${req.signal.aborted}`), 10);
      },
    };
    for (const [name, handler] of Object.entries(handlers)) {
      const server = module.createServer((req, res) => {
        if (name !== 'late') req.signal.onabort = () => log.push(`${name}: ${req.signal.reason}`);
        req.on('aborted', () => log.push('aborted'));
        log.push(req.signal === req.signal);
        handler(req, res);
      });
      log.push(await exchange(server, GET));
    }
    const message = new module.IncomingMessage();
    message.destroy();
    log.push(`bare ${message.signal.aborted}`);
  }],
  ['http.server.response.created', lines.publishesCreation, async (module, log) => {
    const hear = ({ request, response }) => log.push(`created ${request.url} ${response.req === request}`);
    diagnostics.channel('http.server.response.created').subscribe(hear);
    log.push(await exchange(module.createServer((req, res) => res.end('x')), GET));
    diagnostics.channel('http.server.response.created').unsubscribe(hear);
  }],
  ['setDefaultHeaders', lines.leavesHeadersAlone(), (module, log) => {
    for (const options of [{}, { setHost: true }, { auth: 'a:b' }, { headers: ['a', 'b'] }, { headers: { 'transfer-encoding': 'chunked' } }]) {
      for (const setDefaultHeaders of [true, false, undefined]) {
        const req = module.request({ ...options, method: 'POST', setDefaultHeaders, agent: new module.Agent(), createConnection() {}, port: 5000 });
        req.on('error', () => {});
        req.end('x');
        log.push(steady(req._header), req.chunkedEncoding, req._last);
        req.destroy();
      }
    }
  }],
  ['the accessor path of requests', lines.checksPath, (module, log) => {
    const req = module.request({ path: '/a', createConnection() {} });
    req.path = '/b';
    log.push(req.path);
    attempt(log, 'a blank', () => { req.path = '/ c'; });
    log.push(req.path);
  }],
  ['the option highWaterMark of requests', lines.requestMark(), (module, log) => {
    for (const highWaterMark of [1, 0, null, undefined]) log.push(module.request({ highWaterMark, createConnection() {} }).writableHighWaterMark);
  }],
  ['writes while corked', lines.kChunkedBuffer !== undefined, async (module, log) => {
    const server = module.createServer((req, res) => {
      res.flushHeaders();
      res.cork();
      log.push(res.write('a'), res.write(Buffer.from('b')), res.write('\u00e9', 'latin1', () => log.push('written')), res.writableLength);
      res.uncork();
      log.push(res.writableLength);
      setTimeout(() => res.end('end'), 5);
    });
    log.push(await exchange(server, GET));
  }],
  ['callbacks of end()', lines.kWritableFinished !== undefined, async (module, log) => {
    for (const error of [undefined, new Error('why')]) {
      const server = module.createServer((req, res) => {
        res.on('finish', () => log.push('finish'));
        res.end('x', (failure) => log.push(`end ${failure} ${res.writableFinished}`));
        log.push(res.writableFinished);
        if (error) res.destroy(error);
      });
      await exchange(server, GET);
    }
  }],
  ['proxyEnv', lines.kProxyConfig !== undefined, async (module, log) => {
    const proxy = net.createServer((socket) => socket.on('error', () => {}).on('data', (data) => {
      log.push(steady(`${data}`));
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    })).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const url = `http://user:word@127.0.0.1:${proxy.address().port}`;
    for (const [env, options] of [
      [{ HTTP_PROXY: url }, { host: 'example.test', path: '/a?b' }],
      [{ http_proxy: url, HTTP_PROXY: 'http://127.0.0.1:1' }, { host: 'example.test', port: 8080, method: 'OPTIONS', path: '/x' }],
      [{ HTTP_PROXY: url, NO_PROXY: 'example.test,*.127.0.0.1,127.0.0.1' }, { host: '127.0.0.1', port: proxy.address().port, path: '/direct' }],
      [{ HTTPS_PROXY: url }, { host: '127.0.0.1', port: proxy.address().port, path: '/other' }],
    ]) {
      const agent = new module.Agent({ proxyEnv: env });
      const req = module.request({ ...options, agent });
      log.push(steady(req.path));
      req.end();
      const [res] = await once(req, 'response');
      res.resume();
      await once(res, 'end');
      log.push(res.statusCode, steady(Object.keys(agent.sockets).join()));
      agent.destroy();
    }
    proxy.close();
  }],
  ['the time of a tunnel through a proxy', lines.kProxyConfig !== undefined, async (module, log) => {
    const { Agent, request } = module === http ? require('../../lib/https') : https;
    const proxy = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    for (const [ofAgent, ofRequest, listener] of [
      [{}, { timeout: 50 }], [{ timeout: 50 }, {}], [{}, { timeout: 50 }, (req) => req.destroy(new Error('mine'))],
    ]) {
      const agent = new Agent({ proxyEnv: { https_proxy: `http://127.0.0.1:${proxy.address().port}` }, ...ofAgent });
      const req = request({ host: 'example.test', agent, ...ofRequest });
      req.on('timeout', () => {
        log.push('timeout', req.destroyed);
        listener?.(req);
        process.nextTick(() => log.push('next tick'));
      });
      req.on('error', (error) => log.push(error.code, error.message));
      req.end();
      await new Promise((resolve) => req.on('close', resolve));
      log.push(req.destroyed, Object.keys(agent.sockets).length, Object.keys(agent.requests).length);
    }
    proxy.close();
  }],
  ['setGlobalProxyFromEnv()', builtin.setGlobalProxyFromEnv !== undefined, (module, log) => {
    for (const value of [1, 'x', null]) attempt(log, `${value}`, () => module.setGlobalProxyFromEnv(value));
    const before = module.globalAgent;
    for (const env of [{}, { HTTP_PROXY: 'http://127.0.0.1:1' }, { HTTPS_PROXY: 'http://127.0.0.1:1' }]) {
      const restore = module.setGlobalProxyFromEnv(env);
      log.push(module.globalAgent === before, Boolean(module.globalAgent.options.proxyEnv), module.globalAgent instanceof module.Agent);
      restore();
      log.push(module.globalAgent === before);
    }
  }],
];

for (const [name, has, scenario] of SCENARIOS) {
  test(`${name} as the built-in has it`, { skip: !has && 'this line has none of it' }, async () => {
    const logs = [];
    for (const module of [builtin, http]) {
      const log = [];
      await scenario(module, log);
      logs.push(log);
    }
    assert.ok(logs[0].length > 0);
    assert.deepEqual(logs[1], logs[0]);
  });
}

test('ours has nothing that the running line lacks', () => {
  assert.deepEqual(Object.keys(http).sort(), Object.keys(builtin).sort());
  for (const name of ['Agent', 'ClientRequest', 'IncomingMessage', 'OutgoingMessage', 'Server', 'ServerResponse']) {
    const ours = Reflect.ownKeys(http[name].prototype).map(String).filter((key) => !['drain', 'listen', 'removeResponse', 'respond', 'stats', 'transport'].includes(key));
    assert.deepEqual(ours, Reflect.ownKeys(builtin[name].prototype).map(String), name);
  }
});
