'use strict';

// Random server programs: handlers, listeners of the server, and peers that send raw bytes.

const { Draw, bodyArguments, chunk, error, field, fields, WHEN } = require('./draw');

const EVENTS = {
  req: [[6, 'data'], [6, 'end'], [6, 'close'], [4, 'error'], [4, 'aborted'], [3, 'readable'], [1, 'pause'], [1, 'resume']],
  res: [[6, 'finish'], [6, 'close'], [4, 'error'], [4, 'drain'], [3, 'prefinish'], [1, 'pipe'], [1, 'unpipe'], [1, 'timeout']],
  sock: [[4, 'close'], [3, 'error'], [3, 'end'], [2, 'data'], [2, 'drain'], [1, 'timeout'], [1, 'finish'], [1, 'pause'], [1, 'resume']],
};
// A time in milliseconds that passes while the program waits for it, and not before.
const SHORT = 100;
const WAIT = 180;

const target = (draw) => draw.weighted([[4, 'req'], [4, 'res'], [1, 'sock']]);

function listen(draw, depth) {
  const name = target(draw);
  return ['on', name, draw.weighted(EVENTS[name]), draw.of(['on', 'on', 'on', 'once', 'prepend']), depth > 0 && draw.chance(40) ? steps(draw, depth - 1) : []];
}

const inner = (depth) => (draw) => (depth > 0 ? steps(draw, depth - 1) : []);

const STEP = (depth) => [
  [16, (draw) => listen(draw, depth)],
  [10, (draw) => ['res.write', ...bodyArguments(draw, inner(depth), 0)]],
  [14, (draw) => ['res.end', ...bodyArguments(draw, inner(depth), 40)]],
  [3, (draw) => ['res.writeHead', draw.weighted([[8, 200], [1, 204], [1, 304], [1, 404], [1, 99], [1, 101]]), ...(draw.chance(20) ? ['Fine'] : []), ...(draw.chance(60) ? [fields(draw)] : [])]],
  [4, (draw) => ['res.setHeader', ...field(draw)]],
  [1, (draw) => ['res.appendHeader', ...field(draw)]],
  [1, (draw) => ['res.removeHeader', field(draw)[0]]],
  [1, (draw) => [draw.of(['res.getHeader', 'res.hasHeader']), field(draw)[0]]],
  [1, (draw) => [draw.of(['res.getHeaders', 'res.getHeaderNames', 'res.getRawHeaderNames'])]],
  [3, ['res.flushHeaders']],
  [1, (draw) => [draw.of(['res.writeContinue', 'res.writeProcessing'])]],
  [1, ['res.writeEarlyHints', { link: '</a.css>; rel=preload' }]],
  [1, (draw) => ['res.addTrailers', { 'X-T': draw.of(['1', 'a\r\nb']) }]],
  [3, (draw) => [draw.of(['res.cork', 'res.uncork'])]],
  [3, (draw) => [draw.of(['req.pause', 'req.resume'])]],
  [2, (draw) => ['req.read', ...(draw.chance(50) ? [draw.of([0, 1, 5, 100])] : [])]],
  [1, (draw) => ['req.setEncoding', draw.of(['utf8', 'latin1', 'hex', 'base64'])]],
  [1, (draw) => ['req.unshift', chunk(draw, 100)]],
  [5, (draw) => ['pipe-in', draw.of(['pipe', 'pipeline', 'echo', 'iterate', 'iterate-break'])]],
  [3, (draw) => ['pipe-out', draw.of(['pipe', 'pipeline', 'late', 'failing']), draw.of([0, 1, 3, 10]), draw.of([1, 1000, 20000])]],
  [3, (draw) => ['finished', draw.of(['req', 'res'])]],
  [4, (draw) => [`${target(draw)}.destroy`, ...error(draw)]],
  [1, (draw) => ['throw', draw.of(['oops', 'again'])]],
  [1, ['reject', 'oops']],
  [depth > 0 ? 14 : 0, (draw) => ['later', draw.of(WHEN), steps(draw, depth - 1)]],
  [8, (draw) => ['look', target(draw)]],
  [1, (draw) => [`sock.${draw.of(['pause', 'resume', 'ref', 'unref', 'setNoDelay', 'setKeepAlive', 'cork', 'uncork', 'end', 'destroySoon'])}`]],
  [1, (draw) => ['sock.write', chunk(draw, 1000)]],
  [1, (draw) => ['wrap', 'sock', draw.of(['write', 'end', 'destroy', 'pause', 'resume', 'setTimeout', 'cork', 'uncork'])]],
  [1, (draw) => ['wrap', draw.of(['res', 'req']), draw.of(['write', 'end', 'destroy', 'emit', 'pause', 'resume', 'read', 'writeHead', 'setHeader'])]],
  [1, (draw) => ['set', 'res', ...draw.of([['statusCode', 404], ['statusCode', 204], ['statusMessage', 'Fine'], ['sendDate', false], ['shouldKeepAlive', false], ['strictContentLength', true], ['statusCode', 1000]])]],
  [1, (draw) => [`${target(draw)}.setTimeout`, draw.of([0, 100000])]],
  [1, (draw) => [`${target(draw)}.removeAllListeners`, ...(draw.chance(70) ? [draw.of(['data', 'end', 'close', 'error', 'finish'])] : [])]],
  [1, (draw) => [draw.of(['server.closeIdleConnections', 'server.close', 'server.closeAllConnections'])]],
  [1, ['server.getConnections', { callback: [] }]],
  [1, (draw) => draw.of([['res.detachSocket', { object: 'sock' }], ['res.assignSocket', { object: 'sock' }], ['look', 'server']])],
  [1, (draw) => [`${target(draw)}.setTimeout`, SHORT, ...(draw.chance(60) ? [{ callback: inner(depth)(draw) }] : [])]],
  [1, (draw) => ['off', ...draw.of([['req', 'data'], ['req', 'end'], ['res', 'finish'], ['res', 'close']])]],
];
const STEPS = [STEP(0), STEP(1), STEP(2)];

function steps(draw, depth) { return draw.some(1, depth === 2 ? 6 : 3, () => draw.weighted(STEPS[depth])); }

// Most handlers answer in the end; few programs have none that does.
function handler(draw) {
  const list = [...draw.some(0, 4, () => listen(draw, 2)), ...steps(draw, 2)];
  if (draw.chance(75)) {
    const end = ['res.end', ...bodyArguments(draw, inner(1), 40)];
    list.push(draw.chance(35) ? ['later', draw.of(WHEN), [end]] : end);
  }
  return list;
}

const BAD = ['GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n', 'nonsense\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'GET / HTTP/9.9\r\nHost: a\r\n\r\n', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20000)}\r\n\r\n`, '\r\n', '\x16\x03\x01'];

function chunked(draw, body) {
  const cut = draw.below(body.length + 1);
  const parts = [body.slice(0, cut), body.slice(cut)].filter((part) => part.length > 0);
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n${draw.chance(20) ? 'X-Trailer: t\r\n' : ''}\r\n`;
}

/** The bytes of a request for a handler, cut into pieces as a peer might. */
function request(draw, handlers, peer, count) {
  const name = `${draw.below(handlers)}-${peer}-${count}`;
  if (draw.chance(3)) return [draw.of(BAD)];
  const kind = draw.weighted([[8, 'GET'], [7, 'length'], [5, 'chunked'], [2, 'HEAD'], [1, 'upgrade'], [1, 'CONNECT'], [2, 'expect'], [1, 'DELETE'], [1, 'short']]);
  const method = { length: 'POST', chunked: 'POST', expect: 'POST', upgrade: 'GET', short: 'POST' }[kind] ?? kind;
  const version = draw.chance(8) ? '1.0' : '1.1';
  const lines = [`${method} ${kind === 'CONNECT' ? `${name}:80` : `/${name}`} HTTP/${version}`, 'Host: a'];
  if (draw.chance(12)) lines.push(`Connection: ${draw.of(['close', 'keep-alive'])}`);
  if (kind === 'upgrade') lines.push('Connection: Upgrade', 'Upgrade: echo');
  if (kind === 'expect') lines.push(`Expect: ${draw.chance(80) ? '100-continue' : 'wonders'}`);
  const body = 'body!'.repeat(draw.weighted([[4, 1], [3, 4], [1, 0], [1, 400], [1, 5000]]));
  let rest = '';
  if (kind === 'chunked') {
    lines.push('Transfer-Encoding: chunked');
    rest = chunked(draw, body);
  } else if (['length', 'expect', 'short'].includes(kind)) {
    lines.push(`Content-Length: ${body.length + (kind === 'short' ? 10 : 0)}`);
    rest = body;
  } else if (kind === 'CONNECT' || kind === 'upgrade') rest = draw.chance(40) ? 'tail' : '';
  const head = `${lines.join('\r\n')}\r\n\r\n`;
  const style = draw.below(10);
  if (style < 4 || (rest === '' && style < 8)) return [head + rest];
  if (style < 7) return [head, rest];
  const whole = head + rest;
  const cuts = draw.some(1, 3, () => draw.below(whole.length)).sort((a, b) => a - b);
  return [0, ...cuts].map((from, n) => whole.slice(from, cuts[n] ?? whole.length));
}

function peerScript(draw, peer, handlers) {
  const script = [];
  if (draw.chance(10)) script.push(['connect', peer, { allowHalfOpen: true }]);
  if (draw.chance(6)) script.push(['on-data', peer, draw.of(['destroy', 'reset', 'end', 'pause'])]);
  const count = draw.weighted([[5, 1], [4, 2], [2, 3]]);
  let waiting = '';
  const pipelined = draw.chance(35);
  for (let n = 0; n < count; n += 1) {
    const pieces = request(draw, handlers, peer, n + 1);
    pieces[0] = waiting + pieces[0];
    waiting = pipelined && n + 1 < count ? pieces.pop() : '';
    for (const piece of pieces) {
      script.push(['send', peer, piece]);
      if (draw.chance(3)) script.push([draw.of(['end', 'destroy', 'reset']), peer]);
    }
  }
  if (draw.chance(6)) script.push(['pause', peer], ['resume', peer]);
  if (draw.chance(60)) script.push([draw.weighted([[4, 'end'], [4, 'destroy'], [3, 'reset']]), peer]);
  return script;
}

function interleaved(draw, scripts) {
  const all = [];
  const left = scripts.filter((script) => script.length > 0);
  while (left.length > 0) {
    const n = draw.below(left.length);
    all.push(left[n].shift());
    if (left[n].length === 0) left.splice(n, 1);
  }
  return all;
}

function socketSteps(draw) { return draw.some(0, 2, () => draw.weighted([[3, ['look', 'sock']], [2, ['sock.destroy']], [3, ['sock.end', 'HTTP/1.1 400 Bad Request\r\n\r\n']], [1, ['sock.write', 'hello']], [3, (one) => ['on', 'sock', one.weighted(EVENTS.sock), 'on', []]]])); }

function listeners(draw) {
  const listen = {};
  if (draw.chance(15)) listen.clientError = socketSteps(draw);
  if (draw.chance(12)) listen.upgrade = socketSteps(draw);
  if (draw.chance(10)) listen.connect = socketSteps(draw);
  if (draw.chance(10)) listen.checkContinue = handler(draw);
  if (draw.chance(5)) listen.checkExpectation = handler(draw);
  if (draw.chance(10)) listen.connection = draw.some(0, 2, () => draw.weighted([[3, ['look', 'sock']], [3, (one) => ['on', 'sock', one.weighted(EVENTS.sock), 'on', []]], [1, (one) => ['wrap', 'sock', one.of(['write', 'end', 'destroy', 'pause', 'resume'])]]]));
  if (draw.chance(10)) listen.close = [];
  return listen;
}

function options(draw) {
  const chosen = {};
  if (draw.chance(2)) Object.assign(chosen, { connectionsCheckingInterval: 20, headersTimeout: SHORT - 30, requestTimeout: SHORT });
  if (draw.chance(5)) chosen.highWaterMark = draw.of([1, 1000, 100000]);
  if (draw.chance(4)) chosen.keepAliveTimeout = draw.of([0, 100000]);
  if (draw.chance(4)) chosen.requireHostHeader = false;
  if (draw.chance(4)) chosen.insecureHTTPParser = true;
  if (draw.chance(4)) chosen.rejectNonStandardBodyWrites = true;
  if (draw.chance(4)) chosen.maxHeaderSize = 100;
  if (draw.chance(4)) chosen.joinDuplicateHeaders = true;
  return chosen;
}

/** @param {number} seed @returns {object} a program of kind 'server' */
function generateServer(seed) {
  const draw = new Draw(seed);
  const handlers = draw.some(1, 2, handler);
  const peers = draw.chance(15) ? 2 : 1;
  const script = interleaved(draw, Array.from({ length: peers }, (_, peer) => peerScript(draw, peer, handlers.length)));
  if (draw.chance(6)) script.splice(draw.below(script.length + 1), 0, ['server', draw.of(['close', 'closeIdleConnections', 'closeAllConnections'])]);
  const props = draw.chance(4) ? { maxRequestsPerSocket: draw.of([1, 2]) } : draw.chance(3) ? { maxHeadersCount: 1 } : {};
  // Time for the timers that are set.
  const chosen = options(draw);
  if (chosen.headersTimeout !== undefined || JSON.stringify(handlers).includes(`setTimeout",${SHORT}`)) script.splice(1 + draw.below(script.length), 0, ['sleep', WAIT]);
  return { kind: 'server', options: chosen, props, handlers, listen: listeners(draw), script, final: draw.chance(60) };
}

module.exports = { generateServer };
