'use strict';

// Random client programs: requests on an agent, and a raw peer that may answer them.

const { WAYS } = require('./agents');
const { Draw, bodyArguments, error, field, fields, WHEN } = require('./draw');

const EVENTS = {
  req: [[4, 'response'], [5, 'error'], [5, 'close'], [3, 'finish'], [2, 'abort'], [3, 'socket'], [1, 'drain'], [1, 'timeout'], [2, 'information'], [1, 'continue'], [1, 'upgrade'], [1, 'connect'], [1, 'prefinish']],
  res: [[5, 'data'], [6, 'end'], [5, 'close'], [4, 'error'], [4, 'aborted'], [2, 'readable'], [1, 'pause'], [1, 'resume']],
  sock: [[3, 'close'], [2, 'error'], [2, 'end'], [1, 'connect'], [1, 'free'], [1, 'agentRemove'], [1, 'data'], [1, 'timeout'], [1, 'secureConnect']],
  agent: [[1, 'free']],
};

// A time in milliseconds that passes while the program waits for it, and not before.
const SHORT = 100;
const WAIT = 160;

// Events for which async listeners are useful.
const ASYNC = { req: ['response', 'close', 'socket', 'finish', 'error', 'information', 'abort', 'drain'], res: ['data', 'end', 'close', 'readable', 'aborted'], sock: ['close', 'free', 'connect', 'data', 'end'], agent: ['free'] };

const onAsync = (draw, name, make) => ['on-async', name, draw.of(ASYNC[name]), draw.chance(40) ? make(draw) : [], 'late'];

const inner = (depth, make) => (draw) => (depth > 0 ? draw.some(1, 3, () => make(draw, depth - 1)) : []);

// Steps that need no response.
function onRequest(draw, depth) {
  return draw.weighted([
    [12, () => {
      const name = draw.weighted([[8, 'req'], [1, 'sock'], [1, 'agent']]);
      const event = draw.weighted(EVENTS[name]);
      const then = depth > 0 && draw.chance(40) ? inner(depth, event === 'response' ? onResponse : onRequest)(draw) : [];
      return ['on', name, event, draw.of(['on', 'on', 'once', 'prepend']), then];
    }],
    [1, () => onAsync(draw, draw.weighted([[6, 'req'], [1, 'sock'], [1, 'agent']]), inner(depth, onRequest))],
    [6, () => ['req.write', ...bodyArguments(draw, inner(depth, onRequest), 0)]],
    [6, () => ['req.end', ...bodyArguments(draw, inner(depth, onRequest), 50)]],
    [3, () => [draw.of(['req.destroy', 'req.destroy', 'sock.destroy']), ...error(draw)]],
    [2, ['req.abort']],
    [2, ['abort']],
    [2, ['req.flushHeaders']],
    [2, () => ['req.setHeader', ...field(draw)]],
    [1, () => [draw.of(['req.removeHeader', 'req.getHeader', 'req.hasHeader']), field(draw)[0]]],
    [1, () => [draw.of(['req.getHeaders', 'req.getHeaderNames', 'req.getRawHeaderNames'])]],
    [1, () => [draw.of(['req.cork', 'req.uncork'])]],
    [1, ['req.addTrailers', { 'X-T': '1' }]],
    [1, () => ['req.setTimeout', draw.of([0, 100000])]],
    [1, () => ['req.setTimeout', SHORT, ...(draw.chance(60) ? [{ callback: inner(depth, onRequest)(draw) }] : [])]],
    [1, () => [draw.of(['req.setNoDelay', 'req.setSocketKeepAlive'])]],
    [1, () => ['pipe-out', draw.of(['pipe', 'pipeline', 'late', 'failing']), draw.of([0, 1, 3]), draw.of([1, 1000, 20000]), 'req']],
    [1, ['finished', 'req']],
    [1, () => ['wrap', 'req', draw.of(['write', 'end', 'destroy', 'emit', 'onSocket'])]],
    [1, () => ['wrap', 'sock', draw.of(['write', 'end', 'destroy', 'pause', 'resume', 'setTimeout'])]],
    [1, () => ['sock.' + draw.of(['pause', 'resume', 'ref', 'unref', 'setNoDelay', 'end'])]],
    [1, ['throw', 'oops']],
    [1, () => ['req.removeAllListeners', draw.of(['error', 'response', 'close', 'socket'])]],
    [5, () => ['look', draw.weighted([[4, 'req'], [1, 'sock'], [1, 'agent']])]],
    [depth > 0 ? 9 : 0, () => ['later', draw.of(WHEN), inner(depth, onRequest)(draw)]],
  ]);
}

// Steps of a listener of 'response'.
function onResponse(draw, depth) {
  return draw.weighted([
    [14, () => {
      const name = draw.weighted([[8, 'res'], [2, 'req'], [1, 'sock']]);
      return ['on', name, draw.weighted(EVENTS[name]), draw.of(['on', 'on', 'once']), depth > 0 && draw.chance(30) ? inner(depth, onResponse)(draw) : []];
    }],
    [1, () => onAsync(draw, draw.weighted([[6, 'res'], [1, 'req'], [1, 'sock']]), inner(depth, onResponse))],
    [6, ['res.resume']],
    [1, ['res.pause']],
    [1, () => ['res.read', ...(draw.chance(50) ? [draw.of([0, 1, 5])] : [])]],
    [1, () => ['res.setEncoding', draw.of(['utf8', 'latin1', 'hex'])]],
    [3, () => [draw.of(['res.destroy', 'res.destroy', 'req.destroy', 'sock.destroy']), ...error(draw)]],
    [1, ['req.abort']],
    [1, ['abort']],
    [4, () => ['pipe-in', draw.of(['pipe', 'pipeline', 'iterate', 'iterate-break']), 'res']],
    [2, () => ['finished', draw.of(['res', 'req'])]],
    [2, () => ['req.end', ...bodyArguments(draw, inner(0, onResponse), 60)]],
    [1, () => ['req.write', ...bodyArguments(draw, inner(0, onResponse), 0)]],
    [1, () => ['wrap', 'res', draw.of(['destroy', 'emit', 'pause', 'resume', 'read'])]],
    [1, ['throw', 'oops']],
    [1, () => ['res.setTimeout', 100000]],
    [5, () => ['look', draw.weighted([[3, 'res'], [2, 'req'], [1, 'sock'], [1, 'agent']])]],
    [depth > 0 ? 8 : 0, () => ['later', draw.of(WHEN), inner(depth, onResponse)(draw)]],
  ]);
}

function requestOptions(draw) {
  const options = { agent: draw.weighted([[7, 'own'], [3, 'none'], [1, 'global']]) };
  const method = draw.weighted([[5, 'GET'], [5, 'POST'], [1, 'HEAD'], [1, 'CONNECT'], [1, 'DELETE'], [1, 'PUT']]);
  if (method !== 'GET') options.method = method;
  options.path = method === 'CONNECT' ? 'a.example:80' : draw.weighted([[10, '/'], [1, '/a?b=c'], [1, '/bad path']]);
  if (draw.chance(25)) options.headers = fields(draw);
  if (draw.chance(6)) options.headers = { ...options.headers, Expect: '100-continue' };
  if (draw.chance(4)) options.headers = { Connection: 'Upgrade', Upgrade: 'echo' };
  if (draw.chance(10)) options.signal = true;
  if (draw.chance(4)) options.to = 'refused';
  if (draw.chance(8)) options.timeout = draw.of([SHORT, 100000, 100000]);
  if (draw.chance(4)) options.setHost = false;
  if (draw.chance(4)) options.joinDuplicateHeaders = true;
  if (draw.chance(4)) options.maxHeaderSize = 60;
  if (draw.chance(4)) options.insecureHTTPParser = true;
  if (draw.chance(5)) options.connection = draw.of(WAYS);
  if (draw.chance(30)) options.callback = responseSteps(draw);
  return options;
}

// Most programs take the body.
function responseSteps(draw) {
  const list = [...draw.some(0, 3, () => ['on', 'res', draw.weighted(EVENTS.res), 'on', draw.chance(20) ? inner(1, onResponse)(draw) : []]), ...draw.some(0, 2, () => onResponse(draw, 1))];
  if (draw.chance(60)) list.push(draw.weighted([[3, ['res.resume']], [2, ['on', 'res', 'data', 'on', []]], [1, ['pipe-in', 'iterate', 'res']]]));
  return list;
}

function request(draw, id) {
  const options = requestOptions(draw);
  const list = [...draw.some(0, 3, () => ['on', 'req', draw.weighted(EVENTS.req), 'on', []]), ...draw.some(0, 4, () => onRequest(draw, 2))];
  if (draw.chance(60)) list.unshift(['on', 'req', 'error', 'on', []]);
  if (options.connection !== undefined && draw.chance(50)) delete options.agent;
  if (options.callback === undefined && draw.chance(75)) list.unshift(['on', 'req', 'response', 'on', responseSteps(draw)]);
  if (draw.chance(80)) list.push(draw.chance(75) ? ['req.end', ...bodyArguments(draw, inner(0, onRequest), 70)] : ['later', draw.of(WHEN), [['req.end']]]);
  return ['request', id, options, list];
}

/** The bytes of an answer, in pieces. */
function answer(draw) {
  const kind = draw.weighted([[5, 'length'], [4, 'chunked'], [2, 'none'], [2, 'close'], [1, 'bad'], [1, 'short'], [1, 'upgrade'], [1, 'connect'], [1, 'empty']]);
  const informational = draw.chance(8) ? draw.of(['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\n']) : '';
  if (kind === 'bad') return [draw.of(['nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\nbad header\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'HTTP/1.1 99999 OK\r\n\r\n'])];
  const body = 'answer'.repeat(draw.weighted([[4, 1], [3, 4], [1, 300], [1, 10000]]));
  const status = draw.weighted([[12, '200 OK'], [1, '404 Not Found'], [1, '500 Oops'], [1, '302 Found']]);
  const lines = [{ upgrade: 'HTTP/1.1 101 Switching Protocols', none: 'HTTP/1.1 204 No Content' }[kind] ?? `HTTP/${draw.chance(6) ? '1.0' : '1.1'} ${status}`];
  let rest = '';
  if (kind === 'upgrade') lines.push('Connection: Upgrade', 'Upgrade: echo');
  if (kind === 'length' || kind === 'short') lines.push(`Content-Length: ${body.length + (kind === 'short' ? 10 : 0)}`);
  if (kind === 'empty') lines.push('Content-Length: 0');
  if (draw.chance(10)) lines.push(`Connection: ${draw.of(['close', 'keep-alive'])}`);
  if (draw.chance(5)) lines.push(`Keep-Alive: timeout=${draw.of([1, 5, 100])}`);
  if (draw.chance(5)) lines.push('Set-Cookie: a=1', 'Set-Cookie: b=2');
  if (kind === 'chunked') {
    lines.push('Transfer-Encoding: chunked');
    const cut = 1 + draw.below(body.length);
    rest = [body.slice(0, cut), body.slice(cut)].filter((part) => part !== '').map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
    rest += `0\r\n${draw.chance(20) ? 'X-Trailer: t\r\n' : ''}\r\n`;
  } else if (['length', 'short', 'close'].includes(kind)) rest = body;
  else if (kind === 'upgrade' || kind === 'connect') rest = draw.chance(40) ? 'tail' : '';
  const head = `${informational}${lines.join('\r\n')}\r\n\r\n`;
  const style = draw.below(10);
  if (style < 5 || (rest === '' && style < 8)) return [head + rest];
  if (style < 8) return [head, rest];
  const whole = head + rest;
  const cut = draw.below(whole.length);
  return [whole.slice(0, cut), whole.slice(cut)];
}

function answers(draw, connection) {
  const script = [];
  const act = (...args) => script.push(['answer', connection, ...args]);
  if (draw.chance(5)) act(draw.of(['pause', 'end', 'destroy', 'reset']));
  const pieces = draw.chance(90) ? answer(draw) : [];
  for (const [n, piece] of pieces.entries()) {
    act('send', piece, ...(n + 1 === pieces.length ? ['last'] : []));
    if (draw.chance(6)) act(draw.of(['end', 'destroy', 'reset']));
  }
  if (draw.chance(25)) act(draw.weighted([[4, 'end'], [2, 'destroy'], [2, 'reset']]));
  return script;
}

function agentOptions(draw) {
  const options = {};
  if (draw.chance(60)) options.keepAlive = true;
  if (draw.chance(35)) options.maxSockets = draw.of([1, 1, 2]);
  if (draw.chance(10)) options.maxFreeSockets = draw.of([1, 2]);
  if (draw.chance(8)) options.maxTotalSockets = draw.of([1, 2]);
  if (draw.chance(8)) options.scheduling = draw.of(['fifo', 'lifo']);
  if (draw.chance(8)) options.timeout = draw.of([SHORT, 100000, 100000]);
  return options;
}

/** @param {number} seed @returns {object} a program of kind 'client' */
function generateClient(seed) {
  const draw = new Draw(seed);
  const agent = agentOptions(draw);
  const script = [];
  let id = 0;
  // The first request of a connection and later ones are two cases.
  const isWarm = agent.keepAlive && draw.chance(50);
  if (isWarm) script.push(['do', [['request', id += 1, { agent: 'own', callback: [['res.resume']] }, [['req.end']]]]], ['answer', 0, 'send', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'last']);
  const first = id;
  const rounds = draw.weighted([[5, 1], [4, 2], [2, 3]]);
  for (let round = 0; round < rounds; round += 1) {
    const together = draw.weighted([[7, 1], [3, 2], [1, 3]]);
    const steps = Array.from({ length: together }, () => request(draw, id += 1));
    if (draw.chance(5)) steps.push([draw.of(['agent.destroy', 'look']), ...(draw.chance(50) ? [] : ['agent'])].slice(0, 2));
    script.push(['do', steps]);
    // Each connection so far may have to answer.
    for (let connection = 0; connection < Math.min(id - first, 3); connection += 1) {
      if (connection >= id - first - together || draw.chance(60)) script.push(...answers(draw, connection));
    }
  }
  // After each step there is time for its timers; otherwise the rest of the program would race with them.
  const isTimed = agent.timeout === SHORT || new RegExp(`imeout"[,:]${SHORT}\\b`).test(JSON.stringify(script));
  const program = { kind: 'client', agent, half: draw.chance(15), script: isTimed ? script.flatMap((step) => [step, ['sleep', WAIT]]) : script, final: draw.chance(60) };
  if (draw.chance(30)) program.own = draw.weighted([[2, 'async'], [3, 'watching'], [1, 'named'], [1, 'foreign'], [4, draw.of(WAYS)]]);
  if (draw.chance(15)) program.tls = true;
  if (draw.chance(20)) program.contexts = true;
  if (draw.chance(15)) program.captures = true;
  if (draw.chance(10)) program.channels = true;
  return program;
}

module.exports = { generateClient };
